import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Decision, RetryOn, RetryPolicy, Stamina } from "effect-stamina"
import { unlogged } from "../kit/unlogged.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

class HttpError extends Error {}

describe("RetryOn.make", () => {
  const http = Object.assign(new HttpError("503"), { _tag: "HttpError" })

  it("matches tags, and errors without one never", () => {
    expect(RetryOn.make("HttpError")(http)).toBe(true)
    expect(RetryOn.make("Other")(http)).toBe(false)
    for (const error of [undefined, null, 7, "HttpError", {}, new Error("HttpError"), Symbol("x")]) {
      expect(RetryOn.make("HttpError")(error)).toBe(false)
      expect(RetryOn.make({ undefined: true })(error)).toBe(false)
    }
  })

  it("matches classes by instanceof: built-in, abstract and written as functions", () => {
    function Old(this: object) {}
    Old.prototype = Object.create(Error.prototype)
    abstract class Base extends Error {}
    class Concrete extends Base {}
    expect(RetryOn.make(Error)(http)).toBe(true)
    expect(RetryOn.make(TypeError)(http)).toBe(false)
    expect(RetryOn.make(Base)(new Concrete())).toBe(true)
    expect(RetryOn.make(Old as unknown as typeof Error)(Object.create(Old.prototype))).toBe(true)
    expect(RetryOn.make(Old as unknown as typeof Error)(http)).toBe(false)
  })

  it("takes arrays that mix both", () => {
    const judge = RetryOn.make(["Other", HttpError])
    expect(judge(http)).toBe(true)
    expect(judge({ _tag: "Other" })).toBe(true)
    expect(judge({ _tag: "Third" })).toBe(false)
  })

  it("reads records: what is not named, or undefined, is not retried", () => {
    const judge = RetryOn.make({
      Yes: true,
      No: false,
      Fixed: "2 seconds",
      Zero: 0,
      Asked: (error: { readonly after: number }) => error.after,
      Unset: undefined
    })
    expect(judge({ _tag: "Yes" })).toBe(true)
    expect(judge({ _tag: "No" })).toBe(false)
    expect(judge({ _tag: "Fixed" })).toBe(2000)
    expect(judge({ _tag: "Zero" })).toBe(0)
    expect(judge({ _tag: "Asked", after: 70 })).toBe(70)
    expect(judge({ _tag: "Unset" })).toBe(false)
    expect(judge({ _tag: "toString" })).toBe(false)
    expect(judge({ _tag: "__proto__" })).toBe(false)
  })

  it("hands a hook the error itself, and reads a negative answer as at once", () => {
    const seen: Array<unknown> = []
    const judge = RetryOn.make((error: HttpError) => {
      seen.push(error)
      return -5
    })
    expect(judge(http)).toBe(0)
    expect(seen[0]).toBe(http)
    expect(RetryOn.make(() => Duration.negativeInfinity)).toThrow(RangeError)
  })

  it("takes hints as they are, but for those that ask for nothing", () => {
    const hint = RetryOn.atLeast("2 seconds", "10 seconds")
    expect(RetryOn.make({ Busy: hint })({ _tag: "Busy" })).toEqual(hint)
    expect(RetryOn.make(() => hint)(http)).toEqual(hint)
    expect(RetryOn.make({ Busy: RetryOn.atLeast(0) })({ _tag: "Busy" })).toBe(true)
    expect(RetryOn.make(() => RetryOn.atLeast(-5))(http)).toBe(true)
  })
})

describe("a backoff of its own, for one tag", () => {
  it("is what was said, in milliseconds, and nothing else", () => {
    const verdict = RetryOn.make({
      Busy: { waitInitial: "2 seconds", backoff: "full", waitMax: undefined },
      Slow: { backoff: ["1 second"], waitJitter: 0, waitExpBase: 3, waitMax: 900 },
      Down: true
    })
    expect(verdict({ _tag: "Busy" })).toEqual({ _tag: "Backoff", backoff: { shape: "full", initial: 2000 } })
    expect(verdict({ _tag: "Slow" })).toEqual({
      _tag: "Backoff",
      backoff: { shape: [1000], jitter: 0, base: 3, max: 900 }
    })
    expect(verdict({ _tag: "Down" })).toBe(true)
  })

  it("is the run's backoff in what is left out", () => {
    const plan = Decision.fromPolicy(
      RetryPolicy.make({ backoff: "equal", waitInitial: 8, waitMax: 700, waitExpBase: 3 })
    )
    const waitOf = (own: RetryOn.BackoffOptions, attempt: number) => {
      const verdict = RetryOn.make({ Busy: own })({ _tag: "Busy" })
      const decision = Decision.decide(plan, { attempt, elapsed: 0, verdict }, () => 0.5)
      return decision._tag === "Retry" ? decision.wait : undefined
    }
    expect(waitOf({ waitMax: 900 }, 9)).toBe(675)
    expect(waitOf({ waitInitial: 100 }, 2)).toBe(225)
    expect(waitOf({ backoff: [1, 2], waitJitter: 0 }, 2)).toBe(2)
    expect(waitOf({ waitInitial: undefined, waitMax: undefined }, 2)).toBe(18)
  })

  it("is waited for, beside the others, by what takes the record", () => {
    const time = new VirtualTime([0])
    const errors = ["Busy", "Down", "Busy"]
    Effect.runSync(
      Effect.suspend(() => Effect.fail({ _tag: errors.shift() ?? "Other" })).pipe(
        Stamina.retry({ on: { Busy: { waitInitial: "2 seconds" }, Down: true }, waitMax: "6 seconds", waitJitter: 0 }),
        Effect.ignore,
        unlogged,
        time.provide
      )
    )
    expect(time.sleeps).toEqual([2000, 200, 6000])
  })

  it("is not cut short by a waitMax that nobody said, and is by one of the options or of the defaults around", () => {
    const sleeps = (options: RetryPolicy.Input, around: RetryPolicy.Input = {}) => {
      const time = new VirtualTime([0])
      Effect.runSync(
        Effect.fail({ _tag: "Busy" } as const).pipe(
          Stamina.retry({ on: { Busy: { backoff: ["1 minute"] } }, timeout: "1 hour", attempts: 2, ...options }),
          Effect.ignore,
          Effect.provide(Stamina.layerDefaults(around)),
          unlogged,
          time.provide
        )
      )
      return time.sleeps
    }
    expect(sleeps({})).toEqual([60_000])
    expect(sleeps({ waitInitial: "10 seconds" })).toEqual([60_000])
    expect(sleeps({ waitMax: "7 seconds" })).toEqual([7000])
    expect(sleeps({}, { waitMax: "7 seconds" })).toEqual([7000])
    expect(sleeps({ ...RetryPolicy.defaults, attempts: 2 })).toEqual([5000])
    expect(sleeps({}, { waitInitial: "7 seconds" })).toEqual([60_000])
  })

  it("takes a percentage for its jitter", () => {
    expect(RetryOn.make({ Busy: { waitJitter: "20%" } })({ _tag: "Busy" })).toEqual({
      _tag: "Backoff",
      backoff: { jitter: 0, spread: 0.2 }
    })
  })
})

describe("RetryOn.atLeast", () => {
  it("is a wait with its limit, in milliseconds, by default a minute", () => {
    expect(RetryOn.atLeast("7 seconds")).toEqual({ _tag: "Hint", wait: 7000, max: 60_000 })
    expect(RetryOn.atLeast(250, "2 minutes")).toEqual({ _tag: "Hint", wait: 250, max: 120_000 })
    expect(RetryOn.atLeast(250, Duration.infinity)).toEqual({ _tag: "Hint", wait: 250, max: Infinity })
    expect(RetryOn.atLeast(250, 0)).toEqual({ _tag: "Hint", wait: 250, max: 0 })
    expect(RetryOn.atLeast(-250)).toEqual({ _tag: "Hint", wait: 0, max: 60_000 })
  })

  it.each([NaN, Infinity, -Infinity, "soon", Duration.infinity, null, {}, undefined])(
    "refuses a wait of %s",
    (wait) => {
      expect(() => RetryOn.atLeast(wait as number)).toThrow(/^RetryOn\.atLeast: wait must be a finite duration, got /)
    }
  )

  it.each([NaN, -1, -Infinity, "soon", null, {}])("refuses to grant at most %s", (atMost) => {
    expect(() => RetryOn.atLeast(1, atMost as number)).toThrow(
      /^RetryOn\.atLeast: atMost must be a duration >= 0 or Duration\.infinity, got /
    )
  })
})
