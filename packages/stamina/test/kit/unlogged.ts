/**
 * Keeping off the console what a test does not look at. `it.effect` does so by itself; what has a clock or a runtime of
 * its own does not.
 */
import { Effect, Logger } from "effect"

/** An effect whose log nobody sees. */
export const unlogged = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(self, Logger.CurrentLoggers, new Set<Logger.Logger<unknown, unknown>>())
