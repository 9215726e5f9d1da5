/**
 * Time as decisions see it: monotonic, from the fiber's own `Clock`, in milliseconds.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** A reading of a fiber's monotonic clock, good for nothing but `millisSince`. */
export type Reading = bigint

/** The fiber's clock. */
export const of = (fiber: Fiber.Fiber<unknown, unknown>): Clock.Clock => fiber.getRef(Clock.Clock)

/** Reads the clock. */
export const read = (fiber: Fiber.Fiber<unknown, unknown>): Reading => of(fiber).monotonicTimeNanosUnsafe()

/** The time of the clock in milliseconds, with fractions. */
export const millis = (fiber: Fiber.Fiber<unknown, unknown>): number => Number(read(fiber)) / 1_000_000

/** Milliseconds, with fractions, from one reading to another. */
export const millisBetween = (start: Reading, end: Reading): number => Number(end - start) / 1_000_000

/** Milliseconds, with fractions, from an earlier reading to now. */
export const millisSince = (fiber: Fiber.Fiber<unknown, unknown>, start: Reading): number =>
  millisBetween(start, read(fiber))

/** Sleeps by a clock: `Effect.sleep` with a clock at hand, without the frames of its wrappers. */
export const sleep = (clock: Clock.Clock, millis: number): Effect.Effect<void> => clock.sleep(Duration.millis(millis))
