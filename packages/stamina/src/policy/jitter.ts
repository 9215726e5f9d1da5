/**
 * Jitter, as it is set: a time, or a percentage of the wait.
 */
import type * as Duration from "effect/Duration"
import { checkWait } from "../tools/check.ts"
import type { Percentage } from "./model.ts"

/** Matches the texts that are percentages, and some above 100%, which are refused. */
export const percentagePattern = "^(\\d+(?:\\.\\d+)?(?:e-\\d+)?)%$"

const form = /*#__PURE__*/ new RegExp(percentagePattern)

/** What jitter may be beside a duration; follows the rule for that. */
export const orPercentage = " or a percentage from 0% to 100%"

/** Reads a percentage, and writes it in one way: `"20%"` for `"020.0%"`. */
export const readPercentage = (value: unknown): Percentage | undefined => {
  const percent = typeof value === "string" ? form.exec(value)?.[1] : undefined
  return percent !== undefined && Number(percent) <= 100 ? `${Number(percent)}%` : undefined
}

/** The jitter of a policy. */
export const checkJitter = (caller: string, value: unknown, field: string): Duration.Duration | Percentage =>
  readPercentage(value) ?? checkWait(caller, value, field, orPercentage)

/** The part that a percentage is: 0.2 for `"20%"`. */
export const partOf = (percentage: Percentage): number => Number(percentage.slice(0, -1)) / 100
