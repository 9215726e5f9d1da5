/**
 * Random numbers as decisions need them: from the fiber's own `Random`, and in [0, 1) whatever that says.
 */
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"

/** Draws a number. A `Random` that breaks its contract must not make a wait leave its bounds: `NaN` counts as 0. */
export const draw = (fiber: Fiber.Fiber<unknown, unknown>): number => {
  const u = fiber.getRef(Random.Random).nextDoubleUnsafe()
  return u >= 0 && u < 1 ? u : u >= 1 ? largest : 0
}

/** The largest number below 1. */
const largest = 1 - Number.EPSILON / 2
