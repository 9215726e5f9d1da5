import { describe, expect, it } from "@effect/vitest"
import { Data, Duration, Effect, Fiber, Logger, Option, References } from "effect"
import { type RetryEvent, type RetryHook, RetryLogs, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { call, freshRegistry, gaveUp, type Line, recordLogs, recordSpans, withoutWhy } from "../kit/telemetry.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const secret = "hunter2"

class HttpError extends Data.TaggedError("HttpError")<{ readonly message: string; readonly token: string }> {}

const down = (message = `the password is ${secret}`) => new HttpError({ message, token: secret })

const options = { on: "HttpError", waitJitter: 0, waitInitial: 100, attempts: 3, name: "fetch" } as const

/** Fails as often as told, then succeeds. */
const failing = (times: number): Effect.Effect<string, HttpError> => {
  let calls = 0
  return Effect.suspend(() => ++calls <= times ? Effect.fail(down()) : Effect.succeed("ok"))
}

const hooked = drivers.filter(({ name }) => !name.startsWith("the blocks"))
const seeing = hooked.filter(({ name }) => !name.startsWith("Effect.retry"))
const names = (list: typeof drivers) => list.map((driver) => [driver.name, driver] as const)

describe.each(names(hooked))("the log, driven by %s", (_, driver) => {
  it.effect("has a warning for each retry, before the wait, and an error for giving up", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const fiber = yield* Effect.forkChild(provide(Effect.exit(driver.build(options, () => failing(9)))))
      yield* TestClock.adjust(99)
      expect(lines).toEqual([{
        level: "Warn",
        message: "stamina.retry_scheduled",
        annotations: { callable: "fetch", retry_num: 1, wait_for: 0.1, waited_so_far: 0, caused_by: "HttpError" }
      }])
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      expect(lines.slice(1)).toEqual([
        {
          level: "Warn",
          message: "stamina.retry_scheduled",
          annotations: { callable: "fetch", retry_num: 2, wait_for: 0.2, waited_so_far: 0.1, caused_by: "HttpError" }
        },
        {
          level: "Error",
          message: "stamina.gave_up",
          annotations: {
            callable: "fetch",
            attempts: 3,
            elapsed: 0.3,
            in_attempts: 0,
            waited: 0.3,
            reason: "AttemptsExhausted",
            caused_by: "HttpError",
            summary: "attempts exhausted after 3 attempts in 0.3s: 0s of it inside attempts, 0.3s waiting"
          }
        }
      ])
    }))

  it.effect.each(
    [
      [
        "timeout of 45s reached after 2 attempts: 44.1s of it inside attempts, 0.9s waiting",
        { ...options, waitInitial: 900 },
        [22_000, 22_100]
      ],
      [
        "timeout of 45s reached after 1 attempt: 60s of it inside attempts, 0s waiting",
        options,
        [60_000]
      ],
      [
        "timeout of 3661.5s reached after 2 attempts: 3661.4s of it inside attempts, 0.1s waiting",
        { ...options, timeout: "3661.5 seconds" },
        [3_661_000, 400]
      ],
      [
        "attempts exhausted after 2 attempts in 1.334s: 1.234s of it inside attempts, 0.1s waiting",
        { ...options, attempts: 2 },
        [1000, 234]
      ],
      [
        "attempts exhausted after 1 attempt in 0.004s: 0.004s of it inside attempts, 0s waiting",
        { ...options, attempts: 1 },
        [4]
      ],
      [
        "wait exceeds timeout after 1 attempt in 0.3s (a wait of 2s, 0.7s left): 0.3s of it inside attempts, 0s waiting",
        { ...options, overshoot: "refuse", timeout: 1000, waitInitial: 2000 },
        [300]
      ],
      [
        "not retryable after 2 attempts in 1.1s: 1s of it inside attempts, 0.1s waiting",
        options,
        [1000, "dies"]
      ]
    ] as const
  )("says: %s", ([summary, options, script]) =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const left: Array<number | "dies"> = [...script]
      const block = Effect.suspend(() => {
        const next = left.shift()
        if (next === undefined) throw new Error("called too often")
        if (next === "dies") return Effect.fail({ _tag: "Bug" } as never)
        return Effect.andThen(Effect.sleep(next), Effect.fail(down()))
      })
      const fiber = yield* Effect.forkChild(provide(Effect.exit(driver.build(options, () => block))))
      yield* TestClock.adjust("2 hours")
      yield* Fiber.join(fiber)
      expect(lines.at(-1)).toMatchObject({ level: "Error", message: "stamina.gave_up", annotations: { summary } })
      expect(withoutWhy(lines)).toHaveLength(script.length)
    }))

  it.effect("of hooks is empty for a run that succeeds at once, is not to be retried, or may not be", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* provide(driver.build(options, () => failing(0)))
      yield* provide(Effect.exit(driver.build({ ...options, on: "Other" }, () => failing(9))))
      yield* provide(Effect.exit(driver.build(options, () => failing(9)))).pipe(Effect.provide(Stamina.layerInactive))
      expect(withoutWhy(lines)).toEqual([])
    }))

  it.effect("has no secret in it, wherever the error keeps it", () =>
    Effect.gen(function*() {
      const { lines, provide, text } = recordLogs()
      const errors: ReadonlyArray<unknown> = [
        down(),
        new Error(secret, { cause: secret }),
        Object.assign(new TypeError(secret), { stack: secret, name: secret }),
        { [secret]: secret, message: secret },
        secret,
        Symbol(secret)
      ]
      for (const error of errors) {
        yield* provide(inTime(Effect.exit(driver.build({ ...options, on: () => true }, () => Effect.fail(error)))))
      }
      expect(lines).toHaveLength(3 * errors.length)
      expect(text()).not.toContain(secret)
      expect(lines.map(({ annotations }) => annotations["caused_by"])).toEqual(
        ["HttpError", "Error", "TypeError", "Object", "string", "symbol"].flatMap((type) => [type, type, type])
      )
    }))

  it.effect("has messages when asked", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const errors: ReadonlyArray<unknown> = [
        down("503 from /users"),
        new RangeError("too far"),
        { _tag: "Bare" },
        new Error(),
        { message: 42 },
        "timed out",
        503,
        null
      ]
      for (const error of errors) {
        yield* inTime(Effect.exit(driver.build({ ...options, on: () => true, attempts: 2 }, () => Effect.fail(error))))
          .pipe(Effect.provide(Stamina.layerLogs({ messages: true })), provide)
      }
      expect(lines.map(({ annotations }) => annotations["caused_by"])).toEqual(
        [
          "HttpError: 503 from /users",
          "RangeError: too far",
          "Bare",
          "Error",
          "Object",
          "string: timed out",
          "number",
          "null"
        ].flatMap((text) => [text, text])
      )
    }))

  it.effect("keeps to the levels that are set, and leaves out what is None", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const run = inTime(Effect.exit(driver.build(options, () => failing(9))))
      const levels = () => lines.splice(0).map(({ level, message }) => [message, level])
      yield* provide(Effect.provide(run, Stamina.layerLogs({ retryScheduled: "Debug", gaveUp: "Fatal" })))
      expect(levels()).toEqual([
        ["stamina.retry_scheduled", "Debug"],
        ["stamina.retry_scheduled", "Debug"],
        ["stamina.gave_up", "Fatal"]
      ])
      yield* provide(Effect.provide(run, Stamina.layerLogs({ retryScheduled: "None" })))
      expect(levels()).toEqual([["stamina.gave_up", "Error"]])
      yield* provide(Effect.provide(run, Stamina.layerLogs({ gaveUp: "None" })))
      expect(levels()).toEqual([["stamina.retry_scheduled", "Warn"], ["stamina.retry_scheduled", "Warn"]])
    }))

  it.effect("is silent without hooks", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* provide(inTime(Effect.exit(driver.build(options, () => failing(9))))).pipe(
        Effect.provide(Stamina.layerHooks([]))
      )
      expect(lines).toEqual([])
    }))
})

describe.each(names(seeing))("the log, driven by %s, which sees how a run ends", (_, driver) => {
  it.effect("has a line at info for a recovery", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const shared = Effect.andThen(Effect.sleep(50), failing(1))
      yield* provide(inTime(driver.build(options, () => shared)))
      expect(lines).toHaveLength(2)
      expect(lines[1]).toEqual({
        level: "Info",
        message: "stamina.recovered",
        annotations: { callable: "fetch", attempts: 2, elapsed: 0.2, in_attempts: 0.1, waited: 0.1 }
      })
    }))

  it.effect("has a line at debug for an interruption", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const fiber = yield* Effect.forkChild(provide(driver.build(options, () => failing(9))))
      yield* TestClock.adjust(250)
      yield* Fiber.interrupt(fiber)
      expect(lines).toHaveLength(3)
      expect(lines[2]).toEqual({
        level: "Debug",
        message: "stamina.interrupted",
        annotations: { callable: "fetch", attempts: 2, elapsed: 0.25, in_attempts: 0, waited: 0.25 }
      })
    }))

  it.effect("keeps to the levels that are set for these, too", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const levels = () => lines.splice(0).map(({ level }) => level)
      const recovering = Effect.suspend(() => {
        const shared = failing(1)
        return inTime(driver.build(options, () => shared))
      })
      const interrupted = Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(driver.build(options, () => failing(9)))
        yield* TestClock.adjust(50)
        yield* Fiber.interrupt(fiber)
      })
      for (const recovered of ["Trace", "None"] as const) {
        yield* provide(Effect.provide(recovering, Stamina.layerLogs({ recovered })))
      }
      expect(levels()).toEqual(["Warn", "Trace", "Warn"])
      for (const level of ["Info", "None"] as const) {
        yield* provide(Effect.provide(interrupted, Stamina.layerLogs({ interrupted: level })))
      }
      expect(levels()).toEqual(["Warn", "Info", "Warn"])
    }))
})

describe("the log as Effect writes it", () => {
  it.effect("has the event for its message, and each field as one of its own, numbers as numbers", () =>
    Effect.gen(function*() {
      const written: Array<string> = []
      const json = Logger.map(Logger.formatJson, (line) => void written.push(line))
      yield* inTime(Effect.exit(Stamina.retry(failing(9), { ...options, attempts: 2 }))).pipe(
        Effect.provideService(Logger.CurrentLoggers, new Set([json]))
      )
      expect(written.map((line) => JSON.parse(line))).toMatchObject([
        {
          level: "WARN",
          message: "stamina.retry_scheduled",
          annotations: { callable: "fetch", retry_num: 1, wait_for: 0.1, waited_so_far: 0, caused_by: "HttpError" }
        },
        {
          level: "ERROR",
          message: "stamina.gave_up",
          annotations: { callable: "fetch", attempts: 2, elapsed: 0.1, in_attempts: 0, waited: 0.1 }
        }
      ])
    }))

  it.effect("keeps the program's own annotations", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* provide(
        inTime(Effect.exit(Stamina.retry(failing(9), options))).pipe(Effect.annotateLogs("tenant", "acme"))
      )
      expect(lines.map(({ annotations }) => annotations["tenant"])).toEqual(["acme", "acme", "acme"])
    }))

  it.effect("is left to the span hook where spans are concerned: Effect's own logger adds no second event", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      yield* provide(
        inTime(Effect.exit(Stamina.retry(failing(9), options))).pipe(
          Effect.withSpan("around"),
          Effect.provideService(Logger.CurrentLoggers, new Set([Logger.tracerLogger]))
        )
      )
      expect(spans.flatMap((span) => span.events.map(([name]) => name))).toEqual([
        "stamina.retry_scheduled",
        "stamina.retry_scheduled",
        "stamina.gave_up"
      ])
    }))
})

/** The lines of an event: how many stand for themselves, and how many others are said to have been left out. */
const told = (lines: ReadonlyArray<Line>, message: string) => {
  const of = lines.filter((line) => line.message === message)
  const suppressed = of.flatMap(({ annotations }) => "suppressed" in annotations ? [annotations["suppressed"]] : [])
  return { inFull: of.length - suppressed.length, suppressed }
}

describe.each(names(hooked))("a storm of retries, driven by %s", (_, driver) => {
  it.effect("is not a storm of lines: ten of a kind are written, and one says how many were left out", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const { counts, provide: provideRegistry } = freshRegistry()
      const run = Effect.exit(driver.build({ ...options, attempts: 2, waitInitial: 1500 }, () => failing(9)))
      const all = Effect.forEach(Array.from({ length: 500 }), () => run, { concurrency: "unbounded" })
      const fiber = yield* Effect.forkChild(provideRegistry(provide(all)))
      yield* TestClock.adjust(1499)
      expect(told(lines, "stamina.retry_scheduled")).toEqual({ inFull: 10, suppressed: [] })
      // the last line says that, and how long, others are left out
      expect(lines.map(({ annotations }) => annotations["suppressing_for"])).toEqual([
        ...Array.from({ length: 9 }),
        1
      ])
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      // the first event after the second says it, before its own line
      expect(lines[10]).toEqual({
        level: "Warn",
        message: "stamina.retry_scheduled",
        annotations: { callable: "fetch", caused_by: "HttpError", suppressed: 490, within: 1.5 }
      })
      expect(lines.slice(11).map(({ message }) => message)).toEqual(
        Array.from({ length: 10 }, () => "stamina.gave_up")
      )
      // and what no later event says is written when asked
      yield* provide(RetryLogs.flush)
      yield* provide(RetryLogs.flush)
      expect(lines.slice(21)).toEqual([{
        level: "Error",
        message: "stamina.gave_up",
        annotations: { callable: "fetch", caused_by: "HttpError", suppressed: 490, within: 0 }
      }])
      // the metrics have lost nothing
      expect(counts("stamina_retries_total").map(([, count]) => count)).toEqual([500])
      expect(counts("stamina_runs_total").map(([, count]) => count)).toEqual([500])
    }))
})

describe("the limit on lines", () => {
  /** A retry that is scheduled. */
  const retry = (over: Partial<RetryEvent.RetryScheduled> = {}): RetryEvent.RetryScheduled => ({
    _tag: "RetryScheduled",
    name: "fetch",
    retryNum: 1,
    waitFor: Duration.zero,
    waitedSoFar: Duration.zero,
    elapsed: Duration.zero,
    attemptTook: Duration.zero,
    attemptsInside: 0,
    attemptsLeft: 9,
    causedBy: "down",
    ...over
  })
  const tell = (times: number, over: Partial<RetryEvent.RetryScheduled> = {}, hook = RetryLogs.hook) =>
    Effect.forEach(
      Array.from({ length: times }),
      () => Effect.scoped(call(hook.onRetryScheduled, retry(over))),
      { discard: true }
    )
  const retries = (lines: ReadonlyArray<Line>) => told(lines, "stamina.retry_scheduled")

  it.effect("holds within each second, and begins anew with the next", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      for (let quarter = 0; quarter < 8; quarter++) {
        yield* provide(tell(5))
        yield* TestClock.adjust(250)
      }
      yield* provide(tell(1))
      expect(retries(lines)).toEqual({ inFull: 21, suppressed: [10, 10] })
      expect(lines.flatMap(({ annotations: { suppressing_for } }) => suppressing_for ?? [])).toEqual([0.75, 0.75])
    }))

  it.effect.each([[1, 1, [99]], [25, 25, [75]], [100, 100, []], [Infinity, 100, []]] as const)(
    "is what linesPerSecond says: %d",
    ([linesPerSecond, inFull, suppressed]) =>
      Effect.gen(function*() {
        const { lines, provide } = recordLogs()
        yield* provide(tell(100, {}, RetryLogs.make({ linesPerSecond })))
        yield* provide(RetryLogs.flush)
        expect(retries(lines)).toEqual({ inFull, suppressed })
      })
  )

  it.effect("leaves lines below it as they are", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* provide(tell(9))
      yield* TestClock.adjust("1 minute")
      yield* provide(tell(9))
      yield* provide(RetryLogs.flush)
      expect(new Set(lines.map(({ annotations }) => Object.keys(annotations).join()))).toEqual(
        new Set(["callable,retry_num,wait_for,waited_so_far,caused_by"])
      )
      expect(lines).toHaveLength(18)
    }))

  it.effect("is for each callable, type of error and event by itself", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* provide(tell(12))
      yield* provide(tell(13, { name: "store" }))
      yield* provide(tell(14, { causedBy: new TypeError() }))
      for (let i = 0; i < 15; i++) yield* provide(call(RetryLogs.hook.onGaveUp, gaveUp))
      yield* provide(RetryLogs.flush)
      expect(lines.filter(({ annotations }) => "suppressed" in annotations)).toMatchObject([
        { message: "stamina.retry_scheduled", annotations: { callable: "fetch", caused_by: "string", suppressed: 2 } },
        { message: "stamina.retry_scheduled", annotations: { callable: "store", caused_by: "string", suppressed: 3 } },
        {
          message: "stamina.retry_scheduled",
          annotations: { callable: "fetch", caused_by: "TypeError", suppressed: 4 }
        },
        { message: "stamina.gave_up", level: "Error", annotations: { callable: "fetch", suppressed: 5 } }
      ])
      expect(lines).toHaveLength(44)
    }))

  it.effect("is followed by the count as soon as any event passes, whatever its kind", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* provide(tell(5))
      yield* TestClock.adjust("0.4 seconds")
      yield* provide(tell(25))
      yield* TestClock.adjust("10 seconds")
      yield* provide(tell(1, { name: "other" }))
      expect(lines.slice(10).map(({ annotations }) => annotations)).toMatchObject([
        { callable: "fetch", suppressed: 20, within: 10 },
        { callable: "other", retry_num: 1 }
      ])
    }))

  it.effect("does not count lines that nobody would see, and keeps a count for who may see it", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const blind = Effect.provideService(References.MinimumLogLevel, "Error")
      yield* provide(blind(tell(100)))
      yield* provide(tell(12))
      yield* TestClock.adjust("2 seconds")
      yield* provide(blind(tell(1)))
      yield* provide(blind(RetryLogs.flush))
      expect(lines).toHaveLength(10)
      // whoever passed, the next second has begun
      yield* provide(tell(1))
      expect(retries(lines)).toEqual({ inFull: 11, suppressed: [] })
      yield* TestClock.adjust("2 seconds")
      yield* provide(tell(1))
      expect(retries(lines)).toEqual({ inFull: 12, suppressed: [2] })
    }))

  it.effect("keeps nothing of a second that is over: names without end take no memory without end", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      for (let i = 0; i < 1000; i++) yield* provide(tell(1, { name: `GET /users/${i}` }))
      // 200 kinds, and the rest together
      expect(retries(lines).inFull).toBe(210)
      yield* TestClock.adjust("1 second")
      yield* provide(tell(1, { name: "late" }))
      expect(lines.slice(210).map(({ annotations }) => annotations)).toMatchObject([
        { callable: "<other>", caused_by: "<other>", suppressed: 790 },
        { callable: "late", caused_by: "string" }
      ])
      for (let i = 0; i < 199; i++) yield* provide(tell(1, { name: `again ${i}` }))
      expect(retries(lines).inFull).toBe(410)
    }))

  it.effect("goes with the loggers and the clock: tests and programs of their own share nothing", () =>
    Effect.gen(function*() {
      const [one, other] = [recordLogs(), recordLogs()]
      yield* one.provide(tell(50))
      yield* other.provide(tell(3))
      expect(retries(other.lines)).toEqual({ inFull: 3, suppressed: [] })
      yield* new VirtualTime([]).provide(one.provide(tell(10)))
      expect(retries(one.lines)).toEqual({ inFull: 20, suppressed: [] })
    }))

  it.effect("holds for all hooks that log alike, also where each call brings a hook of its own", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      for (let i = 0; i < 30; i++) yield* provide(tell(1, {}, RetryLogs.make()))
      expect(retries(lines).inFull).toBe(10)
      yield* provide(tell(1, {}, RetryLogs.make({ retryScheduled: "Info" })))
      expect(retries(lines).inFull).toBe(11)
    }))

  it.effect("counts right for a logger that dies of the count", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const touchy = Logger.make(({ fiber }) => {
        const { callable, suppressed } = fiber.getRef(References.CurrentLogAnnotations)
        if (suppressed !== undefined && !seen.includes("died")) {
          seen.push("died")
          throw new Error("disk full")
        }
        seen.push(suppressed === undefined ? callable : [callable, suppressed])
      })
      const provide = Effect.provideService(Logger.CurrentLoggers, new Set([touchy]))
      yield* provide(Effect.andThen(tell(12), tell(13, { name: "store" })))
      seen.length = 0
      yield* TestClock.adjust("1 second")
      yield* provide(Effect.exit(tell(1)))
      yield* TestClock.adjust("1 second")
      yield* provide(tell(1))
      expect(seen).toEqual(["died", ["store", 3], "fetch"])
    }))
})

describe("RetryLogs.make", () => {
  const levels = "one of Fatal, Error, Warn, Info, Debug, Trace, None"

  it.each(
    [
      [{ retryScheduled: "warn" }, `retryScheduled must be ${levels}, got "warn"`],
      [{ recovered: "All" }, `recovered must be ${levels}, got "All"`],
      [{ gaveUp: null }, `gaveUp must be ${levels}, got null`],
      [{ interrupted: 3 }, `interrupted must be ${levels}, got 3`],
      [{ messages: null }, "messages must be true or false, got null"],
      [{ messages: "yes" }, "messages must be true or false, got \"yes\""],
      [{ linesPerSecond: 0 }, "linesPerSecond must be an integer >= 1 or Infinity, got 0"],
      [{ linesPerSecond: 2.5 }, "linesPerSecond must be an integer >= 1 or Infinity, got 2.5"],
      [{ linesPerSecond: null }, "linesPerSecond must be an integer >= 1 or Infinity, got null"],
      [
        { level: "Warn" },
        "unknown option \"level\", known are retryScheduled, retryDeferred, recovered, gaveUp, interrupted, messages, linesPerSecond"
      ],
      [null, "options must be an object, got null"]
    ] as const
  )("refuses %j", (options, message) => {
    for (const make of [RetryLogs.make, Stamina.layerLogs]) {
      expect(() => make(options as RetryLogs.Options)).toThrow(new RangeError(`RetryLogs.make: ${message}`))
    }
  })

  it("takes undefined for the default", () => {
    const nothing = { retryScheduled: undefined, recovered: undefined, gaveUp: undefined, interrupted: undefined }
    expect(Object.keys(RetryLogs.make({ ...nothing, messages: undefined, linesPerSecond: undefined })).toSorted())
      .toEqual(["name", "onGaveUp", "onInterrupted", "onRecovered", "onRetryDeferred", "onRetryScheduled"])
  })

  it("listens to nothing that it does not log", () => {
    const hook = RetryLogs.make({
      retryScheduled: "None",
      retryDeferred: "None",
      recovered: "None",
      gaveUp: "None",
      interrupted: "None"
    })
    expect(hook).toEqual({ name: "logs" } satisfies RetryHook.RetryHook)
  })

  const spent = "0.9s of it inside attempts, 0.1s waiting"
  const refused = Option.some({ wait: Duration.seconds(90), left: Duration.seconds(20) })

  it.effect.each(
    [
      [{ reason: "Inactive" }, `inactive after 2 attempts in 1s: ${spent}`],
      [{ reason: "WaitExceedsDeadline" }, `wait exceeds deadline after 2 attempts in 1s: ${spent}`],
      [{ reason: "DeadlineExceeded" }, `deadline exceeded after 2 attempts in 1s: ${spent}`],
      [
        { reason: "AlreadyRetried", calls: 6 },
        `already retried after 2 attempts of 6 calls in 1s: ${spent}`
      ],
      [
        { reason: "HintTooLong", refused },
        `hint too long after 2 attempts in 1s (a wait of 90s, 20s left): ${spent}`
      ],
      [{ reason: "BudgetExhausted" }, `budget exhausted after 2 attempts in 1s: ${spent}`],
      [{ reason: "CircuitOpen" }, `circuit open after 2 attempts in 1s: ${spent}`]
    ] as const
  )("says it in a sentence: %j", ([over, summary]) =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const run = {
        ...gaveUp,
        attempts: 2,
        elapsed: Duration.seconds(1),
        inAttempts: Duration.millis(900),
        waited: Duration.millis(100),
        ...over
      }
      yield* provide(call(RetryLogs.make().onGaveUp, run))
      expect(lines[0]?.annotations["summary"]).toBe(summary)
    }))
})
