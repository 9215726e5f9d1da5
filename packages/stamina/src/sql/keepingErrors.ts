/**
 * `SqlClient.withTransaction`, except that a lost connection stays a typed failure.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SqlClient } from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { isLost } from "./classify.ts"

/**
 * Runs an effect in a transaction and fails with the effect's own failure, even if the connection is lost and
 * `ROLLBACK` cannot be sent. `withTransaction` makes defects of both. `whenDone` decides about a failure after the
 * effect has succeeded, mostly at `COMMIT`.
 */
export const keepingErrors = <A, E, R>(
  withTransaction: SqlClient["withTransaction"],
  self: Effect.Effect<A, E, R>,
  whenDone: (cause: Cause.Cause<E | SqlError>) => Effect.Effect<never, E | SqlError>
): Effect.Effect<A, E | SqlError, R> =>
  Effect.suspend(() => {
    const inside: { exit?: Exit.Exit<A, E> } = {}
    const noted = Effect.onExitPrimitive(self, (exit) => {
      inside.exit = exit
      return undefined
    })
    return Effect.catchCause(withTransaction(noted), (cause) => {
      const { exit } = inside
      if (exit === undefined) return Effect.failCause(cause)
      if (Exit.isSuccess(exit)) return whenDone(cause)
      return Effect.failCause(isLossOf(exit.cause.reasons, cause) ? exit.cause : cause)
    })
  })

/** Whether a cause holds nothing but the known reasons and lost connections. */
export const isLossOf = (known: ReadonlyArray<Cause.Reason<unknown>>, cause: Cause.Cause<unknown>): boolean => {
  const values = new Set(known.map(valueOf))
  return cause.reasons.every((reason) =>
    values.has(valueOf(reason)) || (reason._tag === "Die" && isSqlError(reason.defect) && isLost(reason.defect))
  )
}

const valueOf = (reason: Cause.Reason<unknown>): unknown =>
  reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : reason._tag
