import { describe, expect, it } from "@effect/vitest"
import {
  Arbitrary,
  Cause,
  Context,
  Duration,
  Effect,
  Exit,
  Fiber,
  Logger,
  Metric,
  Option,
  Schedule,
  Schema
} from "effect"
import { type RetryHook, RetryLogs, RetryMetrics, RetrySpans, Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import * as arbitraries from "../kit/arbitraries.ts"
import { type Case, optionsOf } from "../kit/conformance.ts"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { promiseDrivers } from "../kit/promiseDrivers.ts"
import { freshRegistry, recordLogs } from "../kit/telemetry.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"
import { type Entry, expectTrue, watch } from "../kit/watching.ts"

const hooked = drivers.filter(({ name }) => !name.startsWith("the blocks"))
const seeing = hooked.filter(({ name }) => !name.startsWith("Effect.retry"))
const schedule = hooked.find(({ name }) => name.startsWith("Effect.retry"))!
const named = (list: typeof drivers) => list.map((driver) => [driver.name, driver] as const)

const options = { on: () => true, waitJitter: 0, waitInitial: 100, attempts: 3 } as const
const failing = Effect.suspend(() => Effect.fail({ _tag: "Down" } as const))

/** Notes what it is told, by name. */
const telling = () => {
  const told: Array<string> = []
  const tell = (event: string) => () => Effect.sync(() => void told.push(event))
  const hook = {
    onRetryScheduled: tell("scheduled"),
    onRecovered: tell("recovered"),
    onInterrupted: tell("interrupted"),
    onGaveUp: tell("gave up")
  } satisfies RetryHook.RetryHook
  return { told, hook, layer: Stamina.layerHooks([hook]) }
}

describe("events are true", () => {
  const replay = (c: Case, driver: (typeof drivers)[number]) => {
    const time = new VirtualTime(c.random)
    const block = (num: number) =>
      Effect.suspend(() => {
        const step = c.script[Math.min(num, c.script.length) - 1]!
        time.passUnsafe(step.ms)
        return step.ok ? Effect.succeed("ok") : Effect.fail({ _tag: step.tag, step })
      })
    const { watched } = Effect.runSync(time.provide(Effect.gen(function*() {
      const { run, watched } = yield* watch(driver, optionsOf(c, time), block)
      yield* run
      return { watched }
    })))
    const retryable = (error: unknown) => {
      const { step } = error as { step: Case["script"][number] }
      return c.on === "hook" ? step.hook !== undefined && step.hook !== false : c.on.includes(step.tag!)
    }
    expectTrue(watched, driver, retryable)
  }

  it.prop("of every run that ends by itself, whatever its policy and its backoff hook", [arbitraries.runs], ([c]) => {
    for (const driver of seeing) replay(c, driver)
  }, { arbitrary: { runs: 300 } })

  it.prop("of every run that a schedule drives, so far as it can know", [arbitraries.defaultRuns], ([c]) => {
    replay(c, schedule)
  }, { arbitrary: { runs: 300 } })

  const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
  const plans = Arbitrary.schema(Schema.Struct({
    script: Schema.NonEmptyArray(Schema.Struct({
      ms: between(0, 300),
      as: Schema.Literals(["Down", "Down", "Down", "Other", "bug", "ok"])
    })),
    attempts: between(1, 6),
    timeout: between(1, 3000),
    waitInitial: between(0, 400),
    waitJitter: Schema.Literals([0, 0, 300]),
    hookMs: Schema.Literals([0, 0, 1, 170]),
    acquires: Schema.Boolean,
    interruptAt: Schema.Union([Schema.Undefined, between(0, 2500)])
  }))

  for (const driver of [schedule, ...seeing, ...promiseDrivers]) {
    it.effect.prop(`of a run that is interrupted anywhere, with slow hooks that hold something: ${driver.name}`, [
      plans
    ], ([plan]) =>
      Effect.gen(function*() {
        const { attempts, interruptAt, script, timeout, waitInitial, waitJitter } = plan
        const block = (num: number) =>
          Effect.suspend(() => {
            const { as, ms } = script[Math.min(num, script.length) - 1]!
            const end: Effect.Effect<string, unknown> = as === "ok"
              ? Effect.succeed("ok")
              : as === "bug"
              ? Effect.die("bug")
              : Effect.fail({ _tag: as })
            return Effect.andThen(Effect.sleep(ms), end)
          })
        const { run, watched } = yield* watch(
          driver,
          { on: "Down", attempts, timeout, waitInitial, waitJitter },
          block,
          { acquires: plan.acquires, hookMs: plan.hookMs }
        )
        const fiber = yield* Effect.forkChild(run)
        if (interruptAt !== undefined) {
          yield* TestClock.adjust(interruptAt)
          yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        }
        yield* TestClock.adjust("1 hour")
        yield* Fiber.await(fiber)
        const at = interruptAt === undefined ? undefined : watched.start + interruptAt
        expectTrue(watched, driver, (error) => (error as { _tag: string })._tag === "Down", at)
      }), { arbitrary: { runs: 150 } })
  }
})

describe.each(named(hooked))("what is told, driven by %s", (_, driver) => {
  const run = (self: Effect.Effect<string, unknown>, over: object = {}) =>
    driver.build({ ...options, ...over }, () => self)

  it.effect("is a give-up where a limit stops the first attempt", () =>
    Effect.gen(function*() {
      const slow = Effect.andThen(Effect.sleep("1 minute"), failing)
      for (const over of [{ attempts: 1 }, { timeout: "1 second" }]) {
        const { layer, told } = telling()
        yield* inTime(Effect.exit(run(slow, over))).pipe(Effect.provide(layer))
        expect(told).toEqual(["gave up"])
      }
    }))

  it.effect("is nothing where the first attempt fails with what is not retried, is a bug, or retries are off", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      const tell = <A>(self: Effect.Effect<A>) => Effect.provide(self, layer)
      yield* tell(Effect.exit(run(failing, { on: "Other" })))
      yield* tell(Effect.exit(run(failing, { on: () => false })))
      yield* tell(Effect.exit(run(Effect.die("bug"))))
      yield* tell(Effect.exit(run(failing))).pipe(Effect.provide(Stamina.layerInactive))
      expect(told).toEqual([])
    }))

  it.effect("is told in test mode as well", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      yield* Effect.exit(run(failing)).pipe(Stamina.withTesting({ attempts: 2 }), Effect.provide(layer))
      expect(told).toEqual(["scheduled", "gave up"])
    }))

  it.effect("a hook that hangs can be interrupted, and what it holds is released once", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: () =>
          Effect.acquireRelease(
            Effect.sync(() => log.push("acquire")),
            () => Effect.sync(() => log.push("release"))
          ).pipe(Effect.andThen(Effect.never))
      }])
      const fiber = yield* Effect.forkChild(run(failing).pipe(Effect.provide(hooks)))
      yield* TestClock.adjust("9 seconds")
      expect(log).toEqual(["acquire"])
      yield* Fiber.interrupt(fiber)
      expect(log).toEqual(["acquire", "release"])
      yield* TestClock.adjust("1 day")
      expect(log).toEqual(["acquire", "release"])
    }))

  it.effect("a hook that hangs at the end can be interrupted", () =>
    Effect.gen(function*() {
      const { hook, told } = telling()
      const hooks = Stamina.layerHooks([{ ...hook, onGaveUp: () => Effect.andThen(hook.onGaveUp(), Effect.never) }])
      const fiber = yield* Effect.forkChild(run(failing, { attempts: 1 }).pipe(Effect.provide(hooks)))
      yield* TestClock.adjust("9 seconds")
      yield* Fiber.interrupt(fiber)
      expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBe(true)
      expect(told).toEqual(["gave up"])
    }))

  it.effect("what hooks hold is released once when a later hook dies, in the order of scopes", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const holding = (name: string): RetryHook.RetryHook => ({
        onRetryScheduled: () =>
          Effect.acquireRelease(
            Effect.sync(() => log.push(`acquire ${name}`)),
            () => Effect.sync(() => log.push(`release ${name}`))
          )
      })
      const hooks = Stamina.layerHooks([
        holding("a"),
        {
          onRetryScheduled: () =>
            Effect.andThen(
              Effect.addFinalizer(() => Effect.sync(() => log.push("release dying"))),
              Effect.die("hook")
            )
        },
        holding("b")
      ])
      const block = Effect.andThen(Effect.sync(() => log.push("attempt")), failing)
      yield* inTime(Effect.exit(run(block, { attempts: 2 }))).pipe(Effect.provide(hooks))
      expect(log).toEqual([
        "attempt",
        "acquire a",
        "acquire b",
        "release b",
        "release dying",
        "release a",
        "attempt"
      ])
    }))
})

describe.each(named(seeing))("what is told, driven by %s, which sees how a run ends", (_, driver) => {
  it.effect("adds up: elapsed is the time in attempts and the time between, hooks and slow answers included", () =>
    Effect.gen(function*() {
      const runs: Array<{ readonly elapsed: number; readonly inAttempts: number; readonly waited: number }> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: () => Effect.sleep("10 seconds"),
        onGaveUp: ({ elapsed, inAttempts, waited }) =>
          Effect.sync(() => {
            const [a, b, c] = [elapsed, inAttempts, waited].map(Duration.toMillis)
            runs.push({ elapsed: a!, inAttempts: b!, waited: c! })
          })
      }])
      const block = Effect.andThen(Effect.sleep(40), failing)
      yield* inTime(Effect.exit(driver.build(options, () => block))).pipe(Effect.provide(hooks))
      expect(runs).toEqual([{ elapsed: 20_420, inAttempts: 120, waited: 20_300 }])
    }))

  it.effect("adds up where a slow hook is interrupted: long after the attempt should have begun, it had not", () =>
    Effect.gen(function*() {
      const runs: Array<ReadonlyArray<number>> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: () => Effect.sleep("10 seconds"),
        onInterrupted: ({ attempts, attemptTook, elapsed, inAttempts, waited }) =>
          Effect.sync(() => {
            runs.push([attempts, ...[elapsed, inAttempts, waited, attemptTook].map(Duration.toMillis)])
          })
      }])
      const block = Effect.andThen(Effect.sleep(40), failing)
      const fiber = yield* Effect.forkChild(driver.build(options, () => block).pipe(Effect.provide(hooks)))
      yield* TestClock.adjust(5040)
      yield* Fiber.interrupt(fiber)
      expect(runs).toEqual([[1, 5040, 40, 5000, 0]])
    }))

  it.effect("is an interruption where an attempt interrupts itself after a retry, and nothing before", () =>
    Effect.gen(function*() {
      for (const [failures, expected] of [[0, []], [1, ["scheduled", "interrupted"]]] as const) {
        const { layer, told } = telling()
        let calls = 0
        const block = Effect.suspend((): Effect.Effect<string, unknown> =>
          ++calls <= failures ? failing : Effect.interrupt
        )
        const exit = yield* inTime(Effect.exit(driver.build(options, () => block))).pipe(Effect.provide(layer))
        expect(Exit.hasInterrupts(exit)).toBe(true)
        expect(told).toEqual(expected)
      }
    }))

  it.effect("is an interruption, and no give-up, where a failure stands beside one", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      let calls = 0
      const both = Effect.failCause(Cause.combine(Cause.fail("down"), Cause.interrupt(1)))
      const block = Effect.suspend((): Effect.Effect<string, unknown> => ++calls === 1 ? failing : both)
      yield* inTime(Effect.exit(driver.build(options, () => block))).pipe(Effect.provide(layer))
      expect(told).toEqual(["scheduled", "interrupted"])
    }))

  it.effect("is a give-up where `on` throws after a retry", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      let asked = 0
      const on = () => {
        if (++asked === 2) throw new Error("bug")
        return true
      }
      yield* inTime(Effect.exit(driver.build({ ...options, on }, () => failing))).pipe(Effect.provide(layer))
      expect(told).toEqual(["scheduled", "gave up"])
    }))

  it.effect("is the recovery, once, where it is the hook for it that is interrupted", () =>
    Effect.gen(function*() {
      const { hook, told } = telling()
      const hooks = Stamina.layerHooks([
        { ...hook, onRecovered: () => Effect.andThen(hook.onRecovered(), Effect.never) }
      ])
      let calls = 0
      const block = Effect.suspend(() => ++calls === 1 ? failing : Effect.succeed("ok"))
      const fiber = yield* Effect.forkChild(driver.build(options, () => block).pipe(Effect.provide(hooks)))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      expect(told).toEqual(["scheduled", "recovered"])
    }))

  it.effect("may die at any event without a change to the run, and is logged at debug", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const dies = () => Effect.die("hook")
      const { hook, told } = telling()
      const hooks = Stamina.layerHooks([
        { onRetryScheduled: dies, onRecovered: dies, onInterrupted: dies, onGaveUp: dies },
        hook
      ])
      const ends = (block: Effect.Effect<string, unknown>) => {
        let calls = 0
        const flaky = Effect.suspend(() => ++calls === 1 ? failing : block)
        return inTime(Effect.exit(driver.build({ ...options, attempts: 2 }, () => flaky))).pipe(
          Effect.provide(hooks),
          provide
        )
      }
      expect(yield* ends(Effect.succeed("ok"))).toEqual(Exit.succeed("ok"))
      expect(Exit.findErrorOption(yield* ends(Effect.fail("last")))).toEqual(Option.some("last"))
      expect(Exit.hasInterrupts(yield* ends(Effect.interrupt))).toBe(true)
      expect(told).toEqual(["scheduled", "recovered", "scheduled", "gave up", "scheduled", "interrupted"])
      expect(lines.map(({ level, message }) => [level, message]))
        .toEqual(told.map(() => ["Debug", "effect-stamina: a retry hook died"]))
    }))
})

describe("what a schedule tells", () => {
  it.effect("is what it decided, and no end, where a `while` or a schedule beside it then says no", () =>
    Effect.gen(function*() {
      const schedule = staminaSchedule(options)
      const stopped = [
        Effect.retry(failing, { schedule, while: () => false }),
        Effect.retry(failing, { schedule, times: 0 }),
        Effect.retry(failing, Schedule.max([schedule, Schedule.recurs(0)]))
      ]
      for (const run of stopped) {
        const { layer, told } = telling()
        yield* inTime(Effect.exit(run)).pipe(Effect.provide(layer))
        expect(told).toEqual(["scheduled"])
      }
    }))

  it.effect("is told once where a schedule beside it goes on stepping it after its end", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      let calls = 0
      const block = Effect.suspend(() => {
        calls++
        return failing
      })
      const both = Schedule.min([staminaSchedule({ ...options, attempts: 2 }), Schedule.recurs(5)])
      yield* inTime(Effect.exit(Effect.retry(block, both))).pipe(Effect.provide(layer))
      expect(calls).toBe(6)
      expect(told).toEqual(["scheduled", "gave up"])
    }))

  it.effect("is nothing of a recovery or an interruption, which it does not see", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      let calls = 0
      const block = Effect.suspend(() => ++calls === 1 ? failing : Effect.succeed("ok"))
      yield* inTime(Effect.retry(block, staminaSchedule(options))).pipe(Effect.provide(layer))
      const fiber = yield* Effect.forkChild(Effect.retry(failing, staminaSchedule(options)).pipe(Effect.provide(layer)))
      yield* TestClock.adjust(50)
      yield* Fiber.interrupt(fiber)
      expect(told).toEqual(["scheduled", "scheduled"])
    }))

  it.effect("counts no time of a hook as an attempt's", () =>
    Effect.gen(function*() {
      const took: Array<number> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: () => Effect.sleep("10 seconds"),
        onGaveUp: ({ inAttempts }) => Effect.sync(() => void took.push(Duration.toMillis(inAttempts)))
      }])
      const block = Effect.andThen(Effect.sleep(40), failing)
      yield* inTime(Effect.exit(Effect.retry(block, staminaSchedule(options)))).pipe(Effect.provide(hooks))
      expect(took).toEqual([120])
    }))
})

describe("which hooks run", () => {
  const run = inTime(Effect.exit(Stamina.retry(failing, { ...options, attempts: 2 })))
  const current = Effect.map(Stamina.CurrentHooks, (hooks) => hooks.map(({ name }) => name))

  it("are metrics, logs and span events by default", () => {
    expect(Stamina.defaultHooks).toEqual([RetryMetrics.hook, RetryLogs.hook, RetrySpans.hook])
    expect(Effect.runSync(current)).toEqual(["metrics", "logs", "spans"])
  })

  it.effect("are none with layerHooks([]): no line, no series, no event", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const registry = freshRegistry()
      yield* run.pipe(Effect.provide(Stamina.layerHooks([])), provide, registry.provide)
      expect(lines).toEqual([])
      expect(registry.labels()).toEqual([])
      yield* run.pipe(provide, registry.provide)
      expect(lines).toHaveLength(2)
      expect(registry.labels()).not.toEqual([])
    }))

  it.effect("are those before and one more with layerHook, in place of one with the same name", () =>
    Effect.gen(function*() {
      const add = (hook: RetryHook.RetryHook) => Effect.provide(Stamina.layerAddHook(hook))
      expect(yield* add({ name: "mine" })(current)).toEqual(["metrics", "logs", "spans", "mine"])
      expect(yield* add({})(add({})(current))).toEqual(["metrics", "logs", "spans", undefined, undefined])
      const { hook, told } = telling()
      const mine = { ...hook, name: "logs" }
      yield* add(mine)(Effect.gen(function*() {
        expect(yield* current).toEqual(["metrics", "spans", "logs"])
        expect((yield* Stamina.CurrentHooks).at(-1)).toBe(mine)
        const { lines, provide } = recordLogs()
        yield* provide(run)
        expect(lines).toEqual([])
      }))
      expect(told).toEqual(["scheduled", "gave up"])
    }))

  it.effect("are added one by one, where all were left out", () =>
    Effect.gen(function*() {
      const none = Effect.provide(Stamina.layerHooks([]))
      expect(yield* none(Effect.provide(current, Stamina.layerMetrics))).toEqual(["metrics"])
      expect(yield* none(Effect.provide(current, Stamina.layerLogs()))).toEqual(["logs"])
      expect(yield* none(Effect.provide(current, Stamina.layerSpans))).toEqual(["spans"])
      const [lines, registry] = [recordLogs(), freshRegistry()]
      yield* run.pipe(
        Effect.provide(Stamina.layerMetrics),
        Effect.provide(Stamina.layerHooks([])),
        lines.provide,
        registry.provide
      )
      expect(lines.lines).toEqual([])
      expect(registry.counts("stamina_retries_total")).toHaveLength(1)
    }))

  it.effect("are settings of the logs alone with layerLogs: the others stay", () =>
    Effect.gen(function*() {
      expect(yield* Effect.provide(current, Stamina.layerLogs({ gaveUp: "Warn" }))).toEqual([
        "metrics",
        "spans",
        "logs"
      ])
    }))

  it.effect("are not doubled by a layer that is provided twice", () =>
    Effect.gen(function*() {
      const twice = current.pipe(Effect.provide(Stamina.layerMetrics), Effect.provide(Stamina.layerMetrics))
      expect(yield* twice).toEqual(["logs", "spans", "metrics"])
    }))

  it.effect("are those around each place where the same layer is provided, inside of one another too", () =>
    Effect.gen(function*() {
      const inside = current.pipe(
        Effect.provide(Stamina.layerMetrics),
        Effect.provide(Stamina.layerHooks([{ name: "mine" }])),
        Effect.provide(Stamina.layerMetrics),
        Effect.provide(Stamina.layerHooks([]))
      )
      expect(yield* inside).toEqual(["mine", "metrics"])
    }))
})

describe("a run that succeeds at once", () => {
  /** A context that writes down what is looked up in it. */
  const watched = () => {
    const lookedUp: Array<string> = []
    class Services extends Map<string, unknown> {
      override get(key: string) {
        lookedUp.push(key)
        return super.get(key)
      }
      override has(key: string) {
        lookedUp.push(key)
        return super.has(key)
      }
    }
    return { lookedUp, context: Context.makeUnsafe(new Services()) }
  }
  const watchedKeys: ReadonlySet<string> = new Set([
    Stamina.CurrentHooks.key,
    Stamina.Active.key,
    Stamina.Testing.key,
    Metric.MetricRegistry.key
  ])
  const lookedUpIn = (self: Effect.Effect<unknown, unknown>) => {
    const { context, lookedUp } = watched()
    Effect.runSyncWith(context)(Effect.exit(self).pipe(Effect.provideService(Logger.CurrentLoggers, new Set())))
    return new Set(lookedUp.filter((key) => watchedKeys.has(key)))
  }
  const now = { ...options, waitInitial: 0 }

  it.each(named(hooked))(
    "looks up no hooks, no metrics, and no switch that is not its business: %s",
    (name, driver) => {
      const switches = name === "Stamina.retryContext" ? [Stamina.Active.key, Stamina.Testing.key] : []
      expect(lookedUpIn(driver.build(now, () => Effect.succeed("ok")))).toEqual(new Set(switches))
      // a failure does, so the watch is awake
      expect(lookedUpIn(driver.build(now, () => failing))).toEqual(watchedKeys)
    }
  )

  it.each(named(hooked))("draws no number, and reads nothing of its error's: %s", (_, driver) => {
    const time = new VirtualTime([0.5])
    const exit = Effect.runSync(time.provide(Effect.exit(driver.build({ on: "Down" }, () => Effect.succeed("ok")))))
    expect([exit, time.draws, time.sleeps]).toEqual([Exit.succeed("ok"), 0, []])
    expect(Option.isNone(Stamina.report(exit))).toBe(true)
  })
})

describe("the kit", () => {
  it.effect("takes no run for true that told too much, too little, or the wrong end", () =>
    Effect.gen(function*() {
      const combinator = seeing[0]!
      const { run, watched } = yield* watch(combinator, { ...options, on: "Down" }, () => failing)
      yield* inTime(run)
      const retryable = () => true
      expectTrue(watched, combinator, retryable)
      const refuses = (entries: ReadonlyArray<Entry>) => {
        const check = Effect.try(() => expectTrue({ ...watched, entries }, combinator, retryable))
        expect(Exit.isFailure(Effect.runSyncExit(check))).toBe(true)
      }
      const { entries } = watched
      for (const [i, entry] of entries.entries()) {
        if (entry.what === "told") continue
        refuses(entries.toSpliced(i, 1))
        if (entry.what === "scheduled" || entry.what === "gaveUp") refuses(entries.toSpliced(i, 0, entry))
      }
      refuses(entries.map((one) => one.what === "gaveUp" ? { ...one, what: "recovered" } : one))
    }))
})
