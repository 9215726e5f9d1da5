import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** Runs an effect to its end while time passes as it sleeps: an hour of it, in no time. */
export const inTime = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })
