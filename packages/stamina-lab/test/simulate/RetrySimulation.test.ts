import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import type { Budget } from "effect-stamina/PaperRun"
import * as distribution from "../../src/tools/distribution.ts"
import { durations } from "../kit/convolution.ts"

const { make } = RetryPolicy
const { outlast, run, samples } = RetrySimulation

const policies: Readonly<Record<string, RetryPolicy.RetryPolicy>> = {
  "the default": make(),
  "full": make({ backoff: "full" }),
  "equal, unlimited for 5 minutes": make({
    attempts: Infinity,
    timeout: "300 seconds",
    waitMax: "30 seconds",
    backoff: "equal"
  }),
  "constant": make({ backoff: "constant", waitInitial: 1000, waitJitter: 300 }),
  "a list": make({ backoff: [100, 2000, 4500], waitJitter: 900 })
}

describe("RetrySimulation.run", () => {
  it.each(Object.entries(policies))("is within 1 % of the exact quantiles of %s", (_, policy) => {
    const exact = durations(policy, 50, 5)
    const { duration } = run(policy, { latency: 50 })
    for (const q of [0.1, 0.5, 0.9, 0.99]) {
      assert.closeTo(duration.quantile(q) / exact.quantile(q), 1, 0.01, `quantile ${q}`)
    }
  })

  it("is within a point of the exact number of attempts", () => {
    const policy = make({ attempts: 50 })
    const exact = durations(policy, 50, 5)
    const { attempts } = run(policy, { latency: 50 })
    exact.attempts.forEach((share, number) => {
      assert.closeTo(attempts.shareBelow(number + 1) - attempts.shareBelow(number), share, 0.01, `${number} attempts`)
    })
  })

  it("stays within the bounds of the policy", () => {
    for (const policy of Object.values(policies)) {
      const { attempts, totalWait } = RetryPolicy.bounds(policy)
      const simulated = run(policy)
      assert.isAtMost(simulated.attempts.max, attempts)
      assert.isAtMost(simulated.totalWait.max, Duration.toMillis(totalWait))
    }
  })

  it("is the same for the same seed, and another for another", () => {
    const means = [1, 1, 2].map((seed) => run(make(), { seed, runs: 100 }).totalWait.mean)
    assert.strictEqual(means[0], means[1])
    assert.notStrictEqual(means[0], means[2])
  })

  it("counts why runs end", () => {
    const policy = make({ attempts: 3 })
    assert.deepStrictEqual(run(policy, { runs: 10 }).reasons, { AttemptsExhausted: 10 })
    assert.deepStrictEqual(run(policy, { runs: 10, latency: "45 seconds" }).reasons, { TimeoutReached: 10 })
    assert.deepStrictEqual(run(policy, { runs: 10, deadline: 50 }).reasons, { WaitExceedsDeadline: 10 })
    assert.deepStrictEqual(run(policy, { runs: 10, deadline: 50, latency: 50 }).reasons, { DeadlineExceeded: 10 })
    assert.deepStrictEqual(run(policy, { runs: 10, hints: { wait: 61_000 } }).reasons, { HintTooLong: 10 })
    const chance = run(policy, { failures: { chance: 0.5 } })
    assert.closeTo(chance.succeeded / chance.runs, 1 - 0.5 ** 3, 0.01)
    assert.strictEqual(chance.succeeded + chance.reasons.AttemptsExhausted!, chance.runs)
  })

  it("knows when an outage is over", () => {
    const policy = make({ attempts: 3, waitJitter: 0 }) // attempts begin at 0, 100 and 300
    assert.strictEqual(run(policy, { failures: { outage: 300 }, runs: 1 }).succeeded, 1)
    assert.strictEqual(run(policy, { failures: { outage: 301 }, runs: 1 }).succeeded, 0)
    assert.strictEqual(run(policy, { failures: { outage: 0 }, runs: 1 }).attempts.max, 1)
  })

  it("retries attempts that take too long, without a hint", () => {
    const [sample] = samples(make({ attempts: 2, waitJitter: 0 }), {
      attemptTimeout: 10,
      failures: { outage: 0 },
      hints: { wait: 5000 },
      latency: 20,
      runs: 1
    })
    assert.deepStrictEqual(sample, {
      attempts: [{ begins: 0, took: 10, waitAfter: 100 }, { begins: 110, took: 10, waitAfter: undefined }],
      outcome: "AttemptsExhausted",
      duration: 120
    })
  })

  it("waits as hints ask, with jitter on top, and now and then only", () => {
    const { totalWait } = run(make({ attempts: 2, waitJitter: 100 }), { hints: { wait: 5000, chance: 0.25 } })
    assert.isAtLeast(totalWait.max, 5099)
    assert.isBelow(totalWait.max, 5100)
    assert.closeTo(totalWait.shareBelow(1000), 0.75, 0.02)
  })

  it("draws latencies of the median and the 99th percentile that are asked for", () => {
    const { duration } = run(make({ attempts: 1 }), { latency: { median: 40, p99: "1 second" }, runs: 100_000 })
    assert.closeTo(duration.quantile(0.5), 40, 1)
    assert.closeTo(duration.quantile(0.99), 1000, 50)
  })

  it("has calls share a budget, one after the other", () => {
    const policy = make({ attempts: 3, waitInitial: 0, waitJitter: 0 })
    const down = run(policy, { budget: { capacity: 5, refill: 0, whenEmpty: "refuse" }, runs: 10 })
    assert.deepStrictEqual(down.reasons, { AttemptsExhausted: 2, BudgetExhausted: 8 })
    // the retries that succeed put their tokens back
    const flaky = run(policy, {
      budget: { capacity: 2, refill: 0, whenEmpty: "refuse" },
      failures: { outage: 1 },
      latency: 1
    })
    assert.strictEqual(flaky.succeeded, flaky.runs)
    // a call that succeeds at once pays for a fifth of a retry
    const often = run(make({ attempts: 2 }), {
      budget: { whenEmpty: "refuse" },
      failures: { chance: 0.5 },
      runs: 100_000
    })
    assert.isAbove(often.reasons.BudgetExhausted!, 0)
  })

  it("takes a budget that somebody else has made, and tells it the time", () => {
    const log: Array<string> = []
    const budget = (): Budget => ({
      called: (now) => void log.push(`called ${now}`),
      failed: ({ attempt, hint }, now) => void log.push(`failed ${attempt} ${hint} ${now}`),
      notBefore: () => 400,
      ask: ({ retryNum }, now) => {
        log.push(`ask ${retryNum} ${now}`)
        return retryNum === 2 ? { _tag: "Refused", reason: "CircuitOpen" } : { _tag: "Granted" }
      },
      succeeded: (now) => void log.push(`succeeded ${now}`),
      unused: (now) => void log.push(`unused ${now}`)
    })
    const made = samples(make({ attempts: 9, waitJitter: 0 }), { budget, hints: { wait: 7 }, latency: 10, runs: 2 })
    assert.deepStrictEqual(made.map(({ duration, outcome }) => [outcome, duration]), [
      ["CircuitOpen", 820],
      ["CircuitOpen", 820]
    ])
    const one = (start: number) => [
      `called ${start}`,
      `failed 1 7 ${start + 10}`,
      `ask 1 ${start + 410}`,
      `failed 2 7 ${start + 420}`,
      `ask 2 ${start + 820}`
    ]
    assert.deepStrictEqual(log, [...one(0), ...one(820)])
  })

  it("leaves runs without end unfinished", () => {
    const forever = make({ attempts: Infinity, timeout: Duration.infinity, waitJitter: 0, waitMax: 100 })
    const { attempts, reasons, totalWait, unfinished } = run(forever, { runs: 3, horizon: 11 })
    assert.deepStrictEqual([unfinished, attempts.max, totalWait.max, reasons], [3, 11, 1000, {}])
    assert.strictEqual(samples(forever, { runs: 1, horizon: 2 })[0]?.outcome, "Unfinished")
    // the last attempt that is looked at may be the last of all
    assert.strictEqual(run(make({ attempts: 5 }), { horizon: 5 }).unfinished, 0)
  })

  it.each([
    [{ failures: "sometimes" }, "failures must be \"always\", { outage } or { chance }"],
    [{ failures: { chance: 2 } }, "failures.chance must be a number from 0 to 1, got 2"],
    [{ failures: { outage: -1 } }, "failures.outage must be a finite duration >= 0"],
    [{ latency: { median: 10, p99: 9 } }, "latency must be a median > 0 and a p99 that is no less"],
    [{ latency: NaN }, "latency must be a finite duration >= 0"],
    [{ hints: { wait: 1, chance: -1 } }, "hints.chance must be a number from 0 to 1, got -1"],
    [{ hints: { wait: 1, at: 2 } }, "unknown option \"at\""],
    [{ budget: { capacity: 0 } }, "capacity must be a number from 1 to"],
    [{ attemptTimeout: 0 }, "attemptTimeout must be a duration > 0"],
    [{ runs: 0 }, "runs must be an integer >= 1 and <= 10000000, got 0"],
    [{ runs: 1e12 }, "runs must be an integer >= 1 and <= 10000000, got 1000000000000"],
    [{ horizon: 1.5 }, "horizon must be an integer >= 1 and <= 10000000, got 1.5"],
    [{ seed: 0.5 }, "seed must be an integer, got 0.5"],
    [{ sede: 1 }, "unknown option \"sede\""]
  ])("refuses %j", (scenario, message) => {
    assert.throws(
      () => run(make(), scenario as RetrySimulation.Scenario),
      RangeError,
      `RetrySimulation.run: ${message}`
    )
  })
})

describe("RetrySimulation.outlast", () => {
  const shapes = { default: make(), equal: make({ backoff: "equal" }), full: make({ backoff: "full" }) }
  it.each(
    [
      ["default", [1, 1, 0.36]],
      ["equal", [1, 0.002, 0]],
      ["full", [0.65, 0, 0]]
    ] as const
  )("gives the curve of %s", (name, shares) => {
    const always = run(shapes[name], { latency: 50 })
    const curve = [10, 20, 25].map((seconds) => outlast(always, `${seconds} seconds`))
    curve.forEach((share, i) => assert.closeTo(share, shares[i]!, 0.015))
  })

  const limits: ReadonlyArray<RetrySimulation.Scenario> = [
    {},
    { attemptTimeout: 60 },
    { deadline: 20_000 },
    { attemptTimeout: 60, deadline: 20_000, hints: { wait: "2 seconds", chance: 0.3 } }
  ]
  it.each(limits)("agrees with a simulation of the outage, with %j", (limits) => {
    const scenario = { latency: { median: 50, p99: 100 }, ...limits }
    for (const policy of [make(), make({ backoff: "decorrelated" })]) {
      const always = run(policy, scenario)
      for (const outage of [100, 1000, 5000, 10_000, 20_000]) {
        const { runs, succeeded } = run(policy, { ...scenario, failures: { outage }, seed: 2 })
        assert.closeTo(outlast(always, outage), succeeded / runs, 0.02, `${outage}`)
      }
    }
  })

  it("refuses a simulation in which attempts succeeded", () => {
    const simulated = run(make(), { failures: { chance: 0.5 }, runs: 10 })
    assert.throws(
      () => outlast(simulated, 1),
      RangeError,
      "RetrySimulation.outlast: always must be a simulation in which"
    )
  })
})

describe("RetrySimulation.samples", () => {
  it("shows the runs that are counted with the same seed", () => {
    const scenario = { latency: 10, runs: 50, failures: { chance: 0.8 } }
    const made = samples(make(), scenario)
    const counted = run(make(), scenario)
    assert.strictEqual(made.filter(({ outcome }) => outcome === "Succeeded").length, counted.succeeded)
    assert.strictEqual(Math.max(...made.map(({ duration }) => duration)), counted.duration.max)
    assert.strictEqual(Math.max(...made.map(({ attempts }) => attempts.length)), counted.attempts.max)
    assert.lengthOf(samples(make()), 10)
  })
})

describe("a distribution", () => {
  const of = (...numbers: ReadonlyArray<number>) => distribution.make(Float64Array.from(numbers))

  it("gives the number that a share does not exceed", () => {
    const ten = of(...Array.from({ length: 10 }, (_, i) => 10 - i))
    assert.deepStrictEqual([0, 0.1, 0.11, 0.5, 0.7, 0.99, 1].map(ten.quantile), [1, 1, 2, 5, 7, 10, 10])
    assert.deepStrictEqual([1, 1.5, 11].map(ten.shareBelow), [0, 0.1, 1])
    assert.deepStrictEqual([ten.min, ten.max, ten.mean, ten.count], [1, 10, 5.5, 10])
  })

  it("counts each number in one part of its histogram", () => {
    assert.deepStrictEqual(of(0, 1, 1, 2, 4).histogram(2), [{ from: 0, to: 2, count: 3 }, { from: 2, to: 4, count: 2 }])
    assert.deepStrictEqual(of(3, 3).histogram(1), [{ from: 3, to: 3, count: 2 }])
  })

  it("of nothing is not a number", () => {
    assert.isNaN(of().quantile(0.5))
    assert.isNaN(of().max)
  })
})
