/**
 * `SqlRetry` against a real PostgreSQL: what hooks saw is compared with what the database has.
 */
import { PgClient } from "@effect/sql-pg"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Logger, Schedule } from "effect"
import { type RetryEvent, type RetryHook, Stamina } from "effect-stamina"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlError } from "effect/sql"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { TLSSocket } from "node:tls"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Server, startServer } from "./kit/postgres.ts"
import { startProxy } from "./kit/proxy.ts"

let server: Server

beforeAll(async () => {
  server = await startServer()
}, 60_000)

afterAll(() => server?.stop())

type Row = Readonly<Record<string, unknown>>

const clientOf = (port: number, maxConnections: number) =>
  PgClient.layer({
    host: "127.0.0.1",
    port,
    ssl: false,
    username: "postgres",
    database: "postgres",
    maxConnections
  })

/** What hooks and logs have said, and how often the effect was run. */
class Seen {
  attempts = 0
  readonly retries: Array<RetryEvent.RetryScheduled> = []
  readonly ends: Array<string> = []
  readonly logs: Array<string> = []

  readonly hook: RetryHook.RetryHook = {
    onRetryScheduled: (details) => Effect.sync(() => void this.retries.push(details)),
    onRecovered: () => Effect.sync(() => void this.ends.push("recovered")),
    onGaveUp: ({ reason }) => Effect.sync(() => void this.ends.push(reason))
  }

  readonly layer = Layer.mergeAll(
    Stamina.layerHooks([this.hook]),
    Logger.layer([Logger.make(({ logLevel, message }) => void this.logs.push(`${logLevel} ${String(message)}`))])
  )

  /** Counts an attempt, and gives its number. */
  readonly attempt = Effect.sync(() => ++this.attempts)

  /** The reasons of the errors that were retried, in order. */
  get reasons(): ReadonlyArray<string> {
    return this.retries.map(({ causedBy }) => reasonOf(causedBy))
  }
}

const reasonOf = (error: unknown): string => {
  const { reason } = error as SqlError.SqlError
  const code = (reason.cause as { readonly code?: string }).code
  return code === undefined ? reason._tag : `${reason._tag} ${code}`
}

/** Runs an effect on a client of its own, through another port, or with fewer connections, if so told. */
const run = <A, E>(
  effect: (seen: Seen, sql: SqlClient.SqlClient) => Effect.Effect<A, E, SqlClient.SqlClient>,
  { connections = 20, port = server.port }: { readonly connections?: number; readonly port?: number } = {}
) => {
  const seen = new Seen()
  return Effect.runPromise(
    Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.map(Effect.exit(effect(seen, sql)), (exit) => ({ exit, seen })))
      .pipe(Effect.provide([clientOf(port, connections), seen.layer]))
  )
}

const succeeded = <A, E>(exit: Exit.Exit<A, E>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error(Cause.pretty(exit.cause), { cause: exit.cause })
}

const errorOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) throw new Error("it has succeeded")
  expect(exit.cause.reasons.map(({ _tag }) => _tag)).toEqual(["Fail"])
  return Cause.squash(exit.cause)
}

/** What the database has, as seen from outside. */
const query = async <A extends Row>(
  statement: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>
): Promise<ReadonlyArray<A>> => {
  const { exit } = await run((_, sql) => statement(sql))
  return succeeded(exit)
}

/** How many transactions were rolled back so far, and how many deadlocks there were. */
const counters = async () => {
  const [row] = await query((sql) =>
    sql<{ rollbacks: number; deadlocks: number }>`
      SELECT xact_rollback::int AS rollbacks, deadlocks::int FROM pg_stat_database WHERE datname = 'postgres'`
  )
  return row!
}

/** Waits until another connection does something. */
const until = (what: Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>) =>
  Effect.repeat(what, { until: (rows) => rows.length > 0, schedule: Schedule.spaced("5 millis") }).pipe(
    Effect.timeout("10 seconds")
  )

const terminate = (sql: SqlClient.SqlClient, pid: number) => sql`SELECT pg_terminate_backend(${pid})`

/** The process of the server that this connection belongs to. */
const pid = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`, ([row]) => row!.pid)

/** What transactions that get into each other's way fail with. */
const conflicts = ["SerializationError 40001", "DeadlockError 40P01"]

const serializable = "BEGIN ISOLATION LEVEL SERIALIZABLE"

const workers = 16
const accounts = 6
const initial = 1000

/** Accounts with money, and a ledger of what was moved: nothing in it forbids to move the same twice. */
const openBank = () =>
  query((sql) =>
    Effect.andThen(
      sql`DROP TABLE IF EXISTS accounts, ledger`,
      sql`CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)`
    ).pipe(
      Effect.andThen(
        sql`INSERT INTO accounts SELECT id, ${initial} FROM generate_series(0, ${accounts - 1}::int) AS id`
      ),
      Effect.andThen(sql`CREATE TABLE ledger (worker int, num int, source int, target int, amount int)`)
    )
  )

/** Reads both balances and writes what comes of them: right only if nobody else comes between. */
const transfer = (sql: SqlClient.SqlClient, seen: Seen, worker: number, num: number) =>
  Effect.gen(function*() {
    yield* seen.attempt
    const source = (worker + num) % accounts
    const target = (source + 1 + num % (accounts - 1)) % accounts
    const amount = 1 + (worker * 7 + num) % 10
    const balances = yield* sql<{ id: number; balance: number }>`
      SELECT id, balance FROM accounts WHERE id IN (${source}, ${target})`
    const balance = (id: number) => balances.find((row) => row.id === id)!.balance
    yield* sql`UPDATE accounts SET balance = ${balance(source) - amount} WHERE id = ${source}`
    yield* sql`UPDATE accounts SET balance = ${balance(target) + amount} WHERE id = ${target}`
    yield* sql`INSERT INTO ledger VALUES (${worker}, ${num}, ${source}, ${target}, ${amount})`
  })

/** Expects each transfer in the ledger once, and the balances that these come to. */
const expectBalanced = async (each: number) => {
  const [ledger] = await query((sql) =>
    sql<{ rows: number; transfers: number }>`
      SELECT count(*)::int AS rows, count(DISTINCT (worker, num))::int AS transfers FROM ledger`
  )
  expect(ledger).toEqual({ rows: workers * each, transfers: workers * each })
  const balances = await query((sql) =>
    sql<{ balance: number; expected: number }>`
      SELECT balance, (${initial}::int
        + (SELECT coalesce(sum(amount), 0) FROM ledger WHERE target = id)
        - (SELECT coalesce(sum(amount), 0) FROM ledger WHERE source = id))::int AS expected
      FROM accounts`
  )
  expect(balances.map(({ balance }) => balance)).toEqual(balances.map(({ expected }) => expected))
  expect(balances.reduce((sum, { balance }) => sum + balance, 0)).toBe(accounts * initial)
}

const all = Array.from({ length: workers }, (_, worker) => worker)
const nums = (each: number) => Array.from({ length: each }, (_, num) => num)

describe("16 concurrent workers", () => {
  const each = 25

  it("lose and double no transfer, for each that failed was retried as a whole", async ({ annotate }) => {
    await openBank()
    const before = await counters()
    const { exit, seen } = await run((seen, sql) =>
      Effect.forEach(
        all,
        (worker) =>
          Effect.forEach(nums(each), (num) =>
            SqlRetry.transaction(transfer(sql, seen, worker, num), { begin: serializable, attempts: 50 })),
        { concurrency: "unbounded", discard: true }
      )
    )
    succeeded(exit)

    expect(seen.retries.length).toBeGreaterThan(0)
    expect(seen.attempts).toBe(workers * each + seen.retries.length)
    expect(seen.reasons).toContain("SerializationError 40001")
    expect(seen.reasons.filter((reason) => !conflicts.includes(reason))).toEqual([])
    expect(new Set(seen.ends)).toEqual(new Set(["recovered"]))
    await expectBalanced(each)

    // the server counts what it has rolled back, some time later
    await expect.poll(async () => (await counters()).rollbacks - before.rollbacks)
      .toBe(seen.retries.length)
    await annotate(`${workers * each} transfers, ${seen.retries.length} retries`, "note")
  }, 30_000)

  it("would fail without retries", async () => {
    await openBank()
    const { exit, seen } = await run((seen, sql) =>
      Effect.forEach(
        all,
        (worker) =>
          Effect.forEach(nums(each), (num) =>
            Effect.exit(
              SqlRetry.transaction(transfer(sql, seen, worker, num), { begin: serializable, attempts: 1 })
            )),
        { concurrency: "unbounded" }
      )
    )
    const failed = succeeded(exit).flat().filter(Exit.isFailure).map((exit) => reasonOf(errorOf(exit)))
    expect(failed).toContain("SerializationError 40001")
    expect(failed.filter((reason) => !conflicts.includes(reason))).toEqual([])
    expect([seen.attempts, seen.retries]).toEqual([workers * each, []])
    const ledger = await query((sql) => sql`SELECT FROM ledger`)
    expect(ledger).toHaveLength(workers * each - failed.length)
  })

  it("go on where the server is restarted under their hands", async ({ annotate }) => {
    await openBank()
    const rounds = 40
    const asked: Array<boolean> = []
    const { exit, seen } = await run((seen, sql) =>
      Effect.gen(function*() {
        const started = sql`SELECT pg_postmaster_start_time()::text AS at`
        const before = yield* started
        const done = (worker: number, num: number) =>
          Effect.map(sql`SELECT FROM ledger WHERE worker = ${worker} AND num = ${num}`, (rows) => rows.length > 0).pipe(
            Stamina.retry({ ...SqlRetry.defaults, on: SqlRetry.on })
          )
        const once = (worker: number, num: number): Effect.Effect<void, SqlError.SqlError, SqlClient.SqlClient> =>
          SqlRetry.transaction(transfer(sql, seen, worker, num), { begin: serializable, attempts: 50 }).pipe(
            // whoever does not know whether it was done looks
            Effect.catchIf(SqlRetry.isOutcomeUnknown, () =>
              Effect.flatMap(done(worker, num), (isDone) => {
                asked.push(isDone)
                return isDone ? Effect.void : once(worker, num)
              }))
          )
        const work = yield* Effect.forkChild(
          Effect.forEach(all, (worker) => Effect.forEach(nums(rounds), (num) => once(worker, num)), {
            concurrency: "unbounded",
            discard: true
          })
        )
        yield* until(sql`SELECT FROM ledger OFFSET ${workers * 3}`)
        yield* Effect.promise(() => server.restart())
        yield* Fiber.join(work)
        expect(yield* started).not.toEqual(before)
      })
    )
    succeeded(exit)
    const byLoss = seen.reasons.filter((reason) => !conflicts.includes(reason))
    expect(byLoss.length).toBeGreaterThan(0)
    expect(seen.ends).not.toContain("AttemptsExhausted")
    await expectBalanced(rounds)
    await annotate(
      `restart: ${byLoss.length} retries by loss (${[...new Set(byLoss)].join(", ")}), of ${seen.retries.length}; ` +
        `${asked.length} unknown at COMMIT, ${asked.filter(Boolean).length} of them done`,
      "note"
    )
  }, 40_000)
})

describe("a deadlock", () => {
  it("costs one of two transactions a retry, and both are done", async () => {
    await query((sql) =>
      Effect.andThen(
        sql`DROP TABLE IF EXISTS pair`,
        sql`CREATE TABLE pair AS SELECT id, 0 AS n FROM generate_series(1, 2) AS id`
      )
    )
    const before = await counters()
    const { exit, seen } = await run((seen, sql) =>
      Effect.gen(function*() {
        const locked = [yield* Deferred.make<void>(), yield* Deferred.make<void>()] as const
        const both = (first: 0 | 1) =>
          SqlRetry.transaction(
            Effect.gen(function*() {
              yield* seen.attempt
              yield* sql`UPDATE pair SET n = n + 1 WHERE id = ${first + 1}`
              yield* Deferred.succeed(locked[first], undefined)
              yield* Deferred.await(locked[1 - first]!)
              yield* sql`UPDATE pair SET n = n + 1 WHERE id = ${2 - first}`
            })
          )
        yield* Effect.all([both(0), both(1)], { concurrency: 2 })
      })
    )
    succeeded(exit)
    expect(seen.reasons).toEqual(["DeadlockError 40P01"])
    expect(seen.attempts).toBe(3)
    expect(seen.ends).toEqual(["recovered"])
    expect(await query((sql) => sql`SELECT n FROM pair`)).toEqual([{ n: 2 }, { n: 2 }])
    await expect.poll(async () => (await counters()).deadlocks - before.deadlocks).toBe(1)
  })
})

describe("a connection that the server closes in mid-transaction", () => {
  const cases = [
    // the server's word arrives, and is what the next statement fails with
    ["between two statements", "UnknownError 57P01", (sql: SqlClient.SqlClient) => sql`SELECT 1`],
    // the driver sees the socket close
    ["during a statement", "ConnectionError", (sql: SqlClient.SqlClient) => sql`SELECT pg_sleep(10)`]
  ] as const

  it.each(cases)("%s is retried on another", async (when, reason, next) => {
    await query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS notes`, sql`CREATE TABLE notes (pid int)`))
    const pids: Array<number> = []
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(Effect.gen(function*() {
        const attempt = yield* seen.attempt
        const self = yield* pid(sql)
        pids.push(self)
        yield* sql`INSERT INTO notes VALUES (${self})`
        if (attempt > 1) return
        if (when === "between two statements") {
          yield* onAnother(() => query((sql) => terminate(sql, self)))
          yield* Effect.sleep("50 millis")
          yield* next(sql)
        } else {
          const sleeping = query((sql) =>
            Effect.andThen(
              until(sql`SELECT FROM pg_stat_activity WHERE pid = ${self} AND wait_event = 'PgSleep'`),
              terminate(sql, self)
            ).pipe(Effect.orDie)
          )
          yield* next(sql)
          yield* Effect.promise(() => sleeping)
        }
      }))
    )
    succeeded(exit)
    expect(seen.reasons).toEqual([reason])
    expect(seen.attempts).toBe(2)
    expect(seen.ends).toEqual(["recovered"])
    expect(new Set(pids).size).toBe(2)
    expect(await query((sql) => sql`SELECT pid FROM notes`)).toEqual([{ pid: pids[1] }])
  })

  it("is retried as a whole where it happens in a savepoint", async () => {
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(SqlRetry.transaction(Effect.gen(function*() {
        const self = yield* pid(sql)
        if ((yield* seen.attempt) > 1) return
        yield* onAnother(() => query((sql) => terminate(sql, self)))
        yield* Effect.sleep("50 millis")
      })))
    )
    succeeded(exit)
    expect(seen.attempts).toBe(2)
    expect(seen.reasons).toEqual(["UnknownError 57P01"])
  })

  it("is a defect without this library, which nobody retries", async () => {
    const { exit } = await run((_, sql) =>
      sql.withTransaction(Effect.gen(function*() {
        const self = yield* pid(sql)
        yield* onAnother(() => query((sql) => terminate(sql, self)))
        yield* Effect.sleep("50 millis")
        yield* sql`SELECT 1`
      }))
    )
    expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause) && !Cause.hasFails(exit.cause)).toBe(true)
  })
})

const onAnother = (query: () => Promise<unknown>) => Effect.promise(query)

describe("a prepared statement that went stale", () => {
  const cases = [
    [
      "by a migration",
      "UnknownError 0A000",
      () => onAnother(() => query((sql) => sql`ALTER TABLE notes ADD COLUMN more int`)),
      [{ note: "first", more: null }]
    ],
    // as behind a pooler, which gives each transaction another session of the server
    [
      "since the server does not know it any more",
      "UnknownError 26000",
      (sql: SqlClient.SqlClient) =>
        Effect.flatMap(
          sql<{ name: string }>`SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT * FROM notes'`,
          ([row]) => sql`DEALLOCATE ${sql(row!.name)}`
        ),
      [{ note: "first" }]
    ]
  ] as const

  it.each(cases)("%s costs each connection a retry, and the whole is done again", async (_, reason, spoil, rows) => {
    await query((sql) =>
      Effect.andThen(
        sql`DROP TABLE IF EXISTS notes`,
        Effect.andThen(sql`CREATE TABLE notes (note text)`, sql`INSERT INTO notes VALUES ('first')`)
      )
    )
    const { exit, seen } = await run((seen, sql) => {
      const read = SqlRetry.transaction(Effect.andThen(seen.attempt, sql`SELECT * FROM notes`))
      return Effect.andThen(Effect.andThen(read, spoil(sql)), read)
    }, { connections: 1 })
    expect(succeeded(exit)).toEqual(rows)
    expect(seen.reasons).toEqual([reason])
    expect(seen.attempts).toBe(3)
    expect(seen.ends).toEqual(["recovered"])
  })

  it("is not taken for whatever else the server does not support", async () => {
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(Effect.andThen(seen.attempt, sql`SELECT * FROM elsewhere.public.notes`))
    )
    expect(reasonOf(errorOf(exit))).toBe("UnknownError 0A000")
    expect([seen.attempts, seen.retries]).toEqual([1, []])
  })
})

describe("a session that the server ends because it idles in a transaction", () => {
  it("is retried on another", async () => {
    await query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS notes`, sql`CREATE TABLE notes (attempt int)`))
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(Effect.gen(function*() {
        const attempt = yield* seen.attempt
        yield* sql`INSERT INTO notes VALUES (${attempt})`
        if (attempt > 1) return
        const self = yield* pid(sql)
        yield* sql`SET LOCAL idle_in_transaction_session_timeout = 50`
        yield* onAnother(() =>
          query((sql) =>
            Effect.repeat(sql`SELECT FROM pg_stat_activity WHERE pid = ${self}`, {
              until: (rows) => rows.length === 0,
              schedule: Schedule.spaced("5 millis")
            })
          )
        )
        yield* sql`SELECT 1`
      }))
    )
    succeeded(exit)
    expect(seen.reasons).toEqual(["UnknownError 25P03"])
    expect(seen.attempts).toBe(2)
    expect(await query((sql) => sql`SELECT attempt FROM notes`)).toEqual([{ attempt: 2 }])
  })
})

describe("statements that fail together", () => {
  it("are retried for what the first has failed with", async () => {
    await query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS pair`, sql`CREATE TABLE pair AS SELECT 0 AS n`))
    const causes: Array<ReadonlyArray<string>> = []
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(
        Effect.gen(function*() {
          const attempt = yield* seen.attempt
          yield* sql`SELECT n FROM pair`
          if (attempt === 1) yield* onAnother(() => query((sql) => sql`UPDATE pair SET n = n + 1`))
          const both = Effect.race(sql`UPDATE pair SET n = n + 10`, sql`SELECT n FROM pair`)
          yield* Effect.tapCause(both, ({ reasons }) =>
            Effect.sync(() =>
              void causes.push(reasons.map((reason) =>
                Cause.isFailReason(reason) ? reasonOf(reason.error) : reason._tag
              ))
            ))
        }),
        { begin: "BEGIN ISOLATION LEVEL REPEATABLE READ" }
      )
    )
    succeeded(exit)
    expect(causes).toEqual([["SerializationError 40001", "UnknownError 25P02"]])
    expect(seen.reasons).toEqual(["SerializationError 40001"])
    expect(seen.attempts).toBe(2)
    expect(await query((sql) => sql`SELECT n FROM pair`)).toEqual([{ n: 11 }])
  })
})

describe("a deadline around a transaction", () => {
  /** The state of the session and what it did last, as others see it. */
  const session = (pid: number) => query((sql) => sql`SELECT state, query FROM pg_stat_activity WHERE pid = ${pid}`)

  /** Runs an effect on the one connection there is, to a server that takes its time for one kind of statement. */
  const whereSlow = async <A, E>(
    word: string,
    effect: (seen: Seen, sql: SqlClient.SqlClient) => Effect.Effect<A, E, SqlClient.SqlClient>
  ) => {
    await query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS notes`, sql`CREATE TABLE notes (attempt int)`))
    const proxy = await startProxy(server.port, word, "takes a while")
    try {
      return { ...await run(effect, { connections: 1, port: proxy.port }), held: proxy.held() }
    } finally {
      await proxy.stop()
    }
  }

  it("lets a slow ROLLBACK end, and leaves a connection that can be used", async () => {
    let before = 0
    const { exit, held, seen } = await whereSlow("ROLLBACK", (seen, sql) =>
      Effect.gen(function*() {
        const slow = Effect.gen(function*() {
          before = yield* pid(sql)
          yield* sql`INSERT INTO notes VALUES (${yield* seen.attempt})`
          yield* Effect.never
        })
        const error = yield* Effect.flip(SqlRetry.transaction(slow).pipe(Stamina.withDeadline("200 millis")))
        const state = yield* onAnother(() => session(before))
        return { error, state, after: yield* pid(sql), rows: yield* sql`SELECT attempt FROM notes` }
      }))
    const { after, error, rows, state } = succeeded(exit)
    expect(error).toMatchObject({ _tag: "DeadlineExceeded" })
    expect(error).not.toHaveProperty("cause")
    expect(held).toBe(1)
    expect(state).toEqual([{ state: "idle", query: "ROLLBACK" }])
    expect([after, rows]).toEqual([before, []])
    expect([seen.attempts, seen.retries]).toEqual([1, []])
  })

  it("tells the error that was retried last, where it passes in a later attempt", async () => {
    const { exit, seen } = await whereSlow("ROLLBACK", (seen, sql) =>
      Effect.gen(function*() {
        const slow = Effect.gen(function*() {
          if ((yield* seen.attempt) === 1) yield* sql`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`
          yield* sql`INSERT INTO notes VALUES (2)`
          yield* Effect.never
        })
        const error = yield* Effect.flip(SqlRetry.transaction(slow).pipe(Stamina.withDeadline("1 second")))
        return { error, rows: yield* sql`SELECT attempt FROM notes` }
      }))
    const { error, rows } = succeeded(exit)
    expect(error).toMatchObject({ _tag: "DeadlineExceeded" })
    expect(reasonOf((error as Error).cause)).toBe("SerializationError 40001")
    expect(rows).toEqual([])
    expect([seen.attempts, seen.ends]).toEqual([2, ["DeadlineExceeded"]])
  })

  it("does not break off a COMMIT, whose success is lost", async () => {
    const { exit, held } = await whereSlow("COMMIT", (_, sql) =>
      Effect.gen(function*() {
        const insert = SqlRetry.transaction(sql`INSERT INTO notes VALUES (1)`)
        const error = yield* Effect.flip(insert.pipe(Stamina.withDeadline("200 millis")))
        return { error, rows: yield* sql`SELECT attempt FROM notes` }
      }))
    const { error, rows } = succeeded(exit)
    expect(error).toMatchObject({ _tag: "DeadlineExceeded" })
    expect([held, rows]).toEqual([1, [{ attempt: 1 }]])
  })
})

describe("a connection that is lost during COMMIT", () => {
  const insert = (sql: SqlClient.SqlClient, seen: Seen) =>
    Effect.gen(function*() {
      yield* sql`INSERT INTO notes VALUES (${yield* seen.attempt})`
    })
  const begin = () =>
    query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS notes`, sql`CREATE TABLE notes (attempt int)`))

  /** Lets the first COMMIT through, or not, and cuts the connection in place of the answer. */
  const behindProxy = async (
    arrives: boolean,
    effect: (seen: Seen, sql: SqlClient.SqlClient) => Effect.Effect<void, SqlError.SqlError, SqlClient.SqlClient>
  ) => {
    await begin()
    const proxy = await startProxy(server.port, "COMMIT", arrives ? "is not answered" : "is lost")
    try {
      return await run(effect, proxy)
    } finally {
      await proxy.stop()
    }
  }

  it.each([[true, [{ attempt: 1 }]], [false, []]])(
    "is not retried, since it may be committed (here: %s)",
    async (arrives, rows) => {
      const { exit, seen } = await behindProxy(arrives, (seen, sql) => SqlRetry.transaction(insert(sql, seen)))
      const error = errorOf(exit)
      expect(reasonOf(error)).toMatch(/^ConnectionError/)
      expect(SqlRetry.isOutcomeUnknown(error)).toBe(true)
      expect(SqlRetry.on(error)).toBe(false)
      expect([seen.attempts, seen.reasons, seen.logs]).toEqual([1, [], ["Warn stamina.commit_unknown"]])
      await expect.poll(() => query((sql) => sql`SELECT attempt FROM notes`)).toEqual(rows)
    }
  )

  it.each([[true, [{ attempt: 1 }, { attempt: 2 }]], [false, [{ attempt: 2 }]]])(
    "is retried if it is idempotent (committed: %s)",
    async (arrives, rows) => {
      const { exit, seen } = await behindProxy(
        arrives,
        (seen, sql) => SqlRetry.transaction(insert(sql, seen), { idempotent: true })
      )
      succeeded(exit)
      expect(seen.attempts).toBe(2)
      expect(seen.reasons).toEqual([expect.stringMatching(/^ConnectionError/)])
      await expect.poll(() => query((sql) => sql`SELECT attempt FROM notes`)).toEqual(rows)
    }
  )
})

describe("a COMMIT that PostgreSQL refuses", () => {
  /** A table whose rows are looked at during COMMIT, by `check` in PL/pgSQL. */
  const prepare = (check: string) =>
    query((sql) =>
      Effect.forEach(
        [
          "DROP TABLE IF EXISTS checked CASCADE",
          "CREATE TABLE checked (attempt int)",
          `CREATE OR REPLACE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${check}; RETURN NULL; END $$`,
          "CREATE CONSTRAINT TRIGGER look AFTER INSERT ON checked DEFERRABLE INITIALLY DEFERRED FOR EACH ROW " +
          "EXECUTE FUNCTION look()"
        ],
        (statement) => sql.unsafe(statement),
        { discard: true }
      ).pipe(Effect.as([]))
    )

  const insert = (seen: Seen, sql: SqlClient.SqlClient) =>
    Effect.flatMap(seen.attempt, (attempt) => sql`INSERT INTO checked VALUES (${attempt})`)

  const raise = (code: string) => `IF NEW.attempt = 1 THEN RAISE SQLSTATE '${code}'; END IF`

  it.each([
    ["SerializationError 40001", raise("40001")],
    ["UniqueViolation 23505", raise("23505")],
    ["UnknownError P0001", raise("P0001")],
    ["UnknownError MY001", raise("MY001")],
    ["StatementTimeoutError 57014", raise("57014")]
  ])("was not done, so `on` decides: %s", async (reason, check) => {
    await prepare(check)
    const { exit, seen } = await run((seen, sql) => SqlRetry.transaction(insert(seen, sql), { on: "SqlError" }))
    succeeded(exit)
    expect([seen.attempts, seen.reasons, seen.logs]).toEqual([2, [reason], []])
    expect(seen.retries.some(({ causedBy }) => SqlRetry.isOutcomeUnknown(causedBy))).toBe(false)
    expect(await query((sql) => sql`SELECT attempt FROM checked`)).toEqual([{ attempt: 2 }])
  })

  it("was not done either where ROLLBACK is the answer, since a statement had failed", async () => {
    await prepare("NULL")
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(Effect.andThen(insert(seen, sql), Effect.ignore(sql`SELECT 1 / 0`)))
    )
    const error = errorOf(exit)
    expect(String(error)).toContain("COMMIT rolled back")
    expect(SqlRetry.isOutcomeUnknown(error)).toBe(false)
    expect([seen.attempts, seen.logs]).toEqual([1, []])
    expect(await query((sql) => sql`SELECT attempt FROM checked`)).toEqual([])
  })

  it("leaves it open where the server ends the session meanwhile, whatever `on` says", async () => {
    await prepare("PERFORM pg_sleep(10)")
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(
        Effect.gen(function*() {
          const self = yield* pid(sql)
          yield* insert(seen, sql)
          yield* Effect.forkDetach(onAnother(() =>
            query((sql) =>
              Effect.andThen(
                until(sql`SELECT FROM pg_stat_activity WHERE pid = ${self} AND wait_event = 'PgSleep'`),
                terminate(sql, self)
              ).pipe(Effect.orDie)
            )
          ))
        }),
        { on: "SqlError" }
      )
    )
    expect(SqlRetry.isOutcomeUnknown(errorOf(exit))).toBe(true)
    expect([seen.attempts, seen.retries, seen.logs]).toEqual([1, [], ["Warn stamina.commit_unknown"]])
  })
})

describe("a server whose certificate nobody trusts", () => {
  it("is asked once", async () => {
    const certificate = selfSigned()
    let connections = 0
    const front = createServer((socket) => {
      connections++
      socket.on("error", () => {})
      // the answer to the request for TLS
      socket.once("data", () => {
        socket.write("S")
        new TLSSocket(socket, { isServer: true, ...certificate }).on("error", () => {})
      })
    }).listen(0, "127.0.0.1")
    await once(front, "listening")
    try {
      const { port } = front.address() as AddressInfo
      const connecting = PgClient.make({ host: "127.0.0.1", port, ssl: true, username: "postgres" }).pipe(
        Effect.flatMap((sql) => sql`SELECT 1`),
        Effect.scoped,
        Stamina.retry({ ...SqlRetry.defaults, on: SqlRetry.on }),
        Effect.provide(Reactivity.layer)
      )
      const error = errorOf(await Effect.runPromiseExit(connecting))
      expect(reasonOf(error)).toBe("ConnectionError DEPTH_ZERO_SELF_SIGNED_CERT")
      expect(connections).toBe(1)
    } finally {
      front.close()
    }
  })
})

/** A key, and a certificate that it signs itself. */
const selfSigned = () => {
  const args = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout - -out - -days 1 -subj /CN=db"
  const { status, stderr, stdout } = spawnSync("openssl", args.split(" "), { encoding: "utf8" })
  if (status !== 0) throw new Error(`openssl has ended with ${status}:\n${stderr}`)
  return { key: stdout, cert: stdout.slice(stdout.indexOf("-----BEGIN CERTIFICATE")) }
}

describe("an error that would come again", () => {
  it("is not retried: a unique violation", async () => {
    await query((sql) =>
      Effect.andThen(sql`DROP TABLE IF EXISTS names`, sql`CREATE TABLE names (name text PRIMARY KEY)`)
    )
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(Effect.gen(function*() {
        yield* seen.attempt
        yield* sql`INSERT INTO names VALUES ('Ada')`
        yield* sql`INSERT INTO names VALUES ('Ada')`
      }))
    )
    expect(reasonOf(errorOf(exit))).toBe("UniqueViolation 23505")
    expect([seen.attempts, seen.retries, seen.ends]).toEqual([1, [], []])
    expect(await query((sql) => sql`SELECT name FROM names`)).toEqual([])
  })

  it("is not retried: a statement that takes too long", async () => {
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(Effect.gen(function*() {
        yield* seen.attempt
        yield* sql`SET LOCAL statement_timeout = 20`
        yield* sql`SELECT pg_sleep(5)`
      }))
    )
    expect(reasonOf(errorOf(exit))).toBe("StatementTimeoutError 57014")
    expect([seen.attempts, seen.retries]).toEqual([1, []])
  })
})

describe("a lock", () => {
  /** Locks the one row there is, and lets go of it when told. */
  const locked = <A, E>(
    sql: SqlClient.SqlClient,
    effect: (release: Effect.Effect<void>) => Effect.Effect<A, E, SqlClient.SqlClient>
  ) =>
    Effect.gen(function*() {
      yield* sql`DROP TABLE IF EXISTS jobs`
      yield* sql`CREATE TABLE jobs AS SELECT 0 AS runs`
      const [held, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const holder = yield* Effect.forkChild(sql.withTransaction(
        Effect.andThen(sql`SELECT FROM jobs FOR UPDATE`, Deferred.succeed(held, undefined)).pipe(
          Effect.andThen(Deferred.await(release))
        )
      ))
      yield* Deferred.await(held)
      const letGo = Effect.andThen(Deferred.succeed(release, undefined), Effect.asVoid(Fiber.await(holder)))
      return yield* Effect.ensuring(effect(letGo), letGo)
    })

  const work = (sql: SqlClient.SqlClient, seen: Seen) =>
    Effect.gen(function*() {
      yield* seen.attempt
      yield* sql`SELECT FROM jobs FOR UPDATE NOWAIT`
      yield* sql`UPDATE jobs SET runs = runs + 1`
    })

  it("is asked for again", async () => {
    const { exit, seen } = await run((seen, sql) =>
      locked(sql, (release) =>
        SqlRetry.transaction(work(sql, seen)).pipe(
          Effect.provide(
            Stamina.layerAddHook({ onRetryScheduled: () => seen.retries.length === 2 ? release : Effect.void })
          )
        ))
    )
    succeeded(exit)
    expect(seen.reasons).toEqual(["LockTimeoutError 55P03", "LockTimeoutError 55P03"])
    expect(seen.attempts).toBe(3)
    expect(await query((sql) => sql`SELECT runs FROM jobs`)).toEqual([{ runs: 1 }])
  })

  it("is not asked for again inside another transaction, which goes on without", async () => {
    await query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS notes`, sql`CREATE TABLE notes (note text)`))
    const { exit, seen } = await run((seen, sql) =>
      locked(sql, () =>
        sql.withTransaction(Effect.gen(function*() {
          yield* sql`INSERT INTO notes VALUES ('before')`
          const inner = Effect.andThen(sql`INSERT INTO notes VALUES ('inside')`, work(sql, seen))
          const error = yield* Effect.flip(SqlRetry.transaction(inner, { name: "inner" }))
          yield* sql`INSERT INTO notes VALUES ('after')`
          return error
        })))
    )
    expect(reasonOf(succeeded(exit))).toBe("LockTimeoutError 55P03")
    expect([seen.attempts, seen.retries]).toEqual([1, []])
    expect(seen.logs).toEqual(["Warn stamina.transaction_not_retried"])
    expect(await query((sql) => sql`SELECT note FROM notes`)).toEqual([{ note: "before" }, { note: "after" }])
    expect(await query((sql) => sql`SELECT runs FROM jobs`)).toEqual([{ runs: 0 }])
  })

  it("is asked for again by the outermost transaction, all of which is done again", async () => {
    await query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS notes`, sql`CREATE TABLE notes (note text)`))
    const outer = new Seen()
    const { exit, seen } = await run((seen, sql) =>
      locked(sql, (release) =>
        SqlRetry.transaction(Effect.gen(function*() {
          yield* sql`INSERT INTO notes VALUES (${`outer ${yield* outer.attempt}`})`
          yield* SqlRetry.transaction(work(sql, seen))
        })).pipe(Effect.provide(Stamina.layerAddHook({ onRetryScheduled: () => release }))))
    )
    succeeded(exit)
    expect([outer.attempts, seen.attempts]).toEqual([2, 2])
    expect(seen.reasons).toEqual(["LockTimeoutError 55P03"])
    expect(seen.logs).toEqual([])
    expect(await query((sql) => sql`SELECT note FROM notes`)).toEqual([{ note: "outer 2" }])
    expect(await query((sql) => sql`SELECT runs FROM jobs`)).toEqual([{ runs: 1 }])
  })
})

describe("the isolation level", () => {
  it("is that of the statement that begins the transaction, and of no other client's inside", async () => {
    const level = (sql: SqlClient.SqlClient) =>
      Effect.map(
        sql<{ level: string }>`SELECT current_setting('transaction_isolation') AS level`,
        ([row]) => row!.level
      )
    const { exit } = await run((_, sql) =>
      Effect.gen(function*() {
        const other = yield* PgClient.make({ host: "127.0.0.1", port: server.port, ssl: false, username: "postgres" })
        return yield* SqlRetry.transaction(
          Effect.all([level(sql), other.withTransaction(level(other)), sql.withTransaction(level(sql))]),
          {
            begin: serializable
          }
        )
      }).pipe(Effect.scoped, Effect.provide(Reactivity.layer))
    )
    expect(succeeded(exit)).toEqual(["serializable", "read committed", "serializable"])
  })
})

describe("attemptTimeout", () => {
  it("rolls back what takes too long, and tries again", async () => {
    await query((sql) => Effect.andThen(sql`DROP TABLE IF EXISTS notes`, sql`CREATE TABLE notes (attempt int)`))
    const { exit, seen } = await run((seen, sql) =>
      SqlRetry.transaction(
        Effect.gen(function*() {
          const attempt = yield* seen.attempt
          yield* sql`INSERT INTO notes VALUES (${attempt})`
          if (attempt === 1) yield* sql`SELECT pg_sleep(10)`
        }),
        { attemptTimeout: "300 millis" }
      )
    )
    succeeded(exit)
    expect(seen.attempts).toBe(2)
    expect(seen.retries.map(({ causedBy }) => String(causedBy))).toEqual([expect.stringContaining("AttemptTimedOut")])
    expect(await query((sql) => sql`SELECT attempt FROM notes`)).toEqual([{ attempt: 2 }])
  })
})
