import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Logger, References } from "effect"
import { type RetryEvent, type RetryHook, RetryLogs, RetryMetrics, RetrySpans, Stamina } from "effect-stamina"
import { call, freshRegistry, recordLogs, recordSpans } from "../kit/telemetry.ts"

/** The library calls its own hooks without an effect: this must not show. */

const options = { on: () => true, name: "fetch", attempts: 3, waitInitial: 0, waitJitter: 0 } as const

const down = Effect.fail("down")

const scheduled: RetryEvent.RetryScheduled = {
  _tag: "RetryScheduled",
  name: "fetch",
  retryNum: 1,
  waitFor: Duration.seconds(1),
  waitedSoFar: Duration.zero,
  elapsed: Duration.zero,
  attemptTook: Duration.zero,
  attemptsInside: 0,
  attemptsLeft: 9,
  causedBy: "down"
}

const provideHooks = (hooks: ReadonlyArray<RetryHook.RetryHook>) => Effect.provide(Stamina.layerHooks(hooks))

describe("a default hook", () => {
  it.effect("is an effect for who asks it as any other hook", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const { counts, provide: provideRegistry } = freshRegistry()
      const { provide: provideTracer, spans } = recordSpans()
      const all = Effect.forEach([RetryLogs.hook, RetryMetrics.hook, RetrySpans.hook], (hook) => {
        const told = call(hook.onRetryScheduled, scheduled)
        return Effect.andThen(Effect.sync(() => lines.push({ level: "", message: "asked", annotations: {} })), told)
      })
      yield* all.pipe(Effect.scoped, Effect.withSpan("around"), provide, provideRegistry, provideTracer)
      expect(lines.map(({ message }) => message)).toEqual(["asked", "stamina.retry_scheduled", "asked", "asked"])
      expect(counts("stamina_scheduled_wait_seconds_total").map(([, count]) => count)).toEqual([1])
      expect(spans[0]?.events.map(([name]) => name)).toEqual(["stamina.retry_scheduled"])
    }))

  it.effect("may be copied with one listener replaced: the others stay, and it is not called for that event", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const mine = {
        ...RetryLogs.hook,
        onRetryScheduled: (details: RetryEvent.RetryScheduled) => Effect.sync(() => void told.push(details.name))
      }
      const { lines, provide } = recordLogs()
      yield* Stamina.retry(down, options).pipe(Effect.exit, provideHooks([mine]), provide)
      expect(told).toEqual(["fetch", "fetch"])
      expect(lines.map(({ message }) => message)).toEqual(["stamina.gave_up"])
    }))

  it.effect("runs in its place among others, before and after hooks that take their time", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const logger = Logger.make(() => void order.push("log"))
      const slow = (name: string): RetryHook.RetryHook => ({
        onRetryScheduled: () => Effect.andThen(Effect.yieldNow, Effect.sync(() => void order.push(name)))
      })
      yield* Stamina.retry(down, { ...options, attempts: 2 }).pipe(
        Effect.exit,
        provideHooks([RetryLogs.make({ gaveUp: "None" }), slow("a"), RetryLogs.make({ gaveUp: "None" }), slow("b")]),
        Effect.provideService(Logger.CurrentLoggers, new Set([logger]))
      )
      expect(order).toEqual(["log", "a", "log", "b"])
    }))

  it.effect("leaves nothing behind in the fiber: what is logged afterwards has annotations of its own", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* Effect.log("attempt").pipe(
        Effect.andThen(down),
        Effect.annotateLogs("request", 7),
        Stamina.retry({ ...options, attempts: 2 }),
        Effect.exit,
        Effect.andThen(Effect.log("after")),
        Effect.annotateLogs("user", "ada"),
        provide
      )
      expect(lines.map(({ annotations, message }) => [message, Object.keys(annotations)])).toEqual([
        ["attempt", ["user", "request"]],
        ["stamina.retry_scheduled", ["user", "callable", "retry_num", "wait_for", "waited_so_far", "caused_by"]],
        ["attempt", ["user", "request"]],
        [
          "stamina.gave_up",
          ["user", "callable", "attempts", "elapsed", "in_attempts", "waited", "reason", "caused_by", "summary"]
        ],
        ["after", ["user"]]
      ])
    }))

  it.effect("keeps to the least level that is logged, as it stands where the retry happens", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      yield* Stamina.retry(down, options).pipe(
        Effect.exit,
        Effect.provideService(References.MinimumLogLevel, "Error"),
        provide
      )
      expect(lines.map(({ message }) => message)).toEqual(["stamina.gave_up"])
    }))
})

describe("a logger", () => {
  it.effect("that dies of every line changes nothing: the run goes on, and the other hooks are told", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      const deadly = Logger.make(() => {
        throw new Error("disk full")
      })
      let tries = 0
      let told = 0
      const exit = yield* Effect.suspend(() => ++tries < 3 ? down : Effect.succeed(tries)).pipe(
        Stamina.retry(options),
        Effect.exit,
        provideHooks([
          RetryLogs.hook,
          RetryMetrics.hook,
          { onRetryScheduled: () => Effect.sync(() => void told++) }
        ]),
        provide,
        Effect.provideService(Logger.CurrentLoggers, new Set([deadly])),
        Effect.provideService(References.MinimumLogLevel, "All")
      )
      expect(exit).toEqual(Exit.succeed(3))
      expect(told).toBe(2)
      expect(counts("stamina_retries_total").reduce((sum, [, count]) => sum + count, 0)).toBe(2)
    }))

  it.effect("that dies of a line is reported at debug level", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const touchy = Logger.make(({ logLevel, message }) => {
        if (logLevel === "Warn") throw new Error("disk full")
        lines.push(`${logLevel} ${String(message)}`)
      })
      yield* Stamina.retry(down, { ...options, attempts: 2 }).pipe(
        Effect.exit,
        Effect.provideService(Logger.CurrentLoggers, new Set([touchy])),
        Effect.provideService(References.MinimumLogLevel, "All")
      )
      expect(lines).toEqual(["Debug effect-stamina: a retry hook died", "Error stamina.gave_up"])
    }))

  it.effect("that interrupts the fiber when it hears of a retry hears of the interruption, once", () =>
    Effect.gen(function*() {
      const messages: Array<unknown> = []
      const interrupting = Logger.make(({ fiber, message }) => {
        messages.push(message)
        if (messages.length === 1) fiber.interruptUnsafe()
      })
      const fiber = yield* Effect.forkChild(
        Stamina.retry(down, options).pipe(
          Effect.provideService(Logger.CurrentLoggers, new Set([interrupting])),
          Effect.provideService(References.MinimumLogLevel, "All")
        )
      )
      expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBe(true)
      expect(messages).toEqual([["stamina.retry_scheduled"], ["stamina.interrupted"]])
    }))
})
