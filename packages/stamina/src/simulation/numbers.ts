/**
 * The rules for the numbers of a simulation.
 */
import * as Duration from "effect/Duration"
import { checkTimeout, checkWait, refuse } from "../tools/check.ts"

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

/** Where random numbers begin. */
export const checkSeed = (caller: string, value: unknown): number =>
  Number.isSafeInteger(value) ? value as number : refuse(caller, "seed", "an integer", value)

/** A time in milliseconds; `Infinity` where it is not limited. */
export const checkLimit = (caller: string, value: unknown, field: string): number =>
  value === undefined ? Infinity : Duration.toMillis(checkTimeout(caller, value, field))

/** A time in milliseconds, finite and not below 0. */
export const checkMillis = (caller: string, value: unknown, field: string): number =>
  Duration.toMillis(checkWait(caller, value, field))

/** A time in milliseconds, finite and above 0. */
export const checkSpan = (caller: string, value: unknown, field: string): number => {
  const millis = checkMillis(caller, value, field)
  return millis > 0 ? millis : refuse(caller, field, "a finite duration > 0", value)
}

/** Returns a value that keeps a rule. */
export const refuseUnless = <A>(keeps: boolean, caller: string, field: string, rule: string, value: A): A =>
  keeps ? value : refuse(caller, field, rule, value)
