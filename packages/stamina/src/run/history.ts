/**
 * The failed attempts of a run: the first and the last few.
 */

/** A failed attempt; times in milliseconds since just before the first attempt. */
export interface FailedAttempt<Run> {
  readonly num: number
  readonly start: number
  readonly duration: number
  readonly error: unknown
  readonly waitAfter: number
  /** The run inside this attempt that the error came out of. */
  readonly inner: Run | undefined
}

/** How many attempts are kept from either end. */
const kept = 5

/** Adds an attempt. Most runs fail once, so the array starts with room for one. */
export const added = <Run>(
  history: Array<FailedAttempt<Run>> | undefined,
  attempt: FailedAttempt<Run>
): Array<FailedAttempt<Run>> => {
  if (history === undefined) return [attempt]
  if (history.length === 2 * kept) history.splice(kept, 1)
  history.push(attempt)
  return history
}
