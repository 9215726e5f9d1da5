/**
 * The rules for the numbers of a simulation.
 */
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import { onBehalfOf, refuse } from "./check.ts"

/** A whole number of at least 1, at most `max`. */
export const checkCount = (caller: string, value: unknown, field: string, max: number = Number.MAX_VALUE): number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max
    ? value
    : refuse(caller, field, `an integer >= 1${max < Number.MAX_VALUE ? ` and <= ${max}` : ""}`, value)

/** As many runs or clients as fit into the memory of a common machine. */
export const most = 10_000_000

/** A probability. */
export const checkChance = (caller: string, value: unknown, field: string): number =>
  typeof value === "number" && value >= 0 && value <= 1 ? value : refuse(caller, field, "a number from 0 to 1", value)

/** A number above 0, at most `max`. */
export const checkPositive = (caller: string, value: unknown, field: string, max: number = Number.MAX_VALUE): number =>
  typeof value === "number" && value > 0 && value <= max
    ? value
    : refuse(caller, field, `a number > 0${max < Number.MAX_VALUE ? ` and <= ${max}` : ""}`, value)

/** The start of random numbers. */
export const checkSeed = (caller: string, value: unknown): number =>
  Number.isSafeInteger(value) ? value as number : refuse(caller, "seed", "an integer", value)

/** A time in milliseconds; `Infinity` if it is not limited. */
export const checkLimit = (caller: string, value: unknown, field: string): number =>
  value === undefined ? Infinity : Duration.toMillis(byPolicy(caller, "timeout", value, field))

/** A time in milliseconds, finite and not below 0. */
export const checkMillis = (caller: string, value: unknown, field: string): number =>
  value === undefined
    ? refuse(caller, field, "a finite duration >= 0", value)
    : Duration.toMillis(byPolicy(caller, "waitInitial", value, field))

/** A time in milliseconds, finite and above 0. */
export const checkSpan = (caller: string, value: unknown, field: string): number => {
  const millis = checkMillis(caller, value, field)
  return millis > 0 ? millis : refuse(caller, field, "a finite duration > 0", value)
}

/** Reads a duration as the policy's field does, which refuses what `Duration.fromInput` takes for zero. */
const byPolicy = (
  caller: string,
  as: "timeout" | "waitInitial",
  value: unknown,
  field: string
): Duration.Duration =>
  // any value: the policy checks it
  onBehalfOf(
    caller,
    () => RetryPolicy.make({ [as]: value as Duration.Input })[as],
    (message) => message.replace(as, field)
  )
