import { describe, expect, it } from "@effect/vitest"
import { Cause, Clock, Data, Duration, Effect, Exit, Fiber, Option } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import { reasonOf } from "../kit/reasonOf.ts"

class Flaky extends Data.TaggedError("Flaky")<{ readonly n: number }> {}

const options = { on: "Flaky", waitJitter: 0, waitInitial: 100, timeout: "1 hour" } as const

/** Fails each time, after `takes` milliseconds; says when its attempts began and ended. */
const failing = (takes: number) => {
  const log = { begun: [] as Array<number>, interrupted: [] as Array<number> }
  const effect = Effect.gen(function*() {
    log.begun.push(yield* Clock.currentTimeMillis)
    yield* Effect.sleep(takes)
    return yield* new Flaky({ n: log.begun.length })
  }).pipe(Effect.onInterrupt(() => Effect.map(Clock.currentTimeMillis, (now) => void log.interrupted.push(now))))
  return { ...log, effect }
}

/** Lets an hour pass and says how the effect ended, and when. */
const ended = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(
      Effect.exit(self).pipe(Effect.flatMap((exit) => Effect.map(Clock.currentTimeMillis, (at) => ({ at, exit }))))
    )
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const errorOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined

const drivers = [
  ["Stamina.retry", (self: Effect.Effect<never, Flaky>) => Stamina.retry(self, options)],
  ["Stamina.retryContext", (self: Effect.Effect<never, Flaky>) => Stamina.retryContext(options, () => self)],
  ["staminaSchedule", (self: Effect.Effect<never, Flaky>) => Effect.retry(self, staminaSchedule(options))]
] as const

describe.each(drivers)("a deadline around %s", (name, retry) => {
  it.effect("a wait that would end past it is not begun: the run gives up at once", () =>
    Effect.gen(function*() {
      const { begun, effect } = failing(10)
      // attempts at 0, 110, 320 and 730 ms; the wait of 800 ms after the fourth would end at 1540 ms
      const { at, exit } = yield* ended(retry(effect).pipe(Stamina.withDeadline("1 second")))
      expect(begun).toEqual([0, 110, 320, 730])
      expect(at).toBe(740)
      expect(errorOf(exit)).toMatchObject({ _tag: "Flaky", n: 4 })
      expect(reasonOf(errorOf(exit))).toBe("WaitExceedsDeadline")
    }))

  it.effect("a wait that would end exactly at it is not begun either", () =>
    Effect.gen(function*() {
      const { begun, effect } = failing(10)
      yield* ended(retry(effect).pipe(Stamina.withDeadline(110)))
      expect(begun).toEqual([0])
      const later = failing(10)
      yield* ended(retry(later.effect).pipe(Stamina.withDeadline(111)))
      expect(later.begun).toHaveLength(2)
    }))

  it.effect("a first attempt that still runs is interrupted, and a DeadlineExceeded comes out", () =>
    Effect.gen(function*() {
      const { effect, interrupted } = failing(5000)
      const { at, exit } = yield* ended(retry(effect).pipe(Stamina.withDeadline("1 second")))
      expect(at).toBe(1000)
      expect(interrupted).toEqual([1000])
      expect(errorOf(exit)).toMatchObject({ _tag: "DeadlineExceeded", limit: Duration.seconds(1) })
    }))

  it.effect("a later attempt that still runs is interrupted, and a DeadlineExceeded comes out that tells of the run", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const hooks = Stamina.layerHooks([{
        onRetryScheduled: ({ causedBy }) => void told.push(["scheduled", causedBy]),
        onInterrupted: () => void told.push("interrupted"),
        onGaveUp: ({ attempts, causedBy, elapsed, reason }) => void told.push([reason, attempts, elapsed, causedBy])
      }])
      const { begun, effect, interrupted } = failing(600)
      const { at, exit } = yield* ended(
        retry(effect).pipe(Stamina.withDeadline("1 second"), Effect.provide(hooks))
      )
      expect([begun, interrupted, at]).toEqual([[0, 700], [1000], 1000])
      const error = errorOf(exit)
      expect(error).toMatchObject({ _tag: "DeadlineExceeded", limit: Duration.seconds(1) })
      if (name === "staminaSchedule") {
        // a schedule has no part in the attempts, so it cannot know how they end
        expect(told).toEqual([["scheduled", new Flaky({ n: 1 })]])
        expect(Stamina.report(error)).toEqual(Option.none())
        return expect(error).not.toHaveProperty("cause")
      }
      expect(error).toMatchObject({ cause: { _tag: "Flaky", n: 1 } })
      expect(told).toEqual([
        ["scheduled", new Flaky({ n: 1 })],
        ["DeadlineExceeded", 2, Duration.seconds(1), new Flaky({ n: 1 })]
      ])
      const report = Option.getOrThrow(Stamina.report(error))
      expect(report).toMatchObject({ reason: "DeadlineExceeded", attempts: 2, elapsed: Duration.seconds(1) })
      expect(report.history.map(({ error, num }) => [num, error])).toEqual([[1, new Flaky({ n: 1 })]])
      expect(Exit.isFailure(exit) && Stamina.report(exit.cause)).toEqual(Option.some(report))
    }))

  it.effect("a first attempt that is interrupted was no retry: there is no cause, and no report", () =>
    Effect.gen(function*() {
      const { exit } = yield* ended(retry(failing(5000).effect).pipe(Stamina.withDeadline("1 second")))
      expect(errorOf(exit)).not.toHaveProperty("cause")
      expect(Stamina.report(errorOf(exit))).toEqual(Option.none())
    }))
})

describe("Stamina.withDeadline", () => {
  it.effect("leaves what ends in time as it is", () =>
    Effect.gen(function*() {
      expect(yield* Effect.succeed(7).pipe(Stamina.withDeadline("1 second"))).toBe(7)
      expect(yield* Effect.flip(Effect.fail("no").pipe(Stamina.withDeadline("1 second")))).toBe("no")
      expect(yield* Stamina.withDeadline(Effect.never, "1 second").pipe(ended)).toMatchObject({ at: 1000 })
    }))

  it.effect("runs finalizers, and lets them end", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const slow = Effect.never.pipe(
        Effect.onInterrupt(() => Effect.delay(Effect.sync(() => void log.push("released")), 500))
      )
      const { at, exit } = yield* ended(slow.pipe(Stamina.withDeadline("1 second")))
      expect(log).toEqual(["released"])
      expect(at).toBe(1500)
      expect(errorOf(exit)).toMatchObject({ _tag: "DeadlineExceeded" })
    }))

  it.effect("nests: the earlier counts, whichever is the inner", () =>
    Effect.gen(function*() {
      const { at } = yield* ended(
        Effect.never.pipe(Stamina.withDeadline("10 seconds"), Stamina.withDeadline("1 second"))
      )
      expect(at).toBe(1000)
      const inner = yield* ended(
        Effect.never.pipe(
          Stamina.withDeadline("1 second"),
          Effect.catchTag("DeadlineExceeded", (error) => Effect.succeed(error.limit)),
          Stamina.withDeadline("10 seconds")
        )
      )
      expect(inner.exit).toEqual(Exit.succeed(Duration.seconds(1)))
      expect(inner.at - 3_600_000).toBe(1000)
    }))

  it.effect("holds for fibers that are forked inside, and for all of Effect.all", () =>
    Effect.gen(function*() {
      const runs = [failing(10), failing(20), failing(30)]
      const { at } = yield* ended(
        Effect.all(runs.map(({ effect }) => Effect.exit(Stamina.retry(effect, options))), {
          concurrency: "unbounded"
        }).pipe(Stamina.withDeadline("1 second"))
      )
      expect(at).toBeLessThan(1000)
      for (const { begun } of runs) expect(begun).toHaveLength(4)
      const forked = failing(10)
      yield* ended(
        Effect.flatMap(Effect.forkChild(Stamina.retry(forked.effect, options)), Fiber.join).pipe(
          Stamina.withDeadline(1)
        )
      )
      expect(forked.begun).toHaveLength(1)
    }))

  it.effect("is no business of what runs after it", () =>
    Effect.gen(function*() {
      const { begun, effect } = failing(10)
      yield* ended(
        Effect.andThen(
          Effect.ignore(Effect.sleep(10).pipe(Stamina.withDeadline(20))),
          Stamina.retry(effect, { ...options, attempts: 4 })
        )
      )
      expect(begun).toHaveLength(4)
    }))

  it.effect("a fallback for the last error does not outlive it", () =>
    Effect.gen(function*() {
      const { effect } = failing(600)
      const { at, exit } = yield* ended(
        Stamina.retry(effect, options).pipe(
          Effect.catchTag("Flaky", () => Effect.never),
          Stamina.withDeadline("1 second")
        )
      )
      expect(at).toBe(1000)
      expect(errorOf(exit)).toMatchObject({ _tag: "DeadlineExceeded" })
    }))

  it.effect("a caller that is interrupted takes everything inside along, at once", () =>
    Effect.gen(function*() {
      const { effect, interrupted } = failing(5000)
      const fiber = yield* Effect.forkChild(Stamina.retry(effect, options).pipe(Stamina.withDeadline("1 minute")))
      yield* TestClock.adjust(300)
      yield* Fiber.interrupt(fiber)
      expect(interrupted).toEqual([300])
    }))

  it.effect("a defect of a finalizer is lost while it passes, as in Effect.timeout", () =>
    Effect.gen(function*() {
      const dying = Effect.never.pipe(Effect.onInterrupt(() => Effect.die("finalizer")))
      const { exit } = yield* ended(Stamina.withDeadline(dying, "1 second"))
      const timeout = yield* ended(Effect.timeout(dying, "1 second"))
      expect(errorOf(exit)).toMatchObject({ _tag: "DeadlineExceeded" })
      expect(errorOf(timeout.exit)).toMatchObject({ _tag: "TimeoutError" })
      expect([Exit.hasDies(exit), Exit.hasDies(timeout.exit)]).toEqual([false, false])
    }))

  it.each([0, -1, NaN, "soon", null])("refuses %s", (limit) => {
    expect(() => Stamina.withDeadline(limit as never)).toThrow(
      /^Stamina\.withDeadline: limit must be a duration > 0 or Duration\.infinity, got /
    )
  })

  it.effect("names the wait and the time left when it tells that a run gave up", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const hooks = Stamina.layerHooks([{
        onGaveUp: ({ reason, refused }) => Effect.sync(() => void seen.push([reason, refused]))
      }])
      const { effect } = failing(50)
      yield* ended(Stamina.retry(effect, options).pipe(Stamina.withDeadline(120), Effect.provide(hooks)))
      expect(seen).toEqual([
        ["WaitExceedsDeadline", Option.some({ wait: Duration.millis(100), left: Duration.millis(70) })]
      ])
    }))

  it.effect("a custom wait is held to it as well", () =>
    Effect.gen(function*() {
      const { begun, effect } = failing(10)
      const { at } = yield* ended(
        Stamina.retry(effect, { on: () => "5 seconds" }).pipe(Stamina.withDeadline("2 seconds"))
      )
      expect(begun).toEqual([0])
      expect(at).toBe(10)
    }))
})

describe("overshoot: \"refuse\"", () => {
  it.effect("holds waits to the run's own timeout", () =>
    Effect.gen(function*() {
      for (const [overshoot, attempts] of [["allow", 4], ["refuse", 3]] as const) {
        const { begun, effect } = failing(10)
        const { exit } = yield* ended(Stamina.retry(effect, { ...options, timeout: 500, overshoot }))
        expect(begun).toHaveLength(attempts)
        expect(reasonOf(errorOf(exit))).toBe(overshoot === "allow" ? "TimeoutReached" : "WaitExceedsTimeout")
      }
    }))
})

describe("attemptTimeout", () => {
  it.effect("breaks an attempt off, counts it as failed, and retries it whatever `on` says", () =>
    Effect.gen(function*() {
      const { begun, effect, interrupted } = failing(5000)
      const { exit } = yield* ended(Stamina.retry(effect, { ...options, attempts: 3, attemptTimeout: "1 second" }))
      expect(begun).toEqual([0, 1100, 2300])
      expect(interrupted).toEqual([1000, 2100, 3300])
      expect(errorOf(exit)).toMatchObject({ _tag: "AttemptTimedOut", attempt: 3, after: Duration.seconds(1) })
      expect(reasonOf(errorOf(exit))).toBe("AttemptsExhausted")
    }))

  it.effect("leaves attempts alone that end in time", () =>
    Effect.gen(function*() {
      const { begun, effect } = failing(10)
      const { exit } = yield* ended(Stamina.retry(effect, { ...options, attempts: 3, attemptTimeout: "1 second" }))
      expect(begun).toHaveLength(3)
      expect(errorOf(exit)).toMatchObject({ _tag: "Flaky" })
    }))

  it.effect("works in retried and retryContext", () =>
    Effect.gen(function*() {
      const limits = { ...options, attempts: 2, attemptTimeout: 100 } as const
      const wrapped = failing(5000)
      yield* ended(Stamina.retried(limits)(() => wrapped.effect)())
      expect(wrapped.begun).toHaveLength(2)
      const block = failing(5000)
      yield* ended(Stamina.retryContext(limits, () => block.effect))
      expect(block.begun).toHaveLength(2)
    }))

  it.effect("is not made shorter by a deadline: one that comes first interrupts, and has its own error", () =>
    Effect.gen(function*() {
      const { begun, effect } = failing(5000)
      const { at, exit } = yield* ended(
        Stamina.retry(effect, { ...options, attemptTimeout: "3 seconds" }).pipe(Stamina.withDeadline("4 seconds"))
      )
      expect([begun, at]).toEqual([[0, 3100], 4000])
      expect(errorOf(exit)).toMatchObject({
        _tag: "DeadlineExceeded",
        cause: { _tag: "AttemptTimedOut", attempt: 1, after: Duration.seconds(3) }
      })
      expect(reasonOf(errorOf(exit))).toBe("DeadlineExceeded")
    }))

  it.effect("an inner run's AttemptTimedOut is for the outer run an error like any other", () =>
    Effect.gen(function*() {
      const { begun, effect } = failing(5000)
      const inner = Stamina.retry(effect, { ...options, attempts: 2, attemptTimeout: 100 })
      yield* ended(Stamina.retry(inner, { ...options, attempts: 3, attemptTimeout: "1 minute" }))
      expect(begun).toHaveLength(2)
    }))

  it.each([0, -1, NaN, "soon"])("refuses %s", (attemptTimeout) => {
    expect(() => Stamina.retry({ on: () => true, attemptTimeout: attemptTimeout as never })).toThrow(
      /^Stamina\.retry: attemptTimeout must be a duration > 0 or Duration\.infinity, got /
    )
  })
})
