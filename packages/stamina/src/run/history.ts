/**
 * The attempts of a run that failed, as many as may be kept: the first and the last few.
 */

/** An attempt that failed; times in milliseconds since the run began. */
export interface FailedAttempt<Run> {
  readonly num: number
  readonly start: number
  readonly duration: number
  readonly error: unknown
  readonly waitAfter: number
  /** The run of its own that the error came out of, inside this attempt. */
  readonly inner: Run | undefined
}

/** How many attempts are kept from either end. */
const kept = 5

/** Adds an attempt. Most runs never have another, so that an array that has room for many is not made for the first. */
export const added = <Run>(
  history: Array<FailedAttempt<Run>> | undefined,
  attempt: FailedAttempt<Run>
): Array<FailedAttempt<Run>> => {
  if (history === undefined) return [attempt]
  if (history.length === 2 * kept) history.splice(kept, 1)
  history.push(attempt)
  return history
}
