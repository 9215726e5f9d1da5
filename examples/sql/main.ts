/**
 * SQL: transactions that are retried as a whole, on a SQLite file that somebody else has locked.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect, Fiber, Latch } from "effect"
import { Stamina } from "effect-stamina"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { SqlClient, SqlError } from "effect/sql"
import { deepStrictEqual } from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Sqlite from "./sqlite.ts"

class Overdrawn extends Data.TaggedError("Overdrawn")<{ readonly account: string }> {}

/**
 * One attempt is all of this, from BEGIN to COMMIT. IMMEDIATE takes the lock for writing at once, so that nobody comes
 * between the balance that is read and the one that is written.
 */
const transfer = Effect.fn("transfer")(function*(from: string, to: string, amount: number) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ balance: number }>`SELECT balance FROM accounts WHERE name = ${from}`
  if (row === undefined || row.balance < amount) return yield* new Overdrawn({ account: from })
  yield* sql`UPDATE accounts SET balance = balance - ${amount} WHERE name = ${from}`
  yield* sql`UPDATE accounts SET balance = balance + ${amount} WHERE name = ${to}`
}, SqlRetry.transaction({ begin: "BEGIN IMMEDIATE", waitJitter: 0 }))

const balances = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ name: string; balance: number }>`SELECT name, balance FROM accounts ORDER BY name`
  return rows.map(({ balance, name }) => `${name} ${balance}`).join(", ")
})

const setUp = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE accounts (name TEXT PRIMARY KEY, balance INTEGER NOT NULL)`
  yield* sql`INSERT INTO accounts VALUES ('Ada', 100), ('Grace', 0)`
})

const program = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-stamina-sql-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const [ours, theirs] = [Sqlite.layer(join(folder, "bank.db")), Sqlite.layer(join(folder, "bank.db"))]
  yield* setUp.pipe(Effect.provide(ours))

  // somebody else has the lock until we have been turned away three times
  const [locked, letGo] = [yield* Latch.make(), yield* Latch.make()]
  const other = yield* Effect.forkChild(
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql.withTransaction(Effect.andThen(locked.open, letGo.await)).pipe(
        Effect.provideService(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")
      )).pipe(Effect.provide(theirs))
  )
  yield* locked.await

  const seen: Array<string> = []
  const watching = Stamina.layerHooks([{
    onRetryScheduled: ({ causedBy, name, retryNum }) => {
      const reason = SqlError.isSqlError(causedBy) ? causedBy.reason._tag : "?"
      seen.push(`${name}: retry ${retryNum}, ${reason}`)
      return retryNum === 3 ? Effect.andThen(letGo.open, Fiber.await(other)) : Effect.void
    }
  }])

  yield* Effect.gen(function*() {
    yield* transfer("Ada", "Grace", 30)
    yield* Console.log(seen.join("\n"))
    // transfer: retry 1, LockTimeoutError
    // transfer: retry 2, LockTimeoutError
    // transfer: retry 3, LockTimeoutError
    deepStrictEqual(seen.splice(0).length, 3)

    // who has not enough has not enough the second time either
    const error = yield* Effect.flip(transfer("Ada", "Grace", 100))
    yield* Console.log(`${error._tag}, after ${seen.length} retries`)
    // Overdrawn, after 0 retries
    deepStrictEqual(error, new Overdrawn({ account: "Ada" }))

    const found = yield* balances
    yield* Console.log(found)
    // Ada 70, Grace 30
    deepStrictEqual(found, "Ada 70, Grace 30")
  }).pipe(Effect.provide([ours, watching]))
})

program.pipe(Effect.scoped, NodeRuntime.runMain)
