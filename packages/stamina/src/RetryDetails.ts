/**
 * What is known about a retry that is about to happen.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/**
 * What a hook sees when a retry was scheduled: the fields of Python's stamina, and the time elapsed.
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
  /** The error that causes this retry: the very object that the attempt failed with. */
  readonly causedBy: unknown
}
