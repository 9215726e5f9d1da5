/**
 * SQL: which errors of a database are worth a retry, and transactions that are retried as a whole.
 *
 * **Unstable**, like the part of Effect that it stands on: `effect/sql` may change in a minor release, and this module
 * with it. It is no part of the main entry: `import * as SqlRetry from "effect-stamina/SqlRetry"`.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { TimedOut } from "../drive/RetryOptions.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import { eager } from "../tools/eager.ts"
import type { On } from "../verdict/RetryOn.ts"
import { isOutcomeUnknown as hasUnknownOutcome, isTransient } from "./classify.ts"
import type { Options, TransactionCombinator } from "./SqlRetryOptions.ts"
import { fromOptions, run } from "./transaction.ts"

export type { Options, TransactionCombinator } from "./SqlRetryOptions.ts"

/**
 * Whether an error says that the same work may well succeed if it is done again: an `on` for whatever retries.
 *
 * **Details**
 *
 * | reason                                      | retried | why                                                      |
 * | ------------------------------------------- | ------- | -------------------------------------------------------- |
 * | `SerializationError` (40001)                | yes     | lost against another transaction; nothing was done       |
 * | `DeadlockError` (40P01)                     | yes     | sacrificed so that another could go on; nothing was done |
 * | `LockTimeoutError` (55P03, SQLite's BUSY)   | yes     | who holds the lock lets go of it                         |
 * | `ConnectionError` (08…, broken sockets)     | yes     | servers restart, networks recover                        |
 * | `UnknownError` with 57P01, 57P02, 57P05     | yes     | the server has closed the connection                     |
 * | `UnknownError` with 57P03, 53300            | yes     | the server is starting up, or has no connection left     |
 * | `UnknownError` with ECONNRESET and the like | yes     | a driver that does not classify the errors of sockets    |
 * | `UnknownError` otherwise                    | no      | nobody knows what happened                               |
 * | `StatementTimeoutError` (57014)             | no      | would take as long again, of a database that is busy     |
 * | `UniqueViolation`, `ConstraintError`        | no      | the data is in the way, and stays there                  |
 * | `SqlSyntaxError`                            | no      | the statement is wrong, and stays so                     |
 * | `AuthenticationError`, `AuthorizationError` | no      | waiting changes no password and no right                 |
 *
 * Codes are those of the error that the driver keeps as the reason's `cause`. Not retried whatever the reason is what
 * may have been done: 08007 and 40003, by which a server says so, and an error that {@link isOutcomeUnknown} knows.
 * Whatever is no `SqlError` is not retried.
 *
 * **Gotchas**
 *
 * This differs from `SqlError.isRetryable`, which retries statement timeouts and no `UnknownError`; `@effect/sql-pg`,
 * for one, has no other reason for a server that shuts down.
 *
 * A single statement outside a transaction commits by itself. Where the connection is lost, nobody knows whether it did:
 * retry it only if it may be done twice, or put it in a {@link transaction}.
 *
 * Inside a transaction no statement can be retried by itself: after an error the database refuses all others.
 *
 * **Example** (A query that may be repeated)
 *
 * ```ts no-run
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as SqlRetry from "effect-stamina/SqlRetry"
 * import { SqlClient } from "effect/sql"
 *
 * export const accounts = Effect.gen(function*() {
 *   const sql = yield* SqlClient.SqlClient
 *   return yield* sql<{ id: number; balance: number }>`SELECT id, balance FROM accounts`
 * }).pipe(Stamina.retry({ ...SqlRetry.defaults, on: SqlRetry.on }))
 * ```
 *
 * @stability unstable
 * @category predicates
 * @since 0.1.0
 */
export const on = (error: unknown): boolean => isTransient(error)

/**
 * Whether an error came out of a {@link transaction} whose `COMMIT` was sent, or was about to be, when the connection
 * was lost: it may be committed, and it may not be.
 *
 * **Details**
 *
 * Such a transaction is not retried, for it might then be done twice, unless it is said to be `idempotent`; of that one
 * this is never true. Who gets such an error has to look: for a key that the transaction would have inserted, say.
 *
 * @stability unstable
 * @category predicates
 * @since 0.1.0
 */
export const isOutcomeUnknown = (error: unknown): boolean => hasUnknownOutcome(error)

/**
 * The policy of {@link transaction}: as everywhere in this library, but with waits of
 * `min(2 s, 10 ms · 2^(n−1) + u · 100 ms)`.
 *
 * **Details**
 *
 * Who lost against another transaction need not wait for a machine to recover, only for that transaction to end, which
 * takes milliseconds; the jitter is there so that those who have met once do not meet again. Nine such waits come to
 * 4.5 to 5.4 seconds, in which a server restarts. For a failover to another machine allow more: 20 attempts
 * wait for 25 seconds.
 *
 * @stability unstable
 * @category constructors
 * @since 0.1.0
 */
export const defaults: RetryPolicy.RetryPolicy = /*#__PURE__*/ RetryPolicy.make({
  waitInitial: "10 millis",
  waitJitter: "100 millis",
  waitMax: "2 seconds"
})

/**
 * Runs an effect in a transaction of the `SqlClient` around, and retries the whole transaction, never a statement in it.
 *
 * **Details**
 *
 * An attempt takes a connection, begins, runs the effect, and commits; if any of that fails, the transaction is rolled
 * back, the connection is given back, and what {@link on} holds to be transient is tried again from the start, after a
 * wait as in {@link defaults}. All options of `Stamina.retry` are there, hooks and reports see the same.
 *
 * Where the connection is lost during `COMMIT`, nobody knows whether the transaction was done. It is not retried then;
 * the error comes out, {@link isOutcomeUnknown} is true of it, and `stamina.commit_unknown` is logged as a warning. With
 * `idempotent: true` it is retried like anything else. An error by which the *database* refuses a `COMMIT`, such as a
 * serialization failure, is no such case: nothing was done.
 *
 * Inside another transaction of the same client nothing is retried, for only the outermost can be done again: the
 * effect runs once, between a savepoint and its release, and its error goes to the transaction around. That is logged
 * as `stamina.transaction_not_retried`, once per call: at debug level where the one around is a `SqlRetry.transaction`
 * too, which retries, else as a warning.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * The effect is run anew in each attempt, and whatever it did besides SQL is not undone: send the letter after the
 * transaction, or from `sql.afterCommit`.
 *
 * Where the connection is lost, SqlClient cannot send its `ROLLBACK`, and turns the failure into a defect on that
 * account. Here it stays what it was, since a lost connection is rolled back by the server; a
 * `sql.withTransaction` further inside still does that, and defects are not retried. Use this function there, too.
 *
 * A limit around it all, be it `Effect.timeout` or `Stamina.withDeadline`, does not break off a `COMMIT`, but may have
 * passed when that comes back: its success is then lost.
 *
 * **Example** (Moving money)
 *
 * ```ts no-run
 * import { Effect } from "effect"
 * import * as SqlRetry from "effect-stamina/SqlRetry"
 * import { SqlClient } from "effect/sql"
 *
 * export const transfer = Effect.fn("transfer")(function*(from: number, to: number, amount: number) {
 *   const sql = yield* SqlClient.SqlClient
 *   yield* sql`UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from}`
 *   yield* sql`UPDATE accounts SET balance = balance + ${amount} WHERE id = ${to}`
 * }, SqlRetry.transaction({ begin: "BEGIN ISOLATION LEVEL SERIALIZABLE" }))
 * ```
 *
 * @stability unstable
 * @category combinators
 * @since 0.1.0
 */
export function transaction<
  E = unknown,
  const O extends On<E | SqlError> = On<E | SqlError>,
  const T extends Duration.Input = never
>(
  options?: Options<O, T>
): unknown extends E ? TransactionCombinator<O, TimedOut<T>>
  : <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, NoInfer<E> | SqlError | TimedOut<T>, R | SqlClient>
export function transaction<
  A,
  E,
  R,
  const O extends On<E | SqlError> = On<E | SqlError>,
  const T extends Duration.Input = never
>(
  self: Effect.Effect<A, E, R>,
  options?: Options<O, T>
): Effect.Effect<A, E | SqlError | TimedOut<T>, R | SqlClient>
export function transaction(...args: ReadonlyArray<unknown>): unknown {
  const ready = (options: Options<unknown, Duration.Input> = {}) =>
    fromOptions("SqlRetry.transaction", options, { on, policy: defaults })
  return eager(args, Effect.isEffect, ready, run)
}
