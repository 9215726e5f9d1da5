/**
 * SQLite for `effect/sql`, as much of it as this example needs: Node's own, one connection to a file.
 */
import { Effect, Layer, Predicate, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

export const layer = (file: string) =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.gen(function*() {
      const database = yield* Effect.acquireRelease(
        // what is locked is for us to wait for
        Effect.sync(() => new DatabaseSync(file, { timeout: 0 })),
        (database) => Effect.sync(() => database.close())
      )

      const execute = (sql: string, parameters: ReadonlyArray<unknown>) =>
        Effect.try({
          try: () => database.prepare(sql).all(...parameters as ReadonlyArray<SQLInputValue>),
          catch: (cause) => new SqlError.SqlError({ reason: SqlError.classifySqliteError(withNumber(cause)) })
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
          isTransaction: () => database.isTransaction
        }),
        compiler: Statement.makeCompilerSqlite(),
        driver: "node-sqlite",
        spanAttributes: []
      })
    })
  ).pipe(Layer.provide(Reactivity.layer))

/** Node calls the number of SQLite's error `errcode`, and Effect looks for `errno`. */
const withNumber = (cause: unknown): unknown =>
  Predicate.hasProperty(cause, "errcode") ? Object.assign(cause, { errno: cause.errcode }) : cause
