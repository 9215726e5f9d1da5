/**
 * One attempt of a run, as seen from inside.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * What a retried block knows about the attempt that it is: stamina's `Attempt`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt<out E = unknown> {
  /** The number of this attempt, 1 = the first. */
  readonly num: number
  /**
   * How long the wait will be, without jitter, if this attempt fails and is retried. Zero where retries are switched
   * off or in test mode.
   */
  readonly nextWait: Duration.Duration
  /** How many attempts may follow this one; 0 if retries are switched off. `Infinity` without a limit. */
  readonly attemptsLeft: number
  /** The error that the attempt before this one failed with; none in the first. */
  readonly previous: Option.Option<E>
}

/**
 * The attempt of the innermost `Stamina.retryContext` around, for code that is not handed its attempt; none outside.
 *
 * **Gotchas**
 *
 * Only `retryContext` provides it. `Stamina.retry` and `Stamina.retried` do not, so that a call that succeeds at once
 * costs next to nothing; inside `Effect.retry`, Effect's `Schedule.CurrentMetadata` says what is known.
 *
 * @category services
 * @since 0.1.0
 */
export const CurrentAttempt: Context.Reference<Option.Option<Attempt>> = Context.Reference(
  "effect-stamina/Attempt/CurrentAttempt",
  { defaultValue: () => Option.none() }
)
