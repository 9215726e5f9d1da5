import { describe, expect, it } from "@effect/vitest"
import { Context, Data, Duration, Effect, Fiber, Logger, type LogLevel, References } from "effect"
import { type RetryEvent, Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import { inTime } from "../kit/inTime.ts"

class Flaky extends Data.TaggedError("Flaky")<{ readonly n: number }> {}

const options = { on: "Flaky", waitJitter: 0, waitInitial: 100, attempts: 3 } as const

const drivers = [
  ["Stamina.retry", (self: Effect.Effect<void, Flaky>) => Stamina.retry(self, options)],
  ["Stamina.retryContext", (self: Effect.Effect<void, Flaky>) => Stamina.retryContext(options, () => self)],
  ["staminaSchedule", (self: Effect.Effect<void, Flaky>) => Effect.retry(self, staminaSchedule(options))]
] as const

const failing = (log: Array<string> = []) => {
  let n = 0
  return Effect.suspend(() => {
    log.push(`attempt ${++n}`)
    return Effect.fail(new Flaky({ n }))
  })
}

describe.each(drivers)("onRetryScheduled, driven by %s", (_, retry) => {
  it.effect("runs once per retry, before the wait, with what is known", () =>
    Effect.gen(function*() {
      const seen: Array<RetryEvent.RetryScheduled> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: (details) => Effect.sync(() => void seen.push(details))
      }])
      const fiber = yield* Effect.forkChild(retry(failing()).pipe(Effect.flip, Effect.provide(hooks)))
      yield* TestClock.adjust(0)
      expect(seen).toHaveLength(1)
      yield* TestClock.adjust(99)
      expect(seen).toHaveLength(1)
      yield* TestClock.adjust(1)
      expect(seen).toHaveLength(2)
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      expect(error.n).toBe(3)
      expect(seen.map(({ causedBy, ...rest }) => ({ ...rest, n: (causedBy as Flaky).n }))).toEqual([
        {
          _tag: "RetryScheduled",
          name: "<unnamed>",
          retryNum: 1,
          waitFor: Duration.millis(100),
          waitedSoFar: Duration.zero,
          elapsed: Duration.zero,
          attemptTook: Duration.zero,
          attemptsInside: 0,
          attemptsLeft: 2,
          n: 1
        },
        {
          _tag: "RetryScheduled",
          name: "<unnamed>",
          retryNum: 2,
          waitFor: Duration.millis(200),
          waitedSoFar: Duration.millis(100),
          elapsed: Duration.millis(100),
          attemptTook: Duration.zero,
          attemptsInside: 0,
          attemptsLeft: 1,
          n: 2
        }
      ])
    }))

  it.effect("what it acquires is released right before the attempt, once", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: ({ retryNum }) =>
          Effect.acquireRelease(
            Effect.sync(() => log.push(`acquire ${retryNum}`)),
            () => Effect.sync(() => log.push(`release ${retryNum}`))
          )
      }])
      const fiber = yield* Effect.forkChild(retry(failing(log)).pipe(Effect.ignore, Effect.provide(hooks)))
      yield* TestClock.adjust(99)
      expect(log).toEqual(["attempt 1", "acquire 1"])
      yield* TestClock.adjust(1)
      expect(log).toEqual(["attempt 1", "acquire 1", "release 1", "attempt 2", "acquire 2"])
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      expect(log.slice(5)).toEqual(["release 2", "attempt 3"])
    }))

  it.effect("what it acquires is released when the wait is interrupted, once", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: () => Effect.acquireRelease(Effect.void, () => Effect.sync(() => log.push("release")))
      }])
      const fiber = yield* Effect.forkChild(retry(failing(log)).pipe(Effect.provide(hooks)))
      yield* TestClock.adjust(50)
      expect(log).toEqual(["attempt 1"])
      yield* Fiber.interrupt(fiber)
      expect(log).toEqual(["attempt 1", "release"])
      yield* TestClock.adjust("1 minute")
      expect(log).toEqual(["attempt 1", "release"])
    }))

  it.effect("a hook that dies, throws, interrupts itself or dies on release changes nothing, and is logged at debug", () =>
    Effect.gen(function*() {
      const logged: Array<LogLevel.LogLevel> = []
      const capture = Logger.layer([Logger.make(({ logLevel }) => void logged.push(logLevel))])
      let healthy = 0
      const hooks = Stamina.layerHooks([
        { onRetryScheduled: () => Effect.die("hook") },
        {
          onRetryScheduled: () => {
            throw new Error("hook")
          }
        },
        { onRetryScheduled: () => Effect.interrupt },
        { onRetryScheduled: () => Effect.acquireRelease(Effect.void, () => Effect.die("release")) },
        { onRetryScheduled: () => Effect.sync(() => void healthy++) },
        {}
      ])
      const log: Array<string> = []
      const error = yield* inTime(
        retry(failing(log)).pipe(
          Effect.flip,
          Effect.provide([hooks, capture]),
          Effect.provideService(References.MinimumLogLevel, "All")
        )
      )
      expect(error.n).toBe(3)
      expect(log).toEqual(["attempt 1", "attempt 2", "attempt 3"])
      expect(healthy).toBe(2)
      expect(logged).toEqual(Array.from({ length: 8 }, () => "Debug"))
    }))

  it.effect("is not run for a run that succeeds at once, nor for an error that is not retried", () =>
    Effect.gen(function*() {
      let runs = 0
      const hooks = Stamina.layerHooks([{ onRetryScheduled: () => Effect.sync(() => void runs++) }])
      yield* retry(Effect.void).pipe(Effect.provide(hooks))
      yield* retry(Effect.fail({ _tag: "Other" } as never)).pipe(Effect.ignore, Effect.provide(hooks))
      expect(runs).toBe(0)
    }))
})

describe("the name of what is retried", () => {
  const nameOf = (retried: Effect.Effect<unknown, unknown>) =>
    Effect.gen(function*() {
      const names: Array<string> = []
      const hooks = Stamina.layerHooks([{ onRetryScheduled: ({ name }) => Effect.sync(() => void names.push(name)) }])
      yield* inTime(retried.pipe(Effect.ignore, Effect.provide(hooks)))
      return new Set(names)
    })
  const fetchUser = (_id: number) => failing()

  it.effect.each(
    [
      ["the option", Stamina.retry(failing(), { ...options, name: "users" }), "users"],
      [
        "the option, before a span",
        Stamina.retry(failing(), { ...options, name: "users" }).pipe(Effect.withSpan("span")),
        "users"
      ],
      ["the current span", Stamina.retry(failing(), options).pipe(Effect.withSpan("span")), "span"],
      [
        "the current span, in a schedule",
        Effect.retry(failing(), staminaSchedule(options)).pipe(Effect.withSpan("span")),
        "span"
      ],
      [
        "the function of Effect.fn",
        Effect.fn("fetchUser")(function*() {
          return yield* failing()
        }, Stamina.retry(options))(),
        "fetchUser"
      ],
      ["the wrapped function", Stamina.retried(options)(fetchUser)(1), "fetchUser"],
      [
        "the option, before the wrapped function",
        Stamina.retried({ ...options, name: "users" })(fetchUser)(1),
        "users"
      ],
      ["nothing", Stamina.retry(failing(), options), "<unnamed>"]
    ] as const
  )("is that of %s", ([, retried, name]) =>
    Effect.gen(function*() {
      expect(yield* nameOf(retried)).toEqual(new Set([name]))
    }))
})

describe("Stamina.layerHooks", () => {
  it.effect("replaces, adds and switches off, where it is provided", () =>
    Effect.gen(function*() {
      const heard: Array<string> = []
      const hook = (name: string) => ({ onRetryScheduled: () => Effect.sync(() => void heard.push(name)) })
      const run = Effect.ignore(Stamina.retry(failing(), { ...options, attempts: 2 }))
      yield* inTime(Effect.provide(run, Stamina.layerHooks([hook("a"), hook("b")])))
      expect(heard).toEqual(["a", "b"])
      yield* inTime(run.pipe(Effect.provide(Stamina.layerHooks([])), Effect.provide(Stamina.layerHooks([hook("c")]))))
      expect(heard).toEqual(["a", "b"])
      yield* inTime(
        Effect.provide(run, Stamina.layerHooks([...Stamina.defaultHooks, hook("d")]))
      )
      expect(heard).toEqual(["a", "b", "d"])
    }))

  it.effect("hooks see the services of the fiber that retries", () =>
    Effect.gen(function*() {
      const Tenant = Context.Reference("test/Tenant", { defaultValue: () => "none" })
      const tenants: Array<string> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: () => Effect.map(Tenant, (tenant) => void tenants.push(tenant))
      }])
      yield* inTime(
        Stamina.retry(failing(), { ...options, attempts: 2 }).pipe(
          Effect.ignore,
          Effect.provideService(Tenant, "acme"),
          Effect.provide(hooks)
        )
      )
      expect(tenants).toEqual(["acme"])
    }))
})
