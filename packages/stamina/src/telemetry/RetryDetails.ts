/**
 * What hooks see: a retry that is about to happen, and how a run that needed one ended.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type { GiveUpReason } from "../run/Decision.ts"

/**
 * A retry that was scheduled: the fields of Python's stamina, and two times more.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryDetails {
  /** What is being retried: the option `name`, else the current span's name, else `"<unnamed>"`. */
  readonly name: string
  /** The number of the retry, 1 = the first, that is the second attempt. */
  readonly retryNum: number
  /** The wait that now begins. */
  readonly waitFor: Duration.Duration
  /** The waits before this one, added up. */
  readonly waitedSoFar: Duration.Duration
  /** The time from just before the first attempt to the failure that causes this retry. */
  readonly elapsed: Duration.Duration
  /** How long the attempt took that failed. */
  readonly attemptTook: Duration.Duration
  /** How many attempts runs inside that attempt had made before the error came out of them; 0 if it came out of none. */
  readonly attemptsInside: number
  /** The error that causes this retry: the very object that the attempt failed with. */
  readonly causedBy: unknown
}

/**
 * A run that needed a retry and has ended.
 *
 * **Gotchas**
 *
 * A schedule does not see when an attempt begins. There, an attempt is taken to begin when the schedule's wait is over.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetriedRun {
  /** What was retried, as in {@link RetryDetails}. */
  readonly name: string
  /** How many attempts were made, the first one included. */
  readonly attempts: number
  /**
   * How many calls that comes to: as `attempts`, but where an attempt's error came out of a run inside, the attempts of
   * that run count in its place.
   */
  readonly calls: number
  /** The time from just before the first attempt to the end. */
  readonly elapsed: Duration.Duration
  /** How much of that was spent inside attempts. */
  readonly inAttempts: Duration.Duration
  /** How much of that was spent between attempts: waiting, for the most part. */
  readonly waited: Duration.Duration
  /** How long the last attempt took; zero if the run was interrupted in mid-wait. */
  readonly attemptTook: Duration.Duration
}

/**
 * A run that failed although its error is one to retry, or that failed for good after a retry.
 *
 * @category models
 * @since 0.1.0
 */
export interface GaveUp extends RetriedRun {
  readonly reason: GiveUpReason
  /** The limits that the run had. */
  readonly limits: {
    readonly attempts: number
    readonly timeout: Duration.Duration
  }
  /** The wait that the run was given up for, and what was left for it, where the reason is one of time. */
  readonly refused: Option.Option<{ readonly wait: Duration.Duration; readonly left: Duration.Duration }>
  /** What comes out: the last error, the very object; or the defect that ended the run. */
  readonly causedBy: unknown
}
