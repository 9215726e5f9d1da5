/**
 * SQL: which database errors are worth a retry, and transactions that are retried as a whole.
 *
 * **Unstable**, like the part of Effect that it builds on: `effect/sql` may change in a minor release, and this module
 * with it. It has its own entry: `import * as SqlRetry from "effect-stamina/SqlRetry"`.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { TimedOut } from "../drive/model.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import { eager } from "../tools/dataFirstOrLast.ts"
import type { AnyOn, BackoffHook, On, Unbound } from "../verdict/RetryOn.ts"
import { isOutcomeUnknown as hasUnknownOutcome, isTransient } from "./classify.ts"
import type { Options, TransactionCombinator } from "./model.ts"
import { fromOptions, run } from "./transaction.ts"

export type { TimedOut } from "../drive/model.ts"
export type { Options, TransactionCombinator } from "./model.ts"

/**
 * Whether a database error is transient: the same work may succeed if it is done again. It serves as `on` for every
 * retry of this library.
 *
 * **Details**
 *
 * | reason                                      | retried | why                                                       |
 * | ------------------------------------------- | ------- | --------------------------------------------------------- |
 * | `SerializationError` (40001)                | yes     | lost against another transaction; nothing was done        |
 * | `DeadlockError` (40P01)                     | yes     | sacrificed so that another could go on; nothing was done  |
 * | `LockTimeoutError` (55P03, SQLite's BUSY)   | yes     | the holder of the lock will release it                    |
 * | `ConnectionError` (08…, broken sockets)     | yes     | servers restart, networks recover                         |
 * | `ConnectionError` for a certificate, or TLS | no      | it stays so, however often a connection is made           |
 * | `UnknownError` that means one of the above  | yes     | not all drivers classify errors; some wrap them           |
 * | `UnknownError` with 57P01, 57P02, 57P05     | yes     | the server closed the connection                          |
 * | `UnknownError` with 25P03                   | yes     | the session idled in a transaction; it was rolled back    |
 * | `UnknownError` with 57P03, 53300            | yes     | the server is starting, or has no connection left         |
 * | `UnknownError` of a pool without connection | yes     | somebody will give one back                               |
 * | `UnknownError` for a stale prepared plan    | yes     | a migration changed the table; the driver prepares anew   |
 * | `UnknownError` otherwise                    | no      | nobody knows what happened                                |
 * | `StatementTimeoutError` (57014)             | no      | would take as long again, on a database that is busy      |
 * | `UniqueViolation`, `ConstraintError`        | no      | the conflicting data stays there                          |
 * | `SqlSyntaxError`                            | no      | the statement stays wrong                                 |
 * | `AuthenticationError`, `AuthorizationError` | no      | waiting changes neither password nor privileges           |
 *
 * The code is looked for in the reason's `cause`, then in the causes of that; the outermost code that is known decides.
 * Some drivers report that there is no connection by a message alone: those messages are known as well. `docs/sql.md` lists all
 * codes and messages, with their sources.
 *
 * An error of work that may have been done is never retried, whatever its reason: 08007 and 40003, with which the
 * server says so, and errors that {@link isOutcomeUnknown} knows. Neither is a connection that the program itself has
 * closed, or anything that is not a `SqlError`.
 *
 * **Gotchas**
 *
 * This differs from `SqlError.isRetryable`, which retries statement timeouts and no `UnknownError`. `@effect/sql-pg`
 * has no other reason for a server that shuts down.
 *
 * A single statement outside a transaction commits by itself. If its connection breaks, nobody knows whether it did.
 * Retry it only if it may run twice, or put it in a {@link transaction}.
 *
 * A statement inside a transaction cannot be retried by itself: after an error the database refuses all others.
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
 * Whether an error came out of a {@link transaction} whose `COMMIT` got no answer of the database, or whose connection was
 * lost just before: the transaction may or may not be committed.
 *
 * **Details**
 *
 * It is true for every error of `COMMIT` that is not known to be a refusal. `docs/sql.md` lists the refusals.
 *
 * Such a transaction is not retried, because that might do it twice. With the option `idempotent`, `on` decides about it,
 * and its error never counts as unknown. Handle the error by a look into the database, for example for a key that the
 * transaction inserts.
 *
 * @stability unstable
 * @category predicates
 * @since 0.1.0
 */
export const isOutcomeUnknown = (error: unknown): boolean => hasUnknownOutcome(error)

/**
 * The policy of {@link transaction}: the defaults of this library, with shorter waits:
 * `min(2 s, 10 ms · 2^(n−1) + u · 100 ms)`.
 *
 * **Details**
 *
 * After a conflict, a transaction waits only for the other one to end, which takes milliseconds. The jitter keeps the
 * two from meeting again. Nine such waits add up to 4.5 to 5.4 seconds, enough for a server to restart. A failover to
 * another machine takes longer: 20 attempts wait for 25 seconds.
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
 * Runs an effect in a transaction of the current `SqlClient`, and retries the whole transaction, never a single
 * statement.
 *
 * **Details**
 *
 * An attempt takes a connection, begins, runs the effect, and commits. If any of that fails, the transaction is rolled
 * back and the connection is released. If {@link on} calls the error transient, the next attempt starts from the
 * beginning, after a wait as in {@link defaults}. All options of `Stamina.retry` work here; hooks and reports see the
 * same.
 *
 * When the *database* refuses a `COMMIT`, for example with a serialization failure, nothing was done, and `on` decides. Any
 * other failure of `COMMIT`, such as a connection that breaks, leaves open whether the transaction was done, so it is not
 * retried, whatever `on` says. The error comes out, {@link isOutcomeUnknown} is true for it, and `stamina.commit_unknown`
 * is logged as a warning. With `idempotent: true`, `on` decides about these as well.
 *
 * Statements that run at the same time can fail together: one with the real error, the others with 25P02, which only
 * says that an earlier statement has failed. The real error decides.
 *
 * Inside another transaction of the same client nothing is retried, because only the outermost transaction can be done
 * again. The effect runs once, between a savepoint and its release, and its error goes to the transaction around. Each
 * call logs `stamina.transaction_not_retried`: at debug level if the transaction around is a `SqlRetry.transaction`,
 * which retries, else as a warning.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * Each attempt runs the effect anew, and only the database forgets failed attempts. Send the letter after the
 * transaction, or from `sql.afterCommit`.
 *
 * If the connection breaks, `SqlClient` cannot send its `ROLLBACK` and turns the failure into a defect. This function
 * keeps the failure, because the server rolls back lost connections by itself. A `sql.withTransaction` further inside
 * still makes a defect of it, and defects are not retried. Use this function there, too.
 *
 * A limit around it, `Effect.timeout` or `Stamina.withDeadline`, interrupts neither `COMMIT` nor `ROLLBACK`. If it
 * passes while `COMMIT` runs, the caller sees the timeout although the transaction is committed.
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
export function transaction<const T extends Duration.Input | undefined = undefined>(
  options?: Options<undefined, T>
): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError | TimedOut<T>, R | SqlClient>
export function transaction<E, const T extends Duration.Input | undefined = undefined>(
  options: Options<BackoffHook<NoInfer<E> | SqlError>, T>
): <A, R, E2 = E>(
  self: Effect.Effect<A, E, R> & Effect.Effect<A, E2, R>
) => Effect.Effect<A, E2 | SqlError | TimedOut<T>, R | SqlClient>
export function transaction<E = Unbound, const T extends Duration.Input | undefined = undefined>(
  options: Options<NoInfer<[E] extends [Unbound] ? never : On<E | SqlError>>, T>
): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError | TimedOut<T>, R | SqlClient>
export function transaction<const O extends AnyOn, const T extends Duration.Input | undefined = undefined>(
  options: Options<O, T>
): TransactionCombinator<O, TimedOut<T>>
export function transaction<A, E, R, const T extends Duration.Input | undefined = undefined>(
  self: Effect.Effect<A, E, R>,
  options?: Options<On<E | SqlError>, T>
): Effect.Effect<A, E | SqlError | TimedOut<T>, R | SqlClient>
export function transaction(...args: ReadonlyArray<unknown>): unknown {
  const ready = (options: Options<unknown, Duration.Input | undefined> = {}) =>
    fromOptions("SqlRetry.transaction", options, { on, policy: defaults })
  return eager(args, { caller: "SqlRetry.transaction", is: Effect.isEffect, rule: "an Effect" }, ready, run)
}
