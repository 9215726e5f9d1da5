/**
 * The options of `SqlRetry.transaction`, and the type that it returns.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { CommonRetryOptions } from "../drive/model.ts"
import type { Retryable } from "../verdict/RetryOn.ts"

/**
 * The options of `SqlRetry.transaction`: those of `Stamina.retry` and a few more. None is required.
 *
 * @stability unstable
 * @category models
 * @since 0.1.0
 */
export interface Options<out On, out Timeout extends Duration.Input | undefined = undefined>
  extends CommonRetryOptions
{
  /** Which errors are retried. Default: `SqlRetry.on`. */
  readonly on?: On | undefined
  /**
   * How long the effect may take in one attempt: longer than 0. It is then interrupted and rolled back, and the attempt
   * fails with `AttemptTimedOut`, which is retried unless `on` names it and says no. The wait for a connection and
   * `COMMIT`, which is never interrupted, do not count. Default: no limit.
   */
  readonly attemptTimeout?: Timeout | undefined
  /**
   * The statement that begins the transaction, in place of the client's: `"BEGIN ISOLATION LEVEL SERIALIZABLE"` in
   * PostgreSQL, `"BEGIN IMMEDIATE"` in SQLite. It is sent unchanged. Inside another transaction it has no effect.
   */
  readonly begin?: string | undefined
  /**
   * Whether the transaction may be committed twice. `on` then decides even about a `COMMIT` that got no answer. Default
   * `false`.
   */
  readonly idempotent?: boolean | undefined
}

/**
 * A transaction built from options only. It accepts any effect whose errors include those named in `on`.
 *
 * @stability unstable
 * @category models
 * @since 0.1.0
 */
export interface TransactionCombinator<O, TimedOut = never> {
  <A, E, R>(
    self: Effect.Effect<A, E, R> & Retryable<E | SqlError, O, "effect">
  ): Effect.Effect<A, E | SqlError | TimedOut, R | SqlClient>
}
