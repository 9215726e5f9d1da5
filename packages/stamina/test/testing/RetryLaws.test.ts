import { describe, expect, it } from "@effect/vitest"
import { Data, Duration } from "effect"
import { RetryOn, RetryPolicy } from "effect-stamina"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { RetryTest } from "effect-stamina/testing"

class Refused extends Data.TaggedError("Refused")<{ readonly retryAfter?: string }> {}

/** What each broken law says. */
const broken = (laws: ReadonlyArray<RetryTest.Law>): ReadonlyArray<string> =>
  laws.flatMap(({ check }) => {
    try {
      check()
      return []
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      return [(error as Error).message]
    }
  })

const { defaults, make } = RetryPolicy

describe("RetryTest.laws", () => {
  describe.each<[string, RetryPolicy.RetryPolicy]>([
    ["the default policy", defaults],
    ["SqlRetry's", SqlRetry.defaults],
    ["one without jitter", make({ waitJitter: 0 })],
    ["one with jitter in percent", make({ waitJitter: "20%", overshoot: "refuse" })],
    ["one that grows fast", make({ waitExpBase: 1e9, attempts: Infinity })],
    ...RetryPolicy.shapeNames.map((backoff) =>
      [backoff, make({ backoff })] satisfies [string, RetryPolicy.RetryPolicy]
    ),
    ["a list", make({ backoff: [10, "1 minute", 5] })]
  ])("hold for %s", (_, policy) => {
    it.each(RetryTest.laws(policy))("$name", ({ check }) => expect(check).not.toThrow())
  })

  // what a function may put together
  it.each<[string, Partial<RetryPolicy.RetryPolicy>, string]>([
    [
      "an endless wait",
      { waitInitial: Duration.infinity, waitMax: Duration.infinity },
      "a finite number of at least 0: retry 1 waits NaN ms"
    ],
    [
      "a negative wait",
      { waitInitial: Duration.millis(-5), waitJitter: Duration.zero },
      "a finite number of at least 0: retry 1024 waits NaN ms"
    ],
    ["a wait that is no number", { waitExpBase: NaN }, "no wait is longer than waitMax: retry 2 waits NaN ms"],
    ["half an attempt", { attempts: 2.5 }, "no run makes more attempts than allowed: 3 attempts, of 2.5"],
    ["no attempt", { attempts: 0 }, "no run makes more attempts than allowed: 0 attempts are none"],
    [
      "a number of attempts that is none",
      { attempts: NaN },
      "no run makes more attempts than allowed: NaN attempts are none"
    ],
    [
      "no limits",
      { attempts: Infinity, timeout: Duration.infinity },
      "every run ends: it was still retrying after 2000 attempts"
    ],
    [
      "a loop that takes no time",
      { attempts: Infinity, waitMax: Duration.zero },
      "every run ends: it was still retrying after 2000 attempts in 0"
    ]
  ])("are broken by %s", (_, fields, message) => {
    expect(broken(RetryTest.laws({ ...defaults, ...fields })).join("\n")).toContain(message)
  })

  it("take promises, which are laws as well", () => {
    const policy = make({ attempts: 4, waitMax: "2 seconds" })
    const kept = RetryTest.laws(policy, { attempts: 4, wait: "2 seconds", totalWait: "3700 millis" })
    expect(kept).toHaveLength(7)
    expect(broken(kept)).toEqual([])
    expect(broken(RetryTest.laws(policy, { attempts: 3, wait: 1300, totalWait: "3699 millis" }))).toEqual([
      "a run makes at most 3 attempts: it may make 4",
      "no wait is longer than 1s 300ms: one may be 1s 400ms",
      "a run waits at most 3s 699ms in all: it may wait 3s 700ms"
    ])
  })

  it("allow what has no end where that is promised", () => {
    const endless = make({ attempts: Infinity, timeout: Duration.infinity })
    expect(broken(RetryTest.laws(endless, { attempts: Infinity }))).toEqual([])
  })

  it("refuse promises that they do not know", () => {
    expect(() => RetryTest.laws(defaults, { calls: 3 } as RetryTest.Promises)).toThrow("unknown option \"calls\"")
    expect(() => RetryTest.laws(defaults, { attempts: 0 })).toThrow("RetryTest.laws: promises.attempts must be")
  })
})

describe("RetryTest.lawsOf", () => {
  const errors = [new Refused({}), new Refused({ retryAfter: "2" }), new Refused({ retryAfter: "soon" })]

  describe.each<[string, RetryOn.AnyOn]>([
    ["a tag", "Refused"],
    ["a class", Refused],
    ["a record", { Refused: "2 seconds", Other: { backoff: "full" } }],
    ["a list", ["Other", () => true]],
    ["a made one", RetryOn.make({ Refused: { waitInitial: "1 second" } })],
    ["a hook that asks for no wait", () => -1],
    [
      "a hook with hints",
      (error: Refused) => RetryOn.atLeast(Number(error.retryAfter) > 0 ? `${Number(error.retryAfter)} seconds` : 0)
    ],
    ["a hook that looks at the attempt", (_: Refused, { num }: RetryOn.FailedAttempt) => num < 3]
  ])("hold for %s", (_, on) => {
    it.each(RetryTest.lawsOf(on, errors))("$name", ({ check }) => expect(check).not.toThrow())
  })

  it.each<[string, RetryOn.AnyOn, string]>([
    [
      "answers NaN",
      (error: Refused) => Number(error.retryAfter) * 1000,
      "on answers for every error: attempt 1, Refused"
    ],
    ["answers without an end", () => Duration.infinity, "on answers for every error: attempt 1, Refused"],
    [
      "throws",
      (error: Refused) => JSON.parse(error.retryAfter ?? "{") as boolean,
      "on answers for every error: attempt 1, Refused"
    ],
    ["throws later", (_: Refused, { num }: RetryOn.FailedAttempt) => {
      if (num > 2) throw new TypeError("no third time")
      return true
    }, "on answers for every error: attempt 3, Refused"],
    ["waits for too long", () => "1 hour", "no wait is longer than 45s: attempt 1, Refused"],
    [
      "waits for too long at last",
      (_: Refused, { num }: RetryOn.FailedAttempt) => 100 * 2 ** num,
      "no wait is longer than 45s: attempt 10, Refused"
    ],
    [
      "has a backoff that is too long",
      { Refused: { waitInitial: "2 minutes" } },
      "no wait is longer than 45s: attempt 1, Refused"
    ]
  ])("are broken by one that %s", (_, on, message) => {
    expect(broken(RetryTest.lawsOf(on, errors)).join("\n")).toContain(message)
  })

  it("are broken by one that counts", () => {
    let calls = 0
    const says = broken(RetryTest.lawsOf(() => ++calls % 3 !== 0, errors))
    expect(says.join("\n")).toContain("the same error, attempt and draw give the same decision: attempt")
  })

  it("are broken by one that writes on the error", () => {
    const on = (error: Refused) => {
      Object.assign(error, { tries: Number(Reflect.get(error, "tries") ?? 0) + 1 })
      return true
    }
    expect(broken(RetryTest.lawsOf(on, errors)).join("\n")).toContain(
      "on leaves the error as it is: attempt 1, Refused"
    )
  })

  it("are broken where a run has no end", () => {
    const policy = make({ attempts: Infinity, timeout: Duration.infinity })
    expect(broken(RetryTest.lawsOf(() => true, errors, { policy })).join("\n")).toContain("every run ends: Refused")
    expect(broken(RetryTest.lawsOf((_: Refused, { num }: RetryOn.FailedAttempt) => num < 20, errors, { policy })))
      .toEqual([])
  })

  it("take another limit for waits", () => {
    expect(broken(RetryTest.lawsOf(() => "1 hour", errors, { longestWait: "1 hour" }))).toEqual([])
    expect(broken(RetryTest.lawsOf("Refused", errors, { longestWait: "2 seconds" })).join("\n"))
      .toContain("no wait is longer than 2s: attempt 10, Refused")
  })

  it("judge errors of any kind", () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(broken(RetryTest.lawsOf((error: unknown) => typeof error === "string", [undefined, null, 0, "", proxy])))
      .toEqual([])
  })

  it("refuse what they cannot check", () => {
    expect(() => RetryTest.lawsOf("Refused", [])).toThrow("RetryTest.lawsOf: errors must be a non-empty array")
    expect(() => RetryTest.lawsOf([], errors)).toThrow("RetryTest.lawsOf: on must be a tag")
    expect(() => RetryTest.lawsOf("Refused", errors, { limit: 3 } as RetryTest.LawsOfOptions)).toThrow(
      "unknown option \"limit\""
    )
  })
})
