/**
 * Numbers as people read them, in the words of the command line: both say the same of a policy.
 */
import { time } from "effect-stamina-lab/Words"

export { count, percent, range, time, variableOf } from "effect-stamina-lab/Words"

/** A time at an axis, which needs no unit at its beginning. */
export const axisTime = (millis: number): string => millis === 0 ? "0" : time(millis)
