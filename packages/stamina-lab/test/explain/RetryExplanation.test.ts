import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"

const { make } = RetryPolicy
const { explain, text } = RetryExplanation
const forever = make({ attempts: Infinity, timeout: Duration.infinity })

describe("RetryExplanation.explain", () => {
  it("puts together what the parts say", () => {
    const context = { attemptTimeout: "1 second", deadline: "20 seconds", otherAttempts: [3] } as const
    const explanation = explain(make(), { ...context, latency: 50, runs: 500, seed: 7 })
    const always = RetrySimulation.run(make(), {
      latency: 50,
      attemptTimeout: context.attemptTimeout,
      deadline: context.deadline,
      runs: 500,
      seed: 7
    })
    assert.strictEqual(explanation.sentence, RetryPolicy.describe(make()))
    assert.deepStrictEqual(explanation.bounds, { attempts: 10, totalWait: 27_300 })
    assert.deepStrictEqual(explanation.findings, RetryLint.check(make(), context))
    assert.deepStrictEqual(explanation.givesUp?.duration, {
      min: always.duration.min,
      mean: always.duration.mean,
      p50: always.duration.quantile(0.5),
      p90: always.duration.quantile(0.9),
      p99: always.duration.quantile(0.99),
      max: always.duration.max
    })
    assert.deepStrictEqual(explanation.givesUp?.reasons, { DeadlineExceeded: 0.014, WaitExceedsDeadline: 0.986 })
    assert.deepStrictEqual(explanation.retries[0], {
      retryNum: 1,
      shortest: 100,
      longest: 1100,
      startsFrom: 150,
      startsTo: 1150
    })
    assert.deepStrictEqual(
      explanation.outlasts.map(({ outage, share }) => [outage, share]),
      [100, 1000, 5000, 10_000, 30_000, 60_000, 300_000].map((
        outage
      ) => [outage, RetrySimulation.outlast(always, outage)])
    )
  })

  it("looks at the outage in question, too", () => {
    const outages = (outage: number) => explain(make(), { outage, runs: 10 }).outlasts.map(({ outage }) => outage)
    assert.deepStrictEqual(outages(20_000), [100, 1000, 5000, 10_000, 20_000, 30_000, 60_000, 300_000])
    assert.deepStrictEqual(outages(1000), [100, 1000, 5000, 10_000, 30_000, 60_000, 300_000])
  })

  it("previews the latency that half of the attempts do not exceed", () => {
    const { retries } = explain(make(), { latency: { median: 40, p99: "1 second" }, runs: 10 })
    assert.strictEqual(retries[0]?.startsFrom, 140)
  })

  it("says of a policy without end what is known of it", () => {
    const { bounds, givesUp, outlasts } = explain(forever, { runs: 20 })
    assert.deepStrictEqual(bounds, { attempts: "unlimited", totalWait: "unlimited" })
    assert.isUndefined(givesUp)
    assert.isTrue(outlasts.every(({ share }) => share === 1))
    // a thousand attempts at once tell nothing of the next second
    const hasty = make({ attempts: Infinity, timeout: "10 seconds", waitInitial: 0, waitJitter: 0 })
    assert.deepStrictEqual(explain(hasty, { runs: 5, latency: 0.5 }).outlasts, [{ outage: 100, share: 1 }])
  })

  it.each([make(), forever, make({ attempts: 1 }), make({ timeout: 45 })])("encodes to JSON as it stands", (policy) => {
    const explanation = explain(policy, { runs: 10 })
    const json = JSON.stringify(explanation)
    assert.notInclude(json, "null")
    assert.strictEqual(JSON.stringify(JSON.parse(json)), json)
    assert.strictEqual(text(JSON.parse(json)), text(explanation))
  })

  it("refuses a bad context", () => {
    assert.throws(() => explain(make(), { outage: -1 }), RangeError, "outage must be a finite duration >= 0")
  })
})

describe("RetryExplanation.text", () => {
  it("says all of it", () => {
    const lines = text(explain(make({ attempts: 3 }), { latency: 50 })).split("\n")
    assert.deepStrictEqual(lines, [
      RetryPolicy.describe(make({ attempts: 3 })),
      "",
      "Retry 1 waits 100ms to 1.1s and begins after 150ms to 1.15s.",
      "Retry 2 waits 200ms to 1.2s and begins after 400ms to 2.4s.",
      "",
      "Where nothing recovers, it gives up after 1.45s (half of the runs), 2s (90 %), 2.31s (99 %), 2.44s (longest seen).",
      "Of outages of 100ms, it outlasts 100 %; of 1s, 82.3 %; of 5s, 0 %."
    ])
  })

  it("says what it does not know", () => {
    const lines = text(explain(forever, { runs: 10 }))
    assert.include(lines, "Where nothing recovers, it makes more than 1000 attempts.")
    assert.include(lines, "warning endless: ")
    assert.include(lines, "Try {\"timeout\":600000}.")
  })

  it("does not round a share to all or nothing", () => {
    const explanation = explain(make({ attempts: 3 }), { runs: 10 })
    const outlasts = [{ outage: 1, share: 0.999 }, { outage: 2, share: 0.001 }, { outage: 3, share: 0 }]
    assert.include(
      text({ ...explanation, outlasts }),
      "Of outages of 1ms, it outlasts 99.9 %; of 2ms, 0.1 %; of 3ms, 0 %."
    )
  })
})
