/**
 * What the engine has in PostgreSQL of a run: read from its tables, past all of our own code but the schemas.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AttemptRecord, Begun } from "../../src/workflow/record.ts"

/** The records of a run in a database, by their numbers. */
export interface Records {
  readonly attempts: ReadonlyMap<number, AttemptRecord>
  readonly begun: ReadonlyMap<number, Begun>
}

/** Runs a statement from outside. */
export const query = <A>(
  { database, port }: { readonly port: number; readonly database: string },
  statement: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>
): Promise<ReadonlyArray<A>> =>
  Effect.runPromise(
    Effect.flatMap(SqlClient.SqlClient, statement).pipe(
      Effect.provide(PgClient.layer({ host: "127.0.0.1", port, database, ssl: false, username: "postgres" }))
    )
  )

let databases = 0

/** A database of its own for a run: its engine is alone there. */
export const openDatabase = async (port: number): Promise<string> => {
  const database = `run_${++databases}`
  await query({ port, database: "postgres" }, (sql) => sql`CREATE DATABASE ${sql(database)}`)
  return database
}

const request = Schema.fromJsonString(Schema.Struct({ name: Schema.String, attempt: Schema.Int }))

/** What an activity has come to: these never fail. */
const replyOf = <A>(record: Schema.Codec<A, unknown>) =>
  Schema.fromJsonString(
    Schema.Struct({
      value: Schema.Struct({
        exit: Schema.Struct({ _tag: Schema.Literal("Success"), value: Schema.toCodecJson(record) })
      })
    })
  )

const [readRequest, readRecord, readBegun] = [
  Schema.decodeSync(request),
  Schema.decodeUnknownSync(replyOf(AttemptRecord)),
  Schema.decodeUnknownSync(replyOf(Begun))
]

export const recordsOf = async (job: { readonly port: number; readonly database: string }): Promise<Records> => {
  const rows = await query(job, (sql) =>
    sql<{ request: string; reply: string }>`
      SELECT m.payload AS request, r.payload AS reply
      FROM cluster_messages m JOIN cluster_replies r ON r.request_id = m.request_id
      WHERE m.entity_type = 'Workflow/Pay' AND m.tag = 'activity' ORDER BY m.rowid`)
  const attempts = new Map<number, AttemptRecord>()
  const begun = new Map<number, Begun>()
  for (const row of rows) {
    const { attempt, name } = readRequest(row.request)
    const [activity, num, begin] = name.split("/")
    if (activity !== "call") continue
    // that an attempt begins is an activity without attempts
    if (begin === undefined) note(attempts, attempt, readRecord(row.reply).value.exit.value)
    else note(begun, Number(num), readBegun(row.reply).value.exit.value)
  }
  return { attempts, begun }
}

const note = <A>(records: Map<number, A>, num: number, record: A): void => {
  if (records.has(num)) throw new Error(`attempt ${num} was recorded twice`)
  records.set(num, record)
}
