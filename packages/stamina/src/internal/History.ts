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

export class History<Run> {
  readonly attempts: Array<FailedAttempt<Run>> = []
  /** How many are left out between the first and the last few. */
  omitted = 0

  add(attempt: FailedAttempt<Run>): void {
    if (this.attempts.length === 2 * kept) {
      this.attempts.splice(kept, 1)
      this.omitted++
    }
    this.attempts.push(attempt)
  }
}
