/**
 * Random numbers from a list.
 */
import type * as Random from "effect/Random"
import { refuse } from "../tools/check.ts"

/** A `Random` that draws the numbers of a list one after the other, again and again, on behalf of the function `caller`. */
export const scripted = (caller: string, numbers: ReadonlyArray<number>): Random.Random => {
  if (!Array.isArray(numbers) || numbers.length === 0 || !numbers.every((u) => u >= 0 && u < 1)) {
    return refuse(caller, "random", "a non-empty array of numbers from 0 up to but not 1", numbers)
  }
  let draws = 0
  const next = () => numbers[draws++ % numbers.length] ?? 0
  return {
    nextDoubleUnsafe: next,
    // where the number lies in its range, the integer lies in that of all safe ones
    nextIntUnsafe: () => Math.round((2 * next() - 1) * Number.MAX_SAFE_INTEGER)
  }
}
