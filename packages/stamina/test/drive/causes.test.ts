import { describe, expect, it, vi } from "@effect/vitest"
import { Cause, Data, Deferred, Effect, Exit, Fiber, Ref } from "effect"
import { RetryOn, Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import { unlogged } from "../kit/unlogged.ts"

class Flaky extends Data.TaggedError("Flaky")<{ readonly n: number }> {}
class Fatal extends Data.TaggedError("Fatal") {}

const options = { on: RetryOn.among("Flaky"), waitJitter: 0, attempts: 3 } as const

/** Every combinator, on an effect that counts its calls and fails with a cause. */
const combinators = [
  ["retry", <E>(self: Effect.Effect<void, E>) => Stamina.retry(self, options)],
  ["retryContext", <E>(self: Effect.Effect<void, E>) => Stamina.retryContext(options, () => self)],
  ["retried", <E>(self: Effect.Effect<void, E>) => Stamina.retried(options)(() => self)()]
] as const

const failing = <E>(cause: Cause.Cause<E>) => {
  const seen = { calls: 0 }
  return { seen, effect: Effect.suspend(() => (seen.calls++, Effect.failCause(cause))) }
}

describe.each(combinators)("what Stamina.%s makes of a cause", (_, retry) => {
  const outcome = Effect.fnUntraced(function*<E>(cause: Cause.Cause<E>) {
    const { effect, seen } = failing(cause)
    const fiber = yield* Effect.forkChild(Effect.exit(retry(effect)))
    yield* TestClock.adjust("10 seconds")
    return { exit: yield* Fiber.join(fiber), calls: seen.calls }
  })

  it.effect.each(
    [
      ["a defect", Cause.die("bug")],
      ["an interruption", Cause.interrupt(7)],
      ["a failure beside an interruption", Cause.combine(Cause.fail(new Flaky({ n: 1 })), Cause.interrupt(7))],
      ["a failure beside a defect", Cause.combine(Cause.fail(new Flaky({ n: 1 })), Cause.die("bug"))],
      ["a defect before a failure", Cause.combine(Cause.die("bug"), Cause.fail(new Flaky({ n: 1 })))],
      [
        "two failures of which the second must not be retried",
        Cause.combine(Cause.fail<Flaky | Fatal>(new Flaky({ n: 1 })), Cause.fail(new Fatal()))
      ],
      ["nothing at all", Cause.empty]
    ] as ReadonlyArray<readonly [string, Cause.Cause<unknown>]>
  )("%s is passed on as it is, after one call", ([, cause]) =>
    Effect.gen(function*() {
      const { calls, exit } = yield* outcome(cause)
      expect(calls).toBe(1)
      expect(Exit.isFailure(exit) && exit.cause.reasons).toEqual(cause.reasons)
    }))

  it.effect("two failures that both may be retried are retried, and the last cause comes out whole", () =>
    Effect.gen(function*() {
      const cause = Cause.combine(Cause.fail(new Flaky({ n: 1 })), Cause.fail(new Flaky({ n: 2 })))
      const { calls, exit } = yield* outcome(cause)
      expect(calls).toBe(3)
      expect(Exit.isFailure(exit) && exit.cause.reasons.map((reason) => Cause.isFailReason(reason) && reason.error))
        .toEqual(cause.reasons.map((reason) => Cause.isFailReason(reason) && reason.error))
    }))
})

describe("several failures", () => {
  it.effect("when two ask for waits of their own, the longer is granted", () =>
    Effect.gen(function*() {
      const cause = Cause.combine(Cause.fail(new Flaky({ n: 100 })), Cause.fail(new Flaky({ n: 700 })))
      const { effect, seen } = failing(cause)
      yield* Effect.forkChild(Effect.exit(Stamina.retry(effect, { on: (error) => error.n, attempts: 2 })))
      yield* TestClock.adjust(699)
      expect(seen.calls).toBe(1)
      yield* TestClock.adjust(1)
      expect(seen.calls).toBe(2)
    }))
})

describe("a failure with no error to speak of", () => {
  it.effect.each([undefined, null, 0, ""])("%s is retried only if `on` says so", (error) =>
    Effect.gen(function*() {
      const { effect, seen } = failing<unknown>(Cause.fail(error))
      const naming = Stamina.retry(effect, { on: (other) => other === "another" })
      yield* Effect.exit(naming.pipe(Stamina.withTesting({ attempts: 3 })))
      expect(seen.calls).toBe(1)
      const scheduled = Effect.retry(effect, staminaSchedule({ on: "Flaky" }))
      yield* Effect.exit(scheduled.pipe(Stamina.withTesting({ attempts: 3 })))
      expect(seen.calls).toBe(2)
    }))
})

describe("interrupting a fiber in mid-wait", () => {
  const waits = [
    ["Stamina.retry", (self: Effect.Effect<void, Flaky>) => Stamina.retry(self, { on: "Flaky" })],
    ["staminaSchedule", (self: Effect.Effect<void, Flaky>) => Effect.retry(self, staminaSchedule({ on: "Flaky" }))]
  ] as const

  it.effect.each(waits)(
    "ends %s at once, runs finalizers, and makes no further call",
    ([, retry]) =>
      Effect.gen(function*() {
        const { effect, seen } = failing(Cause.fail(new Flaky({ n: 1 })))
        const finalized = yield* Ref.make(false)
        const fiber = yield* Effect.forkChild(Effect.ensuring(retry(effect), Ref.set(finalized, true)))
        yield* TestClock.adjust(50)
        expect(seen.calls).toBe(1)
        yield* Fiber.interrupt(fiber)
        expect(yield* Ref.get(finalized)).toBe(true)
        expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBe(true)
        yield* TestClock.adjust("1 minute")
        expect(seen.calls).toBe(1)
      })
  )

  it.live.each(waits)("leaves no timer of %s behind", ([, retry]) =>
    Effect.gen(function*() {
      const started = vi.spyOn(globalThis, "setTimeout")
      const cleared = vi.spyOn(globalThis, "clearTimeout")
      const fiber = yield* Effect.forkChild(retry(Effect.fail(new Flaky({ n: 1 }))), { startImmediately: true })
      const timers = started.mock.results.map((result) => result.value)
      expect(timers).toHaveLength(1)
      yield* Fiber.interrupt(fiber)
      expect(cleared.mock.calls).toEqual([timers])
    }).pipe(Effect.ensuring(Effect.sync(() => vi.restoreAllMocks())), unlogged))

  it.effect("an attempt that is interrupted is not made again", () =>
    Effect.gen(function*() {
      let calls = 0
      const begun = yield* Deferred.make<void>()
      const attempt = Effect.suspend(() => (calls++, Deferred.succeed(begun, undefined))).pipe(
        Effect.andThen(Effect.never),
        // what a client makes of a cancelled request: an ordinary failure
        Effect.onInterrupt(() => Effect.void)
      )
      const fiber = yield* Effect.forkChild(Stamina.retry(attempt, { on: () => true }))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 minute")
      expect(calls).toBe(1)
    }))
})

describe("the scope of an attempt", () => {
  it.effect("is closed before the next attempt begins", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      let n = 0
      const attempt = Effect.gen(function*() {
        const id = ++n
        yield* Effect.acquireRelease(
          Effect.sync(() => log.push(`open ${id}`)),
          () => Effect.delay(Effect.sync(() => log.push(`close ${id}`)), "1 second")
        )
        if (id < 3) yield* new Flaky({ n: id })
      }).pipe(Effect.scoped)
      const fiber = yield* Effect.forkChild(Stamina.retry(attempt, { on: "Flaky", waitJitter: 0 }))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      expect(log).toEqual(["open 1", "close 1", "open 2", "close 2", "open 3", "close 3"])
    }))
})
