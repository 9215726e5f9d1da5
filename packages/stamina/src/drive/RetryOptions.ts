/**
 * What every function that retries takes: the policy's fields, what to retry, and a name.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { Nesting } from "../around/Nesting.ts"
import type * as RetryPolicy from "../policy/RetryPolicy.ts"

/**
 * The options of everything that retries: what to retry, how, and under which name.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScheduleOptions<out On> extends RetryPolicy.Input {
  /** What is retried: see `RetryOn.On`. Required: nothing is retried that is not named. */
  readonly on: On
  /**
   * What is retried, for people: the label `callable` in metrics and logs. Default: the name of the span around the
   * retry, else `"<unnamed>"`.
   */
  readonly name?: string | undefined
  /**
   * What to do about an error on which a run inside this one has given up: retry it all the same (`"allow"`), or stop
   * with `AlreadyRetried` (`"once"`). Default: what `Nesting.CurrentNesting` says, which is `"allow"`.
   */
  readonly nested?: Nesting | undefined
}

/**
 * The options of what makes the attempts itself: `Stamina.retry`, `retried` and `retryContext`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions<out On, out Timeout extends Duration.Input = never> extends ScheduleOptions<On> {
  /**
   * How long one attempt may take: longer than 0. It is then interrupted and counts as failed, with `AttemptTimedOut`,
   * which is retried whatever `on` says. Never longer than the deadline around leaves. Default: as long as it takes.
   */
  readonly attemptTimeout?: Timeout | undefined
  /**
   * Whether each attempt and each wait gets a span of its own, `stamina.attempt` and `stamina.wait`, below the current
   * one. Default `false`.
   */
  readonly spans?: boolean | undefined
}

/**
 * The options of `Stamina.retryStream`. An attempt is a time that the stream is begun.
 *
 * @category models
 * @since 0.1.0
 */
export interface StreamOptions<out On> extends ScheduleOptions<On> {
  /**
   * How long a stream has to last, longer than 0, from its first element to its failure, for that failure to count as
   * the first one: attempts, timeout and waits then start afresh. Default: they never do.
   */
  readonly resetAfter?: Duration.Input | undefined
  /**
   * How often the stream is begun at most, however often `resetAfter` lets the attempts start afresh: an integer ≥ 1,
   * or `Infinity`. Default: 1000, or `attempts` where that is more.
   */
  readonly attemptsInAll?: number | undefined
}
