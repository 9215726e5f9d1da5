/**
 * `SqlRetry` against SQLite: two connections to one file, in the way of each other, with Node's errors as they are.
 */
import { Cause, Effect, Exit, Layer, Semaphore, Stream } from "effect"
import { Stamina } from "effect-stamina"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { afterEach, beforeEach, expect, it } from "vitest"

let folder: string
let ours: DatabaseSync
let theirs: DatabaseSync

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "effect-stamina-sqlite-"))
  const open = () => new DatabaseSync(join(folder, "notes.db"), { timeout: 0 })
  ours = open()
  theirs = open()
  ours.exec("CREATE TABLE notes (attempt INTEGER); INSERT INTO notes VALUES (0)")
})

afterEach(() => {
  ours.close()
  theirs.close()
  rmSync(folder, { recursive: true })
})

const attempts = () => theirs.prepare("SELECT attempt FROM notes").all().map((row) => row["attempt"])

/** Whether what Node throws is classified, or comes as it is, as from a driver that does not know its numbers. */
type Classified = (cause: unknown) => SqlError.SqlErrorReason

const plain: Classified = (cause) => new SqlError.UnknownError({ cause })
const classified: Classified = (cause) =>
  SqlError.classifySqliteError(Object.assign(Object(cause), { errno: Object(cause).errcode }))
const wrapped: Classified = (cause) => plain(new Error("Failed query", { cause }))
const forms: ReadonlyArray<readonly [string, Classified]> = [
  ["an error that nobody has classified", plain],
  ["an error that is classified", classified],
  ["an error that is wrapped", wrapped]
]

const client = (classify: Classified) =>
  Effect.gen(function*() {
    const execute = (sql: string, parameters: ReadonlyArray<unknown>) =>
      Effect.try({
        // no statement here has other parameters
        try: () => ours.prepare(sql).all(...parameters as ReadonlyArray<SQLInputValue>),
        catch: (cause) => new SqlError.SqlError({ reason: classify(cause) })
      })
    const values = (sql: string, parameters: ReadonlyArray<unknown>) =>
      Effect.map(execute(sql, parameters), (rows) => rows.map((row) => Object.values(row)))
    const connection: SqlConnection.Connection = {
      execute,
      executeRaw: execute,
      executeStream: (sql, parameters) => Stream.fromIterableEffect(execute(sql, parameters)),
      executeValues: values,
      executeValuesUnprepared: values,
      executeUnprepared: execute
    }
    return yield* SqlClient.make({
      ...SqlClient.makeSqliteAcquirers({
        connection: Effect.succeed(connection),
        semaphore: yield* Semaphore.make(1),
        isTransaction: () => ours.isTransaction
      }),
      compiler: Statement.makeCompilerSqlite(),
      driver: "node-sqlite",
      spanAttributes: []
    })
  }).pipe(Effect.provide(Reactivity.layer))

/** Runs a transaction that writes its attempt; `onRetry` is called before each retry. */
const write = async (
  classify: Classified,
  options: {
    readonly first?: Effect.Effect<unknown, SqlError.SqlError, SqlClient.SqlClient>
    readonly onRetry: () => void
  }
) => {
  let attempt = 0
  const retried: Array<unknown> = []
  const transaction = Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    attempt++
    yield* options.first ?? Effect.void
    yield* sql`INSERT INTO notes VALUES (${attempt})`
  }).pipe(SqlRetry.transaction({ waitJitter: 0, waitInitial: "1 milli" }))
  const exit = await Effect.runPromise(
    Effect.exit(transaction).pipe(
      Effect.provide([
        Layer.effect(SqlClient.SqlClient, client(classify)),
        Stamina.layerHooks([{
          onRetryScheduled: ({ causedBy }) =>
            Effect.sync(() => {
              retried.push(causedBy)
              options.onRetry()
            })
        }])
      ])
    )
  )
  return { exit, retried }
}

const succeeded = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? expect.fail(Cause.pretty(exit.cause)) : undefined

it.each(forms)("COMMIT is refused while somebody reads, and the whole is done again: %s", async (_, classify) => {
  theirs.exec("BEGIN")
  theirs.prepare("SELECT * FROM notes").all()
  const { exit, retried } = await write(classify, {
    onRetry: () => {
      if (theirs.isTransaction) theirs.exec("COMMIT")
    }
  })
  succeeded(exit)
  expect(retried).toHaveLength(1)
  expect(retried.some(SqlRetry.isOutcomeUnknown)).toBe(false)
  expect(attempts()).toEqual([0, 2])
})

it.each(forms)("a snapshot that is too old to write to costs a retry: %s", async (_, classify) => {
  ours.exec("PRAGMA journal_mode = WAL")
  let isFirst = true
  const { exit, retried } = await write(classify, {
    first: Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SELECT * FROM notes`
      if (isFirst) theirs.exec("INSERT INTO notes VALUES (100)")
      isFirst = false
    }),
    onRetry: () => {}
  })
  succeeded(exit)
  expect(retried).toHaveLength(1)
  expect(attempts()).toEqual([0, 100, 2])
})

it.each(forms)("a deferred constraint at COMMIT is a refusal, and is not retried: %s", async (_, classify) => {
  ours.exec("PRAGMA foreign_keys = ON")
  ours.exec("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
  ours.exec("CREATE TABLE tagged (tag INTEGER REFERENCES tags (id) DEFERRABLE INITIALLY DEFERRED)")
  const { exit, retried } = await write(classify, {
    first: Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO tagged VALUES (1)`),
    onRetry: () => {}
  })
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : expect.fail("it has succeeded")
  expect(SqlRetry.isOutcomeUnknown(error)).toBe(false)
  expect([retried, attempts()]).toEqual([[], [0]])
})
