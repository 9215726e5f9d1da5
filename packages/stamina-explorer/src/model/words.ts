/**
 * Numbers as people read them, in the words of the command line: both say the same of a policy.
 */
import { time } from "../../../stamina-cli/src/words.ts"

export { variableOf } from "../../../stamina-cli/src/variables.ts"
export { count, percent, range, time } from "../../../stamina-cli/src/words.ts"

/** A time at an axis, which needs no unit at its beginning. */
export const axisTime = (millis: number): string => millis === 0 ? "0" : time(millis)
