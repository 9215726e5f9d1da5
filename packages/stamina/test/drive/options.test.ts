import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Result, Stream } from "effect"
import { RetryOn, RetryPolicy, Stamina, staminaSchedule } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import * as HttpRetry from "effect-stamina/HttpRetry"
import * as RetryPromise from "effect-stamina/RetryPromise"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { unlogged } from "../kit/unlogged.ts"

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
const jitters = "a finite duration >= 0 or a percentage from 0% to 100%"
const bases = "a finite number >= 0"
const shapes = `one of ${RetryPolicy.shapeNames.join(", ")}, or a non-empty array of finite ` +
  "durations >= 0"
const overshoots = "\"allow\" or \"refuse\""

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
  ...[["waitInitial", waits], ["waitMax", waits], ["waitJitter", jitters]].flatMap(([field = "", rule = ""]) =>
    [
      [field, rule, -1, "-1"],
      [field, rule, NaN, "NaN"],
      [field, rule, Infinity, "Infinity"],
      [field, rule, "10", "\"10\""],
      [field, rule, "120%", "\"120%\""],
      [field, rule, "-5%", "\"-5%\""],
      [field, rule, true, "true"]
    ] as const
  ),
  ["waitMax", waits, "20%", "\"20%\""],
  ["waitExpBase", bases, -0.5, "-0.5"],
  ["waitExpBase", bases, Infinity, "Infinity"],
  ["waitExpBase", bases, NaN, "NaN"],
  ["waitExpBase", bases, "2", "\"2\""],
  ...[
    ["exponential", "\"exponential\""],
    ["", "\"\""],
    [null, "null"],
    [7, "7"],
    [[], "[]"],
    [["soon"], "[\"soon\"]"],
    [[100, -1], "[100,-1]"],
    [[100, Infinity], "[100,Infinity]"],
    [[NaN], "[NaN]"],
    [[["full"]], "[[\"full\"]]"]
  ].map(([value, printed]) => ["backoff", shapes, value, printed] as [string, string, unknown, string]),
  ["overshoot", overshoots, true, "true"],
  ["overshoot", overshoots, null, "null"],
  ["overshoot", overshoots, "Refuse", "\"Refuse\""],
  ["name", "a non-empty string", 7, "7"],
  ["name", "a non-empty string", "", "\"\""]
]

const forms = "a tag, an error class, a function, a record of tags, or a non-empty array of these"

const badOn: ReadonlyArray<readonly [unknown, string]> = [
  [undefined, `on must be ${forms}, got undefined`],
  [null, `on must be ${forms}, got null`],
  [true, `on must be ${forms} (for all errors: () => true), got true`],
  [7, `on must be ${forms}, got 7`],
  ["", `on must be ${forms}, got ""`],
  [[], `on must be ${forms}, got []`],
  [{}, `on must be ${forms}, got {}`],
  [
    ["HttpError", 7],
    `on must be ${forms}, got ["HttpError",7]`
  ],
  [
    ["HttpError", ""],
    `on must be ${forms}, got ["HttpError",""]`
  ],
  [[() => true, 7], `on must be ${forms}, got `],
  [{ HttpError: NaN }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got NaN`],
  [{ HttpError: -1 }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got -1`],
  [{ HttpError: "soon" }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got "soon"`],
  [{ HttpError: {} }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got {}`],
  [{ HttpError: { waitInital: 5 } }, "on.HttpError: unknown option \"waitInital\", known are backoff, "],
  [{ HttpError: { attempts: 3 } }, "on.HttpError: unknown option \"attempts\", known are backoff, "],
  [{ HttpError: { seconds: NaN } }, `on.HttpError must be ${waits}, true, false, a backoff or a function, got {`],
  [["HttpError", {}], `on must be ${forms}, got `],
  [["HttpError", { ParseError: { attempts: 3 } }], "on.ParseError: unknown option \"attempts\", known are backoff, "],
  [{ HttpError: { waitMax: 5, waitInital: 5 } }, "on.HttpError: unknown option \"waitInital\", known are backoff, "],
  [{ HttpError: { waitMax: 5, attempts: 5 } }, "on.HttpError: unknown option \"attempts\", known are backoff, "],
  [{ HttpError: { waitMax: -1 } }, `on.HttpError: waitMax must be ${waits}, got -1`],
  [{ HttpError: { backoff: "soon" } }, `on.HttpError: backoff must be ${shapes}, got "soon"`],
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
        `${caller}: unknown option "attempt", known are on, name, nested, hooks, attempts, timeout, waitInitial, waitMax, ` +
          `waitJitter, waitExpBase, backoff, overshoot${
            caller === "staminaSchedule" ? "" : ", attemptTimeout, spans, resetAfter, attemptsInAll, budget, door"
          }`
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
    { HttpError: { waitInitial: "2 seconds", backoff: "full" }, Other: { backoff: [1, 2] }, Third: RetryOn.atLeast(5) },
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

  it("takes every shape by its name, and waits as a list, which it copies", () => {
    for (const backoff of RetryPolicy.shapeNames) {
      expect(RetryPolicy.make({ backoff }).backoff).toBe(backoff)
    }
    const waits: Array<Duration.Input> = ["1 second", 250, Duration.zero]
    const policy = RetryPolicy.make({ backoff: waits, overshoot: "refuse" })
    waits.push(5)
    expect(policy.backoff).toEqual([Duration.seconds(1), Duration.millis(250), Duration.zero])
    expect(policy.overshoot).toBe("refuse")
    expect(RetryPolicy.make({ ...policy })).toEqual(policy)
  })

  it("refuses a list with gaps", () => {
    expect(() => RetryPolicy.make({ backoff: Object.assign([], { length: 3 }) })).toThrow(RangeError)
  })

  it("cannot be changed afterwards", () => {
    expect(Object.isFrozen(RetryPolicy.make())).toBe(true)
    expect(Object.isFrozen(RetryPolicy.make({ backoff: [1, 2] }).backoff)).toBe(true)
    expect(Object.isFrozen(RetryPolicy.defaults)).toBe(true)
  })

  it("spreads into options", () => {
    const policy = RetryPolicy.make({ attempts: 2, waitJitter: 0, waitInitial: 0 })
    let calls = 0
    const retry = Stamina.retry({ ...policy, on: () => true })
    Effect.runSync(
      Effect.ignore(retry(Effect.suspend(() => Effect.fail(++calls)))).pipe(
        Stamina.withTesting({ attempts: 9, cap: true }),
        unlogged
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
    expect(() => RetrySchedule.backoff({ overshoot: "allow" } as object)).toThrow(/^RetrySchedule\.backoff: unknown/)
    expect(() => RetrySchedule.backoff({ backoff: [] })).toThrow(/^RetrySchedule\.backoff: backoff must be/)
    expect(() => RetrySchedule.limit({ overshoot: "no" as "allow" })).toThrow(/^RetrySchedule\.limit: overshoot must/)
    expect(() => RetrySchedule.limit({ attempts: 0 })).toThrow(/^RetrySchedule\.limit: attempts must be/)
    expect(() => RetrySchedule.limit({ waitMax: 0 } as object)).toThrow(/^RetrySchedule\.limit: unknown option/)
    expect(() => RetrySchedule.retryOn([])).toThrow(/^RetrySchedule\.retryOn: on must be/)
  })
})

describe("durations that are objects with getters, as Temporal's are", () => {
  class Lasting {
    readonly #seconds: number
    constructor(seconds: number) {
      this.#seconds = seconds
    }
    get seconds(): number {
      return this.#seconds
    }
  }

  it("are durations", () => {
    const policy = RetryPolicy.make({ timeout: new Lasting(5), waitMax: new Lasting(2) })
    expect([policy.timeout, policy.waitMax].map(Duration.toMillis)).toEqual([5000, 2000])
    expect(RetryOn.make(() => new Lasting(3))("error")).toBe(3000)
  })
})

describe("what an object of options inherits", () => {
  it("is not read where it is no option", () => {
    const inherited = (options: object) => Object.assign(Object.create(options), { on: "A" })
    expect(() => staminaSchedule(inherited({ attemptTimeout: 0, spans: "yes" }))).not.toThrow()
    expect(() => Stamina.retry(inherited({ attemptTimeout: 0 }))).toThrow(/attemptTimeout must be/)
  })
})

describe("limits that exclude each other in the same options", () => {
  const on = "HttpError"
  /** Everything that makes attempts, with the name that its errors carry. */
  const builders: ReadonlyArray<readonly [string, (options: any) => unknown]> = [
    ...functions.filter(([name]) => name !== "staminaSchedule").map(([name, build]) =>
      [name, (options: object) => build({ ...options, on })] as const
    ),
    ["Stamina.make", (options) => Stamina.make({ ...options, on })],
    ["RetryPromise.retried", (options) => RetryPromise.retried({ ...options, on })],
    ["HttpRetry.retry", (options) => HttpRetry.retry(options)],
    ["SqlRetry.transaction", (options) => SqlRetry.transaction(options)],
    ["DurableRetry.retry", (options) => DurableRetry.retry({ ...options, on })]
  ]
  it.each(builders)("are refused by %s, which names both", (name, build) => {
    expect(() => build({ attemptTimeout: "1 minute", timeout: "45 seconds" })).toThrow(
      new RangeError(`${name}: attemptTimeout must be shorter than the timeout, "45 seconds", got "1 minute"`)
    )
    expect(() => build({ attemptTimeout: 100, timeout: 100, attempts: 2 })).toThrow(
      new RangeError(`${name}: attemptTimeout must be shorter than the timeout, 100, got 100`)
    )
    if (name === "DurableRetry.retry") return
    expect(() => build({ resetAfter: "1 minute", timeout: 30_000, attempts: Infinity })).toThrow(
      new RangeError(`${name}: resetAfter must be shorter than the timeout, 30000, got "1 minute"`)
    )
  })

  it.each(builders)("are no matter to %s where nothing is retried, or a default is one of them", (_, build) => {
    const accepted = [
      { attemptTimeout: "1 minute", timeout: "45 seconds", attempts: 1 },
      { attemptTimeout: Duration.infinity, timeout: "45 seconds" },
      { attemptTimeout: "1 minute", timeout: Duration.infinity },
      { attemptTimeout: "1 minute" }
    ]
    for (const options of accepted) expect(() => build(options)).not.toThrow()
  })

  it("are refused for a stream", () => {
    expect(() => Stamina.retryStream({ on, resetAfter: "1 minute", timeout: "1 minute" })).toThrow(
      new RangeError("Stamina.retryStream: resetAfter must be shorter than the timeout, \"1 minute\", got \"1 minute\"")
    )
  })

  it("reject a promise", async () => {
    const options = { on, attemptTimeout: "1 minute", timeout: "1 second" } as const
    await expect(RetryPromise.retry(() => 1, options)).rejects.toThrow(
      new RangeError(
        "RetryPromise.retry: attemptTimeout must be shorter than the timeout, \"1 second\", got \"1 minute\""
      )
    )
  })
})

describe("what is retried, given by code without types", () => {
  // as a file of JavaScript would
  const retry: Function = Stamina.retry
  const retryStream: Function = Stamina.retryStream
  const options = { on: () => true }
  const rule = "Stamina.retry: what is retried must be an Effect (a Stream: Stamina.retryStream, a promise: " +
    "RetryPromise.retry), got "

  it.each([["a function", async () => 1], ["a promise", Promise.resolve(1)], ["a stream", Stream.empty], [
    "nothing",
    undefined
  ]])(
    "is refused where it is %s, before the options and behind them",
    (_, self) => {
      expect(() => retry(self, options)).toThrow(rule)
      expect(() => retry(options)(self)).toThrow(rule)
    }
  )

  it("is refused where it is an effect and should be a stream", () => {
    const message = "Stamina.retryStream: what is retried must be a Stream (an Effect: Stamina.retry), got "
    expect(() => retryStream(Effect.void, options)).toThrow(message)
    expect(() => retryStream(options)(Effect.void)).toThrow(message)
  })
})
