/**
 * `SqlRetry.transaction`: what goes in, what comes out.
 */
import { Data, type Effect } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { type SqlClient, type SqlError } from "effect/sql"

class Overdrawn extends Data.TaggedError("Overdrawn")<{ readonly by: number }> {}
class Unrelated extends Data.TaggedError("Unrelated") {}

interface Mail {
  readonly send: () => void
}

declare const transfer: Effect.Effect<number, Overdrawn | SqlError.SqlError, Mail | SqlClient.SqlClient>
declare const pure: Effect.Effect<string>

type Transfer = Effect.Effect<number, Overdrawn | SqlError.SqlError, Mail | SqlClient.SqlClient>

// alone, in a pipe, with the effect first
export const a: Transfer = SqlRetry.transaction(transfer)
export const b: Transfer = transfer.pipe(SqlRetry.transaction())
export const c: Transfer = transfer.pipe(SqlRetry.transaction({ attempts: 3, begin: "BEGIN IMMEDIATE" }))
export const d: Transfer = SqlRetry.transaction(transfer, { idempotent: true })
export const alone = SqlRetry.transaction({ attempts: 3 })
export const e: Transfer = alone(transfer)

// a transaction needs a client and can fail, whatever is in it
export const g: Effect.Effect<string, SqlError.SqlError, SqlClient.SqlClient> = SqlRetry.transaction(pure)
// @ts-expect-error
export const h: Effect.Effect<string, never, SqlClient.SqlClient> = SqlRetry.transaction(pure)
// @ts-expect-error
export const i: Effect.Effect<string, SqlError.SqlError> = SqlRetry.transaction(pure)

// another `on`, checked against the effect's errors and SqlError
export const j = transfer.pipe(
  SqlRetry.transaction({ on: { SqlError: SqlRetry.on, Overdrawn: (error) => error.by < 1 } })
)
export const k = transfer.pipe(SqlRetry.transaction({ on: ["SqlError", Overdrawn] }))
export const l = pure.pipe(SqlRetry.transaction({ on: "SqlError" }))
// @ts-expect-error
export const m = transfer.pipe(SqlRetry.transaction({ on: "SqlEror" }))
// @ts-expect-error
export const n = SqlRetry.transaction(transfer, { on: "Unrelated" })
const onOverdrawn = SqlRetry.transaction({ on: "Overdrawn" })
export const o: Transfer = onOverdrawn(transfer)
// @ts-expect-error
export const p = onOverdrawn(pure)

// the time limit adds its error
export const q: Effect.Effect<
  number,
  Overdrawn | SqlError.SqlError | Stamina.AttemptTimedOut,
  Mail | SqlClient.SqlClient
> = transfer.pipe(SqlRetry.transaction({ attemptTimeout: "1 second" }))
// @ts-expect-error
export const r: Transfer = transfer.pipe(SqlRetry.transaction({ attemptTimeout: "1 second" }))

// which `on` may name
export const v = transfer.pipe(
  SqlRetry.transaction({ attemptTimeout: "1 second", on: { SqlError: SqlRetry.on, AttemptTimedOut: false } })
)

// a hook in a pipe gets the effect's errors and SqlError, and no others
export const w: Transfer = transfer.pipe(
  SqlRetry.transaction({ on: (error) => error._tag === "Overdrawn" ? error.by < 1 : error.isRetryable })
)
// @ts-expect-error
export const x = transfer.pipe(SqlRetry.transaction({ on: (error) => error._tag === "Unrelated" }))

// the classification fits everything that takes an `on`
declare const query: Effect.Effect<number, SqlError.SqlError | Unrelated>
export const s: typeof query = query.pipe(Stamina.retry({ ...SqlRetry.defaults, on: SqlRetry.on }))
export const t: typeof query = query.pipe(Stamina.retry({ on: { SqlError: SqlRetry.on } }))
export const u = staminaSchedule({ on: SqlRetry.on })
