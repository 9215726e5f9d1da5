/**
 * What `SqlClient.withTransaction` makes of a connection that is lost, undone.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SqlClient } from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { isLost } from "./classify.ts"

/**
 * Runs an effect in a transaction and fails with what the effect has failed with, also where `ROLLBACK` could not be
 * sent because the connection was lost: which `withTransaction` takes for a defect, and the failure before it, too.
 * `whenDone` decides about a failure after the effect has succeeded, at `COMMIT` for the most part.
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

/** Whether all that a cause holds besides the reasons known is that the connection was lost. */
export const isLossOf = (known: ReadonlyArray<Cause.Reason<unknown>>, cause: Cause.Cause<unknown>): boolean => {
  const values = new Set(known.map(valueOf))
  return cause.reasons.every((reason) =>
    values.has(valueOf(reason)) || (reason._tag === "Die" && isSqlError(reason.defect) && isLost(reason.defect))
  )
}

const valueOf = (reason: Cause.Reason<unknown>): unknown =>
  reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : reason._tag
