/**
 * Time as decisions see it: monotonic, from the fiber's own `Clock`, in milliseconds.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** A reading of a fiber's monotonic clock, good for nothing but `millisSince`. */
export type Reading = bigint

/** Reads the clock. */
export const read = (fiber: Fiber.Fiber<unknown, unknown>): Reading =>
  fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()

/** Milliseconds, with fractions, from one reading to another. */
export const millisBetween = (start: Reading, end: Reading): number => Number(end - start) / 1_000_000

/** Milliseconds, with fractions, from an earlier reading to now. */
export const millisSince = (fiber: Fiber.Fiber<unknown, unknown>, start: Reading): number =>
  millisBetween(start, read(fiber))

/** Sleeps as the fiber's clock does: `Effect.sleep` for who has the fiber, without the frames of its wrappers. */
export const sleep = (fiber: Fiber.Fiber<unknown, unknown>, millis: number): Effect.Effect<void> =>
  fiber.getRef(Clock.Clock).sleep(Duration.millis(millis))
