import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Result } from "effect"
import { RetryOn, RetryPolicy, RetrySchedule, Stamina, staminaSchedule } from "effect-stamina"

class HttpError extends Error {}

/** Everything that takes options, with the name that its errors carry. */
const functions: ReadonlyArray<readonly [string, (options: any) => unknown]> = [
  ["Stamina.retry", (options) => Stamina.retry(options)],
  ["staminaSchedule", (options) => staminaSchedule(options)],
  ["Stamina.retried", (options) => Stamina.retried(options)],
  ["Stamina.retryContext", (options) =>
    Stamina.retryContext(options, () => {
      throw new Error("never called")
    })]
]

const numbers = "an integer >= 1 or Infinity"
const timeouts = "a duration > 0 or Duration.infinity"
const waits = "a finite duration >= 0"
const bases = "a finite number >= 0"

/** [field, rule, value, value as printed] */
const bad: ReadonlyArray<readonly [string, string, unknown, string]> = [
  ["attempts", numbers, 0, "0"],
  ["attempts", numbers, -1, "-1"],
  ["attempts", numbers, 1.5, "1.5"],
  ["attempts", numbers, NaN, "NaN"],
  ["attempts", numbers, "3", "\"3\""],
  ["attempts", numbers, null, "null"],
  ["attempts", numbers, -Infinity, "-Infinity"],
  ["timeout", timeouts, 0, "0"],
  ["timeout", timeouts, "0 seconds", "\"0 seconds\""],
  ["timeout", timeouts, -1, "-1"],
  ["timeout", timeouts, NaN, "NaN"],
  ["timeout", timeouts, { seconds: NaN }, "{\"seconds\":NaN}"],
  ["timeout", timeouts, [NaN, 0], "[NaN,0]"],
  ["timeout", timeouts, null, "null"],
  ["timeout", timeouts, "soon", "\"soon\""],
  ["timeout", timeouts, {}, "{}"],
  ...["waitInitial", "waitMax", "waitJitter"].flatMap((field) =>
    [
      [field, waits, -1, "-1"],
      [field, waits, NaN, "NaN"],
      [field, waits, Infinity, "Infinity"],
      [field, waits, "10", "\"10\""],
      [field, waits, true, "true"]
    ] as const
  ),
  ["waitExpBase", bases, -0.5, "-0.5"],
  ["waitExpBase", bases, Infinity, "Infinity"],
  ["waitExpBase", bases, NaN, "NaN"],
  ["waitExpBase", bases, "2", "\"2\""],
  ["name", "a string", 7, "7"]
]

const forms = "a tag, an error class, a non-empty array of them, a non-empty record of tags, or a function"

const badOn: ReadonlyArray<readonly [unknown, string]> = [
  [undefined, `on must be ${forms}, got undefined`],
  [null, `on must be ${forms}, got null`],
  [true, `on must be ${forms}, got true`],
  [7, `on must be ${forms}, got 7`],
  ["", `on must be ${forms}, got ""`],
  [[], `on must be ${forms}, got []`],
  [{}, `on must be ${forms}, got {}`],
  [["HttpError", 7], "on must be an array of tags and error classes, got [\"HttpError\",7]"],
  [["HttpError", ""], "on must be an array of tags and error classes, got [\"HttpError\",\"\"]"],
  [[() => true], "on must be an array of tags and error classes, got "],
  [{ HttpError: NaN }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got NaN`],
  [{ HttpError: -1 }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got -1`],
  [{ HttpError: "soon" }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got "soon"`],
  [{ HttpError: null }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got null`]
]

describe.each(functions)("%s, given bad options, throws a RangeError when it is built", (caller, build) => {
  it.each(bad)("%s must be %s, got %s", (field, rule, value, printed) => {
    expect(() => build({ on: "HttpError", [field]: value }))
      .toThrow(new RangeError(`${caller}: ${field} must be ${rule}, got ${printed}`))
  })

  it.each(badOn)("on: %s", (on, message) => {
    const thrown = Result.try({ try: () => build({ on }), catch: (error) => error })
    const error = Result.isFailure(thrown) ? thrown.failure : undefined
    expect(error).toBeInstanceOf(RangeError)
    expect((error as RangeError).message.startsWith(`${caller}: ${message}`)).toBe(true)
  })

  it("an unknown option, which a spread smuggles past the compiler", () => {
    const fromConfig = { on: "HttpError", attempt: 3 }
    expect(() => build({ ...fromConfig })).toThrow(
      new RangeError(
        `${caller}: unknown option "attempt", known are on, name, nested, attempts, timeout, waitInitial, waitMax, ` +
          `waitJitter, waitExpBase, backoff, overshoot${caller === "staminaSchedule" ? "" : ", attemptTimeout, spans"}`
      )
    )
  })

  it.each([undefined, null, "HttpError", 7])("no options at all: %s", (options) => {
    expect(() => build(options)).toThrow(RangeError)
  })

  it("undefined means the default", () => {
    const options = { attempts: undefined, timeout: undefined, waitMax: undefined, name: undefined }
    expect(() => build({ on: "HttpError", ...options })).not.toThrow()
  })

  it.each([
    "HttpError",
    HttpError,
    TypeError,
    ["HttpError", HttpError],
    { HttpError: true, Other: undefined, Third: "1 second", Fourth: () => 0, Fifth: false },
    () => true
  ])("but takes every form of on: %s", (on) => {
    expect(() => build({ on })).not.toThrow()
  })
})

describe("RetryPolicy.make", () => {
  it("gives the defaults of stamina", () => {
    expect(RetryPolicy.make()).toEqual(RetryPolicy.defaults)
    expect(RetryPolicy.defaults).toEqual({
      attempts: 10,
      timeout: Duration.seconds(45),
      waitInitial: Duration.millis(100),
      waitMax: Duration.seconds(5),
      waitJitter: Duration.seconds(1),
      waitExpBase: 2,
      backoff: "additive",
      overshoot: "allow"
    })
  })

  it("takes what is given, and reads a number as milliseconds", () => {
    const policy = RetryPolicy.make({ attempts: Infinity, timeout: Duration.infinity, waitMax: 250, waitExpBase: 0 })
    expect(policy.attempts).toBe(Infinity)
    expect(policy.timeout).toEqual(Duration.infinity)
    expect(policy.waitMax).toEqual(Duration.millis(250))
    expect(policy.waitExpBase).toBe(0)
  })

  it("cannot be changed afterwards", () => {
    expect(Object.isFrozen(RetryPolicy.make())).toBe(true)
    expect(Object.isFrozen(RetryPolicy.defaults)).toBe(true)
  })

  it("spreads into options", () => {
    const policy = RetryPolicy.make({ attempts: 2, waitJitter: 0, waitInitial: 0 })
    let calls = 0
    const retry = Stamina.retry({ ...policy, on: () => true })
    Effect.runSync(
      Effect.ignore(retry(Effect.suspend(() => Effect.fail(++calls)))).pipe(
        Stamina.withTesting({ attempts: 9, cap: true })
      )
    )
    expect(calls).toBe(2)
  })

  it.each(bad.filter(([field]) => field !== "name"))(
    "refuses: %s must be %s, got %s",
    (field, rule, value, printed) => {
      expect(() => RetryPolicy.make({ [field]: value }))
        .toThrow(new RangeError(`RetryPolicy.make: ${field} must be ${rule}, got ${printed}`))
    }
  )

  it("refuses an unknown field", () => {
    expect(() => RetryPolicy.make({ on: "HttpError" } as object)).toThrow(RangeError)
  })
})

describe("the blocks", () => {
  it("refuse what is out of range, under their own names", () => {
    expect(() => RetrySchedule.backoff({ waitMax: -1 })).toThrow(/^RetrySchedule\.backoff: waitMax must be/)
    expect(() => RetrySchedule.backoff({ attempts: 3 } as object)).toThrow(/^RetrySchedule\.backoff: unknown option/)
    expect(() => RetrySchedule.limit({ attempts: 0 })).toThrow(/^RetrySchedule\.limit: attempts must be/)
    expect(() => RetrySchedule.limit({ waitMax: 0 } as object)).toThrow(/^RetrySchedule\.limit: unknown option/)
    expect(() => RetrySchedule.retryOn([])).toThrow(/^RetrySchedule\.retryOn: on must be/)
  })
})

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
})
