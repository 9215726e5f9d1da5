import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"

const { make, preview } = RetryPolicy

const millis = (policy: RetryPolicy.RetryPolicy, options?: RetryPolicy.PreviewOptions) =>
  preview(policy, options).map(({ longest, retryNum, shortest, startsFrom, startsTo }) => [
    retryNum,
    ...[shortest, longest, startsFrom, startsTo].map(Duration.toMillis)
  ])

describe("RetryPolicy.preview", () => {
  it("shows the shortest and longest wait of each retry, and when it begins", () => {
    assert.deepStrictEqual(millis(make({ attempts: 4 })), [
      [1, 100, 1100, 100, 1100],
      [2, 200, 1200, 300, 2300],
      [3, 400, 1400, 700, 3700]
    ])
  })

  it("counts how long attempts take", () => {
    assert.deepStrictEqual(millis(make({ attempts: 3, waitJitter: 0 }), { latency: 50 }), [
      [1, 100, 100, 150, 150],
      [2, 200, 200, 400, 400]
    ])
  })

  it("ends where the timeout does, after a wait that began before it", () => {
    const policy = { waitJitter: 0, waitInitial: 100, backoff: "constant" } as const
    assert.deepStrictEqual(millis(make({ ...policy, timeout: 200 })).map(([, , , from]) => from), [100, 200])
    assert.deepStrictEqual(millis(make({ ...policy, timeout: 200, overshoot: "refuse" })).map(([, , , from]) => from), [
      100
    ])
    assert.deepStrictEqual(millis(make({ ...policy, timeout: 200 }), { latency: 100 }).length, 1)
  })

  it("lets no retry begin later than the timeout allows", () => {
    const late = (overshoot: "allow" | "refuse") => millis(make({ timeout: 2000, overshoot })).map(([, , , , to]) => to)
    assert.deepStrictEqual(late("allow"), [1100, 2300, 3400, 3800, 4600])
    assert.deepStrictEqual(late("refuse"), [1100, 2000, 2000, 2000])
  })

  it("lists as many retries as are asked for, by default 20, and none of one attempt", () => {
    const forever = make({ attempts: Infinity, timeout: Duration.infinity })
    assert.lengthOf(preview(forever), 20)
    assert.lengthOf(preview(forever, { retries: 3 }), 3)
    assert.isEmpty(preview(make({ attempts: 1 })))
  })

  it.each([
    [{ retries: 0 }, "retries must be an integer >= 1 and <= 100000, got 0"],
    [{ latency: -1 }, "latency must be a finite duration >= 0"],
    [{ attempts: 1 }, "unknown option \"attempts\""]
  ])("refuses %j", (options, message) => {
    assert.throws(
      () => preview(make(), options as RetryPolicy.PreviewOptions),
      RangeError,
      `RetryPolicy.preview: ${message}`
    )
  })
})
