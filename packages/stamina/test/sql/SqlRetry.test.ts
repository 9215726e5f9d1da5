import { describe, expect, it } from "@effect/vitest"
import { Cause, Clock, Data, Duration, Effect, Exit, Fiber, Layer, Logger, Option, References } from "effect"
import { type RetryEvent, Stamina } from "effect-stamina"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { SqlClient, SqlError } from "effect/sql"
import { TestClock } from "effect/testing"
import { FakeDatabase, sqlError } from "../kit/fakeDatabase.ts"

class Overdrawn extends Data.TaggedError("Overdrawn") {}

const work = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`WORK`)

const serialization = sqlError("SerializationError", "40001")
const gone = sqlError("ConnectionError", "ECONNRESET")

/** What a driver has to say that tells errors apart by nothing but what it keeps as their cause. */
const unknown = (cause: unknown) => new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause }) })

const coded = (code: string, more: object = {}) => Object.assign(new Error(`the server says ${code}`), { code }, more)

/** Runs an effect on a database, in virtual time, and gives all that can be seen from outside. */
const watch = <A, E>(database: FakeDatabase, effect: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.gen(function*() {
    const retries: Array<RetryEvent.RetryScheduled> = []
    const logs: Array<string> = []
    const layer = Layer.mergeAll(
      database.layer,
      Stamina.layerHooks([{ onRetryScheduled: (details) => Effect.sync(() => void retries.push(details)) }]),
      Logger.layer([
        Logger.make(({ fiber, logLevel, message }) => {
          logs.push(
            `${logLevel} ${String(message)} ${String(fiber.getRef(References.CurrentLogAnnotations)["callable"])}`
          )
        })
      ]),
      Layer.succeed(References.MinimumLogLevel, "Debug")
    )
    const fiber = yield* Effect.forkChild(Effect.exit(effect).pipe(Effect.provide(layer)))
    yield* TestClock.adjust("10 minutes")
    const exit = yield* Fiber.join(fiber)
    expect(database.open).toBe(0)
    return { exit, retries, logs, causes: retries.map(({ causedBy }) => causedBy), sent: database.sent }
  })

const fails = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit)
    ? expect.fail("it has succeeded")
    : exit.cause.reasons.map((reason) => reason._tag === "Fail" ? reason.error : reason)

describe("SqlRetry.on", () => {
  type Case = readonly [SqlError.SqlErrorReason["_tag"], string | undefined]

  const retried: ReadonlyArray<Case> = [
    ["SerializationError", "40001"],
    ["DeadlockError", "40P01"],
    ["LockTimeoutError", "55P03"],
    ["LockTimeoutError", "SQLITE_BUSY"],
    ["ConnectionError", undefined],
    ["ConnectionError", "08006"],
    ["ConnectionError", "ECONNREFUSED"],
    ...("40001 40P01 55P03 53300 57P03 26000 57P01 57P02 57P05 25P03 ECONNABORTED ECONNREFUSED ECONNRESET " +
      "EHOSTDOWN EHOSTUNREACH ENETDOWN ENETRESET ENETUNREACH ENOTCONN ENOTFOUND EPIPE ETIMEDOUT EAI_AGAIN " +
      "PROTOCOL_CONNECTION_LOST ER_SERVER_SHUTDOWN ER_CLIENT_INTERACTION_TIMEOUT ER_CONNECTION_KILLED ER_BAD_HOST_ERROR " +
      "ER_HANDSHAKE_ERROR ER_CHECKREAD ER_TRANSACTION_ROLLBACK_DURING_COMMIT ER_TOO_MANY_USER_CONNECTIONS " +
      "08000 08001 08003 08004 08006 08P01 SQLITE_BUSY SQLITE_BUSY_SNAPSHOT SQLITE_LOCKED SQLITE_LOCKED_SHAREDCACHE " +
      "SQLITE_CANTOPEN ER_LOCK_DEADLOCK ER_LOCK_WAIT_TIMEOUT ER_CON_COUNT_ERROR ER_NEED_REPREPARE " +
      "CONNECTION_CLOSED CONNECT_TIMEOUT").split(" ").map((code): Case => ["UnknownError", code])
  ]
  const final: ReadonlyArray<Case> = [
    ["UnknownError", undefined],
    ["UnknownError", "57P04"],
    ["UnknownError", "25P02"],
    ["UnknownError", "25P04"],
    ["UnknownError", "0A000"],
    ["UnknownError", "53100"],
    ["UnknownError", "40003"],
    ["UnknownError", "CONNECTION_ENDED"],
    ["UnknownError", "CONNECTION_DESTROYED"],
    ["ConnectionError", "CONNECTION_ENDED"],
    // certificates and TLS: the same rows as for HTTP
    ...("DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN CERT_HAS_EXPIRED UNABLE_TO_VERIFY_LEAF_SIGNATURE " +
      "ERR_TLS_CERT_ALTNAME_INVALID ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE " +
      "HANDSHAKE_NO_SSL_SUPPORT ER_HOST_IS_BLOCKED ER_HOST_NOT_PRIVILEGED").split(" ").flatMap((
        code
      ): ReadonlyArray<Case> => [["ConnectionError", code], ["UnknownError", code]]),
    ["UnknownError", "SQLITE_BUSYBODY"],
    ["UnknownError", "SQLITE_CORRUPT"],
    ["UnknownError", "08007"],
    ["UnknownError", "ER_ERROR_DURING_COMMIT"],
    ["UnknownError", "ER_UNKNOWN_ERROR"],
    ["UnknownError", "constructor"],
    ["ConnectionError", "08007"],
    ["StatementTimeoutError", "57014"],
    ["UniqueViolation", "23505"],
    ["ConstraintError", "23503"],
    ["SqlSyntaxError", "42601"],
    ["AuthenticationError", "28P01"],
    ["AuthorizationError", "42501"]
  ]

  it.each(retried)("retries %s %s", (tag, code) => {
    expect(SqlRetry.on(sqlError(tag, code))).toBe(true)
  })

  it.each(final)("does not retry %s %s", (tag, code) => {
    expect(SqlRetry.on(sqlError(tag, code))).toBe(false)
  })

  it("has an opinion on every reason that Effect knows", () => {
    const tags = SqlError.SqlErrorReason.members.map((member) => member.identifier.split("/").at(-1))
    expect(new Set([...retried, ...final].map(([tag]) => tag))).toEqual(new Set(tags))
  })

  it.each([undefined, null, "40001", { code: "40001" }, new Overdrawn(), serialization.reason])(
    "does not retry what is no SqlError: %s",
    (error) => {
      expect(SqlRetry.on(error)).toBe(false)
    }
  )

  it("looks at the code of a reason that is unclear, and not at that of one that is clear", () => {
    expect(SqlRetry.on(sqlError("UniqueViolation", "ECONNRESET"))).toBe(false)
    expect(SqlRetry.on(sqlError("StatementTimeoutError", "57P01"))).toBe(false)
    expect(SqlRetry.on(unknown("57P01"))).toBe(false)
  })

  it.each([
    Object.assign(new Error("Can't add new command when connection is in closed state"), { fatal: true }),
    new Error("D1_ERROR: Network connection lost."),
    new Error("Network connection lost."),
    new Error("D1_ERROR: D1 DB reset because its code was updated."),
    new Error("D1_ERROR: Internal error in D1 DB storage caused object to be reset."),
    new Error("D1_ERROR: internal error while starting up D1 DB storage caused object to be reset; reference = x"),
    new Error("D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node."),
    new Error("D1_ERROR: Replica disconnected from primary."),
    new Error("Connection terminated unexpectedly"),
    new Error("Connection terminated due to connection timeout"),
    new Error("timeout exceeded when trying to connect"),
    new Error("No connections available."),
    new Error("Queue limit reached."),
    new Error("Client has encountered a connection error and is not queryable")
  ])("knows a connection that is lost without a code by its message: %s", (cause) => {
    expect(SqlRetry.on(unknown(cause))).toBe(true)
  })

  it.each([
    new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long."),
    new Error("Failed query: INSERT INTO letters VALUES ('Network connection lost.')"),
    { message: ["Network connection lost."] },
    { code: 57, message: "" }
  ])("takes no other message for that: %s", (cause) => {
    expect(SqlRetry.on(unknown(cause))).toBe(false)
  })

  it.each([
    [5, true],
    // extended: BUSY_SNAPSHOT, LOCKED_SHAREDCACHE, CANTOPEN_FULLPATH
    [517, true],
    [262, true],
    [782, true],
    [1, false],
    [10, false],
    [2067, false],
    [undefined, false]
  ])("knows the numbers of SQLite: %s", (number, isRetried) => {
    const ofNode = coded("ERR_SQLITE_ERROR", { errcode: number })
    const ofWasm = Object.assign(new Error("database is locked"), { name: "SQLiteError", code: number })
    const wrapped = new Error("Failed query", { cause: ofNode })
    for (const cause of [ofNode, ofWasm, wrapped]) expect(SqlRetry.on(unknown(cause))).toBe(isRetried)
    expect(SqlRetry.on(unknown({ code: number, message: "" }))).toBe(false)
  })

  it.each([[1205, true], [1222, true], [3960, true], [2627, false], [undefined, false]])(
    "knows the numbers of SQL Server: %s",
    (number, isRetried) => {
      expect(SqlRetry.on(unknown(coded("EREQUEST", { number })))).toBe(isRetried)
    }
  )

  it("takes a server without TLS for one that stays so, also in OpenSSL's words", () => {
    const failed = (cause: unknown) => new SqlError.SqlError({ reason: new SqlError.ConnectionError({ cause }) })
    const openSsl =
      "C0:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:354:"
    expect(SqlRetry.on(failed(new Error("The server does not support TLS")))).toBe(false)
    expect(SqlRetry.on(failed(new Error("The server does not support SSL connections")))).toBe(false)
    expect(SqlRetry.on(failed(coded("EPROTO", { message: openSsl })))).toBe(false)
    expect(SqlRetry.on(failed(coded("EPROTO")))).toBe(true)
    expect(SqlRetry.on(failed(new Error("Connection closed unexpectedly")))).toBe(true)
  })

  it("knows a prepared statement that a migration made stale by the server's routine, or by the message", () => {
    const stale = (message: string, routine?: string) => unknown(coded("0A000", { message, routine }))
    expect(SqlRetry.on(stale("cached plan must not change result type", "RevalidateCachedQuery"))).toBe(true)
    // the message is in the server's language; CockroachDB has other routines
    expect(SqlRetry.on(stale("gecachter Plan darf den Ergebnistyp nicht ändern", "RevalidateCachedQuery"))).toBe(true)
    expect(SqlRetry.on(stale("cached plan must not change result type", "rebuildPlan"))).toBe(true)
    expect(SqlRetry.on(stale("cross-database references are not implemented", "RangeVarGetRelidExtended"))).toBe(false)
    expect(SqlRetry.on(unknown(coded("P0001", { routine: "RevalidateCachedQuery" })))).toBe(false)
  })

  it("finds the code however deep it is among the causes, and the outermost that says something counts", () => {
    const wrapped = (cause: unknown) => new Error("Failed query: SELECT 1", { cause })
    expect(SqlRetry.on(unknown(wrapped(coded("ECONNRESET"))))).toBe(true)
    expect(SqlRetry.on(unknown(wrapped(wrapped(coded("40001")))))).toBe(true)
    expect(SqlRetry.on(unknown(wrapped(new Error("D1_ERROR: Network connection lost."))))).toBe(true)
    expect(SqlRetry.on(unknown(wrapped(wrapped(coded("23505")))))).toBe(false)
    expect(SqlRetry.on(unknown(coded("40003", { cause: coded("ECONNRESET") })))).toBe(false)
    const circle = new Error("Failed query")
    circle.cause = circle
    expect(SqlRetry.on(unknown(circle))).toBe(false)
  })

  it("comes to no harm by causes that cannot be read", () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const thrower = Object.defineProperty(new Error("odd"), "code", {
      get: () => {
        throw new Error("not this one")
      }
    })
    for (const cause of [proxy, thrower]) expect(SqlRetry.on(unknown(cause))).toBe(false)
  })
})

describe("SqlRetry.transaction", () => {
  it.effect("is one transaction where all goes well", () =>
    Effect.gen(function*() {
      const { exit, logs, sent } = yield* watch(new FakeDatabase(), SqlRetry.transaction(Effect.as(work, "done")))
      expect(exit).toEqual(Exit.succeed("done"))
      expect(sent).toEqual(["1: BEGIN", "1: WORK", "1: COMMIT"])
      expect(logs).toEqual([])
    }))

  it.effect("begins anew on another connection, and never repeats a statement by itself", () =>
    Effect.gen(function*() {
      const database = new FakeDatabase({ to: "WORK", error: serialization })
      const twice = Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.andThen(sql`FIRST`, work))
      const { causes, exit, sent } = yield* watch(database, SqlRetry.transaction(twice))
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(causes).toEqual([serialization])
      const first = ["1: BEGIN", "1: FIRST", "1: WORK", "1: ROLLBACK"]
      const second = ["2: BEGIN", "2: FIRST", "2: WORK", "2: COMMIT"]
      expect(sent).toEqual([...first, ...second])
    }))

  it.effect("is retried where the database refuses to begin or to commit", () =>
    Effect.gen(function*() {
      for (const to of ["BEGIN", "COMMIT"]) {
        const { causes, exit, logs } = yield* watch(
          new FakeDatabase({ to, error: serialization }),
          SqlRetry.transaction(work)
        )
        expect(Exit.isSuccess(exit)).toBe(true)
        expect(causes).toEqual([serialization])
        expect(logs).toEqual([])
      }
    }))

  it.effect("fails with what the effect has failed with, the same object, at once if it is none of its concern", () =>
    Effect.gen(function*() {
      const unique = sqlError("UniqueViolation", "23505")
      const overdrawn = new Overdrawn()
      const refused: Effect.Effect<void, Overdrawn, SqlClient.SqlClient> = Effect.andThen(
        Effect.ignore(work),
        Effect.fail(overdrawn)
      )
      const cases = [[SqlRetry.transaction(work), unique], [SqlRetry.transaction(refused), overdrawn]] as const
      for (const [transaction, error] of cases) {
        const database = new FakeDatabase({ to: "WORK", error: unique })
        const { exit, sent } = yield* watch<unknown, unknown>(database, transaction)
        expect(fails(exit)).toEqual([error])
        expect(fails(exit)[0]).toBe(error)
        expect(sent).toEqual(["1: BEGIN", "1: WORK", "1: ROLLBACK"])
      }
    }))

  it.effect("is in haste: 10 ms doubled, 100 ms of jitter, 2 s at most, 10 attempts", () =>
    Effect.gen(function*() {
      const starts: Array<number> = []
      const failing = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        starts.push(now)
        return Effect.fail(serialization)
      })
      const { exit } = yield* watch(new FakeDatabase(), SqlRetry.transaction(failing, { waitJitter: 0 }))
      expect(fails(exit)).toEqual([serialization])
      const waits = starts.slice(1).map((start, i) => start - starts[i]!)
      expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2000])
      expect(SqlRetry.defaults.waitJitter).toEqual(Duration.millis(100))
      const undefinedMeansDefault = SqlRetry.transaction(failing, {
        waitJitter: 0,
        waitInitial: undefined,
        attempts: 2
      })
      starts.length = 0
      yield* watch(new FakeDatabase(), undefinedMeansDefault)
      expect(starts[1]! - starts[0]!).toBe(10)
    }))

  it.effect("retries on what it is told to in place of that", () =>
    Effect.gen(function*() {
      let calls = 0
      const overdrawn = Effect.suspend(() => ++calls < 3 ? Effect.fail(new Overdrawn()) : Effect.succeed(calls))
      const { exit } = yield* watch(new FakeDatabase(), SqlRetry.transaction(overdrawn, { on: "Overdrawn" }))
      expect(exit).toEqual(Exit.succeed(3))
      const other = SqlRetry.transaction(work, { on: () => false })
      expect(fails((yield* watch(new FakeDatabase({ to: "WORK", error: serialization }), other)).exit)).toEqual([
        serialization
      ])
    }))

  it.effect("leaves 25P02 out of the decision beside the failure that has caused it", () =>
    Effect.gen(function*() {
      const aborted = sqlError("UnknownError", "25P02")
      const together = (...errors: ReadonlyArray<SqlError.SqlError | Overdrawn>) => {
        let calls = 0
        return Effect.suspend(() =>
          ++calls === 1 ? Effect.failCause(Cause.fromReasons(errors.map(Cause.makeFailReason))) : Effect.succeed(calls)
        )
      }
      const unique = sqlError("UniqueViolation", "23505")
      const run = (...errors: ReadonlyArray<SqlError.SqlError | Overdrawn>) =>
        watch(new FakeDatabase(), SqlRetry.transaction(together(...errors)))

      for (const errors of [[serialization, aborted], [aborted, serialization]]) {
        const { exit, retries } = yield* run(...errors)
        expect(exit).toEqual(Exit.succeed(2))
        expect(retries).toHaveLength(1)
      }
      for (const errors of [[aborted], [aborted, aborted], [unique, aborted], [aborted, new Overdrawn()]]) {
        const { exit, retries } = yield* run(...errors)
        expect(fails(exit)).toEqual(errors)
        expect(retries).toEqual([])
      }
    }))

  it.effect("decides by the failures of the last attempt alone", () =>
    Effect.gen(function*() {
      const aborted = sqlError("UnknownError", "25P02")
      let calls = 0
      const worse = Effect.suspend(() => Effect.fail(++calls === 1 ? serialization : aborted))
      const { exit, retries } = yield* watch(new FakeDatabase(), SqlRetry.transaction(worse))
      expect(fails(exit)).toEqual([aborted])
      expect(retries).toHaveLength(1)
    }))

  it.effect("does not take a failure without an error for a timeout", () =>
    Effect.gen(function*() {
      const { exit, retries } = yield* watch(new FakeDatabase(), SqlRetry.transaction(Effect.fail(undefined)))
      expect(fails(exit)).toEqual([undefined])
      expect(retries).toEqual([])
    }))

  it.effect("can be made alone, and be used on many effects", () =>
    Effect.gen(function*() {
      const transaction = SqlRetry.transaction()
      const database = new FakeDatabase({ to: "WORK", error: serialization }, { to: "WORK", error: serialization })
      const { exit } = yield* watch(database, Effect.all([transaction(work), transaction(Effect.succeed("one"))]))
      expect(exit).toEqual(Exit.succeed([[], "one"]))
    }))

  it.effect("begins as it is told to, and lets nobody else begin so", () =>
    Effect.gen(function*() {
      const [database, other] = [new FakeDatabase(), new FakeDatabase()]
      const inside = Effect.flatMap(other.client, (client) => client.withTransaction(Effect.void))
      const { sent } = yield* watch(database, SqlRetry.transaction(inside, { begin: "BEGIN IMMEDIATE" }))
      expect(sent).toEqual(["1: BEGIN IMMEDIATE", "1: COMMIT"])
      expect(other.sent).toEqual(["1: BEGIN", "1: COMMIT"])

      const around = SqlRetry.transaction(work).pipe(
        Effect.provideService(SqlClient.BeginTransaction, "BEGIN EXCLUSIVE")
      )
      expect((yield* watch(new FakeDatabase(), around)).sent[0]).toBe("1: BEGIN EXCLUSIVE")
    }))

  it.effect("tells hooks and reports its name, which is that of the span around", () =>
    Effect.gen(function*() {
      const { exit, retries } = yield* watch(
        new FakeDatabase({ to: "WORK", error: serialization }),
        SqlRetry.transaction(Effect.andThen(work, Effect.fail(serialization)), { attempts: 2 }).pipe(
          Effect.withSpan("transfer")
        )
      )
      expect(retries.map(({ name }) => name)).toEqual(["transfer"])
      expect(Option.getOrThrow(Stamina.report(fails(exit)[0]))).toMatchObject({
        reason: "AttemptsExhausted",
        attempts: 2
      })
    }))

  it("refuses bad options at once, by its own name", () => {
    const bad = (options: unknown) => () => SqlRetry.transaction(options as SqlRetry.Options<"SqlError">)
    expect(bad({ attempts: 0 })).toThrow("SqlRetry.transaction: attempts must be an integer >= 1 or Infinity, got 0")
    expect(bad({ begin: " " })).toThrow("SqlRetry.transaction: begin must be a statement, got \" \"")
    expect(bad({ idempotent: "yes" })).toThrow("SqlRetry.transaction: idempotent must be true or false, got \"yes\"")
    expect(bad({ isolation: "serializable" })).toThrow(/^SqlRetry.transaction: unknown option "isolation", .*begin/)
    expect(() => SqlRetry.transaction(work, { attemptTimeout: 0 })).toThrow(/attemptTimeout must be a duration > 0/)
  })
})

describe("a connection that is lost", () => {
  it.effect("in mid-transaction is retried, although ROLLBACK cannot be sent", () =>
    Effect.gen(function*() {
      const database = new FakeDatabase({ to: "WORK", error: gone, closes: true })
      const { causes, exit, sent } = yield* watch(database, SqlRetry.transaction(work))
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(causes).toEqual([gone])
      expect(sent).toEqual(["1: BEGIN", "1: WORK", "2: BEGIN", "2: WORK", "2: COMMIT"])
    }))

  it.effect("is a typed failure in the end, where Effect has a defect", () =>
    Effect.gen(function*() {
      const broken = () => new FakeDatabase({ to: "WORK", error: gone, closes: true })
      const { exit } = yield* watch(broken(), SqlRetry.transaction(work, { attempts: 1 }))
      expect(fails(exit)).toEqual([gone])

      const plain = Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(work))
      const { exit: died } = yield* watch(broken(), plain)
      expect(Exit.isFailure(died) && Cause.hasFails(died.cause)).toBe(false)
    }))

  it.effect("is a typed failure also where it is not worth a retry", () =>
    Effect.gen(function*() {
      for (const code of ["25P04", "57P04", "CONNECTION_ENDED"]) {
        const error = sqlError("UnknownError", code)
        // what drivers say of the ROLLBACK is another error
        const database = new FakeDatabase({ to: "WORK", error }, {
          to: "ROLLBACK",
          error: sqlError("UnknownError", code)
        })
        const { exit, retries } = yield* watch(database, SqlRetry.transaction(work))
        expect(fails(exit)).toEqual([error])
        expect(retries).toEqual([])
      }
    }))

  it.effect("does not take the place of a deadline that has passed before", () =>
    Effect.gen(function*() {
      const { exit, sent } = yield* watch(
        new FakeDatabase({ to: "ROLLBACK", takes: "1 minute", error: gone, closes: true }),
        SqlRetry.transaction(Effect.never).pipe(Stamina.withDeadline("1 second"))
      )
      expect(fails(exit)).toMatchObject([{ _tag: "DeadlineExceeded" }])
      expect(sent).toEqual(["1: BEGIN", "1: ROLLBACK"])
    }))

  it.effect("does not take the place of the error that was there before", () =>
    Effect.gen(function*() {
      const overdrawn = new Overdrawn()
      const { exit } = yield* watch(
        new FakeDatabase({ to: "ROLLBACK", error: gone, closes: true }),
        SqlRetry.transaction(Effect.andThen(work, Effect.fail(overdrawn)))
      )
      expect(fails(exit)).toEqual([overdrawn])
    }))

  it.effect("does not excuse a ROLLBACK that fails for another reason", () =>
    Effect.gen(function*() {
      const odd = sqlError("UnknownError", "XX000")
      const database = new FakeDatabase({ to: "WORK", error: serialization }, { to: "ROLLBACK", error: odd })
      const { exit, retries } = yield* watch(database, SqlRetry.transaction(work))
      expect(fails(exit)).toMatchObject([{ _tag: "Die" }, { _tag: "Die", defect: odd }])
      expect(retries).toEqual([])
    }))

  it.effect("does not turn a defect inside into a failure", () =>
    Effect.gen(function*() {
      const database = new FakeDatabase({ to: "WORK", error: gone, closes: true })
      const { exit, retries } = yield* watch(database, SqlRetry.transaction(Effect.orDie(work)))
      expect(fails(exit)).toMatchObject([{ _tag: "Die", defect: gone }])
      expect(retries).toEqual([])
    }))

  it.effect("during COMMIT is not retried, and can be told from others", () =>
    Effect.gen(function*() {
      for (
        const error of [
          sqlError("ConnectionError", "ECONNRESET"),
          sqlError("UnknownError", "57P01"),
          sqlError("UnknownError", "40003"),
          sqlError("UnknownError", "CONNECTION_DESTROYED"),
          unknown(new Error("Can't add new command when connection is in closed state")),
          unknown(new Error("Failed query: COMMIT", { cause: coded("ECONNRESET") }))
        ]
      ) {
        expect(SqlRetry.isOutcomeUnknown(error)).toBe(false)
        const { exit, logs, retries, sent } = yield* watch(
          new FakeDatabase({ to: "COMMIT", error, closes: true }),
          // whoever retries outside must not do it either
          SqlRetry.transaction(work, { name: "inner", on: "SqlError" }).pipe(Stamina.retry({ on: SqlRetry.on }))
        )
        expect(fails(exit)).toEqual([error])
        expect(retries).toEqual([])
        expect(sent).toEqual(["1: BEGIN", "1: WORK", "1: COMMIT"])
        // the transaction has said why, and the retry around it says that it does not name the error
        expect(logs).toEqual(["Warn stamina.commit_unknown inner", "Debug stamina.not_retried <unnamed>"])
        expect(SqlRetry.isOutcomeUnknown(error)).toBe(true)
        expect(SqlRetry.on(error)).toBe(false)
      }
    }))

  const severe = (code: string, severity: string) => coded(code, { severity })
  const fromMysql = (code: string, errno: number, sqlState = "HY000") => coded(code, { errno, sqlState })
  const wrapped = (cause: unknown) => new Error("Failed query: COMMIT", { cause })

  const open: ReadonlyArray<readonly [string, SqlError.SqlError]> = [
    ["nothing known", unknown(new Error("socket hang up"))],
    ["no error at all", unknown("timeout")],
    ["no cause", unknown(undefined)],
    ["a code of the system", unknown(coded("EHOSTDOWN"))],
    ["a code of the system that no table has", unknown(coded("EBADF"))],
    ["a code of the system with five characters", unknown(coded("E2BIG"))],
    ["a code of the system that looks like a SQLSTATE", unknown(coded("EPIPE"))],
    ["a code of an ORM that looks like a SQLSTATE", unknown(coded("P1017"))],
    ["a lost connection, wrapped", unknown(wrapped(coded("08006")))],
    ["a lost connection, wrapped twice", unknown(wrapped(wrapped(coded("08P01"))))],
    ["a lost connection around a refusal", unknown(coded("ECONNRESET", { cause: coded("40001") }))],
    ["class 08 that Effect has classified", sqlError("ConnectionError", "08003")],
    ["a connection error without a code", sqlError("ConnectionError")],
    ["a server that shuts down", unknown(severe("57P01", "FATAL"))],
    ["a server that starts", unknown(severe("57P03", "FATAL"))],
    ["a session that ends", unknown(severe("53200", "FATAL"))],
    ["a session that ends, as @effect/sql-pg has it", unknown(coded("53200", { severityUnlocalized: "FATAL" }))],
    ["a pooler that has lost the server", unknown(severe("XX000", "ERROR"))],
    ["a pooler that has lost the server, another", unknown(severe("58000", "ERROR"))],
    ["the outcome unknown to the server", unknown(severe("40003", "ERROR"))],
    ["a success as an error", unknown(coded("00000"))],
    ["a timeout of the client's own", sqlError("StatementTimeoutError", "ETIMEOUT")],
    ["a timeout without a code", sqlError("StatementTimeoutError")],
    ["a classified error that means a lost connection", sqlError("LockTimeoutError", "ECONNRESET")],
    ["MySQL's code without a number", unknown(coded("ER_LOCK_WAIT_TIMEOUT"))],
    ["a code of MariaDB's driver", unknown(fromMysql("ER_SOCKET_UNEXPECTED_CLOSE", 45_026, "08S01"))],
    ["MySQL's client", unknown(fromMysql("ER_LOST", 2013))],
    ["MySQL's network", unknown(fromMysql("ER_NET_READ_ERROR", 1158, "08S01"))],
    ["MySQL's COMMIT that broke off", unknown(fromMysql("ER_ERROR_DURING_COMMIT", 1180))],
    ["Vitess", unknown(fromMysql("ER_UNKNOWN_ERROR", 1105))],
    ["a disk that SQLite cannot write", unknown(coded("SQLITE_IOERR_FSYNC"))],
    ["the same by number", unknown(coded("ERR_SQLITE_ERROR", { errcode: 1034 }))],
    ["SQLite without a number", unknown(coded("ERR_SQLITE_ERROR"))],
    ["a timeout of SQL Server's driver", unknown(coded("ETIMEOUT"))],
    ["a pool without a connection", unknown(new Error("timeout exceeded when trying to connect"))]
  ]

  it.effect.each(open)(
    "during COMMIT leaves it unknown, whatever `on` says: %s",
    ([, error]) =>
      Effect.gen(function*() {
        for (const on of ["SqlError", () => true, SqlRetry.on, { SqlError: "1 second" }] as const) {
          const { exit, logs, retries, sent } = yield* watch<unknown, unknown>(
            new FakeDatabase({ to: "COMMIT", error }),
            SqlRetry.transaction(work, { name: "inner", on }).pipe(Stamina.retry({ on: SqlRetry.on }))
          )
          expect(fails(exit)).toEqual([error])
          expect(retries).toEqual([])
          expect(sent).toEqual(["1: BEGIN", "1: WORK", "1: COMMIT"])
          // the retry around it says that it does not name the error
          expect(logs).toEqual(["Warn stamina.commit_unknown inner", "Debug stamina.not_retried <unnamed>"])
          expect(SqlRetry.isOutcomeUnknown(error)).toBe(true)
        }
      })
  )

  const refused: ReadonlyArray<readonly [string, SqlError.SqlError]> = [
    ["a serialization failure", sqlError("SerializationError", "40001")],
    ["a deadlock", sqlError("DeadlockError", "40P01")],
    ["a lock", sqlError("LockTimeoutError", "SQLITE_BUSY")],
    ["a lock without a code", sqlError("LockTimeoutError")],
    ["a deferred unique key", sqlError("UniqueViolation", "23505")],
    ["a deferred constraint", sqlError("ConstraintError", "23503")],
    ["a syntax error of a trigger", sqlError("SqlSyntaxError", "42601")],
    ["a privilege", sqlError("AuthorizationError", "42501")],
    ["a role", sqlError("AuthenticationError", "28000")],
    ["a statement that the server has cancelled", sqlError("StatementTimeoutError", "57014")],
    ["nobody has classified it", unknown(severe("40001", "ERROR"))],
    ["a wrapped one", unknown(wrapped(wrapped(coded("40001"))))],
    ["a trigger that raises", unknown(coded("P0001"))],
    ["a code of the program's own", unknown(severe("MY001", "ERROR"))],
    ["the same in another language", unknown(severe("MY001", "FEHLER"))],
    ["a full disk", unknown(severe("53100", "ERROR"))],
    ["a statement that failed before", unknown(coded("25P02"))],
    ["ROLLBACK in answer to COMMIT", unknown(new Error("COMMIT rolled back an aborted transaction"))],
    ["MySQL", unknown(fromMysql("ER_LOCK_DEADLOCK", 1213, "40001"))],
    ["MariaDB", unknown(wrapped(fromMysql("ER_CHECKREAD", 1020)))],
    ["group replication", unknown(fromMysql("ER_TRANSACTION_ROLLBACK_DURING_COMMIT", 3101))],
    ["SQLite", unknown(coded("SQLITE_BUSY_SNAPSHOT"))],
    ["SQLite that is full", unknown(coded("SQLITE_FULL"))],
    ["SQLite that cannot open its journal", sqlError("ConnectionError", "SQLITE_CANTOPEN")],
    ["SQLite by number", unknown(coded("ERR_SQLITE_ERROR", { errcode: 5 }))],
    ["SQL Server", unknown(coded("EREQUEST", { number: 3960 }))]
  ]

  it.effect.each(refused)(
    "is something else than a COMMIT that the database refuses, about which `on` decides: %s",
    ([, error]) =>
      Effect.gen(function*() {
        const { causes, exit, logs, sent } = yield* watch(
          new FakeDatabase({ to: "COMMIT", error }),
          SqlRetry.transaction(work, { on: "SqlError" })
        )
        expect(Exit.isSuccess(exit)).toBe(true)
        expect([causes, logs]).toEqual([[error], []])
        expect(sent.filter((sql) => sql.endsWith("COMMIT"))).toEqual(["1: COMMIT", "2: COMMIT"])
        expect(SqlRetry.isOutcomeUnknown(error)).toBe(false)
      })
  )

  it("has an opinion on every reason at COMMIT", () => {
    const tags = SqlError.SqlErrorReason.members.map((member) => member.identifier.split("/").at(-1))
    expect(new Set([...open, ...refused].map(([, error]) => error.reason._tag))).toEqual(new Set(tags))
  })

  it.effect("during COMMIT is unknown of a defect, too", () =>
    Effect.gen(function*() {
      const defect = new TypeError("the driver has stumbled")
      const database = new FakeDatabase({ to: "COMMIT", error: serialization })
      const client = yield* database.client
      const stumbling = Object.assign(Object.create(client), {
        withTransaction: (self: Effect.Effect<unknown, unknown, unknown>) => Effect.andThen(self, Effect.die(defect))
      })
      const exit = yield* Effect.exit(
        SqlRetry.transaction(Effect.void, { on: "SqlError" }).pipe(
          Effect.provideService(SqlClient.SqlClient, stumbling),
          Effect.provide(Logger.layer([]))
        )
      )
      expect(fails(exit)).toMatchObject([{ _tag: "Die", defect }])
      expect(SqlRetry.isOutcomeUnknown(defect)).toBe(true)
    }))

  it.effect("during COMMIT is retried where the transaction may be done twice", () =>
    Effect.gen(function*() {
      const error = sqlError("ConnectionError", "ECONNRESET")
      const { causes, exit, logs } = yield* watch(
        new FakeDatabase({ to: "COMMIT", error, closes: true }),
        SqlRetry.transaction(work, { idempotent: true })
      )
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(causes).toEqual([error])
      expect(logs).toEqual([])
      expect(SqlRetry.isOutcomeUnknown(error)).toBe(false)
    }))

  it("is known to be unknown of errors only", () => {
    for (const value of [undefined, null, "error", {}, gone]) expect(SqlRetry.isOutcomeUnknown(value)).toBe(false)
  })
})

describe("a transaction inside another", () => {
  const savepoint = ["SAVEPOINT effect_sql_1", "WORK", "ROLLBACK TO SAVEPOINT effect_sql_1", "RELEASE effect_sql_1"]

  it.effect("is not retried, and says so as a warning", () =>
    Effect.gen(function*() {
      const inner = SqlRetry.transaction(work, { name: "inner" })
      const { exit, logs, retries, sent } = yield* watch(
        new FakeDatabase({ to: "WORK", error: serialization }),
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(Effect.flip(inner)))
      )
      expect(exit).toEqual(Exit.succeed(serialization))
      expect(retries).toEqual([])
      expect(logs).toEqual(["Warn stamina.transaction_not_retried inner"])
      expect(sent).toEqual(["BEGIN", ...savepoint, "COMMIT"].map((sql) => `1: ${sql}`))
    }))

  it.effect("is retried with the one around, and says so at debug level, once per call", () =>
    Effect.gen(function*() {
      const inner = SqlRetry.transaction(work, { name: "inner" })
      const { exit, logs, retries, sent } = yield* watch(
        new FakeDatabase({ to: "WORK", error: serialization }),
        SqlRetry.transaction(inner, { name: "outer" })
      )
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(retries.map(({ name }) => name)).toEqual(["outer"])
      expect(logs).toEqual([
        "Debug stamina.transaction_not_retried inner",
        "Debug stamina.transaction_not_retried inner"
      ])
      expect(sent).toEqual([
        ...["BEGIN", ...savepoint, "ROLLBACK"].map((sql) => `1: ${sql}`),
        ...["BEGIN", "SAVEPOINT effect_sql_1", "WORK", "RELEASE effect_sql_1", "COMMIT"].map((sql) => `2: ${sql}`)
      ])
    }))

  it.effect("of another client's is one by itself", () =>
    Effect.gen(function*() {
      const other = new FakeDatabase({ to: "WORK", error: serialization })
      const inner = SqlRetry.transaction(work).pipe(Effect.provide(other.layer))
      const { exit, logs, retries, sent } = yield* watch(new FakeDatabase(), SqlRetry.transaction(inner))
      expect(Exit.isSuccess(exit)).toBe(true)
      expect([retries.length, logs]).toEqual([1, []])
      expect(sent).toEqual(["1: BEGIN", "1: COMMIT"])
      expect(other.sent).toEqual(
        ["BEGIN", "WORK", "ROLLBACK"].map((sql) => `1: ${sql}`).concat(
          ["BEGIN", "WORK", "COMMIT"].map((sql) => `2: ${sql}`)
        )
      )
    }))

  it.effect("that loses the connection leaves it to the one around to begin anew", () =>
    Effect.gen(function*() {
      for (const to of ["WORK", "RELEASE effect_sql_1"]) {
        const database = new FakeDatabase({ to, error: gone, closes: true })
        const { causes, exit } = yield* watch(database, SqlRetry.transaction(SqlRetry.transaction(work)))
        expect(Exit.isSuccess(exit)).toBe(true)
        expect(causes).toEqual([gone])
      }
    }))
})

describe("attemptTimeout", () => {
  it.effect("rolls back the effect that takes too long, and begins anew", () =>
    Effect.gen(function*() {
      let calls = 0
      const slow = Effect.suspend(() => ++calls === 1 ? Effect.never : work)
      const { causes, exit, sent } = yield* watch(
        new FakeDatabase(),
        SqlRetry.transaction(slow, { attemptTimeout: "1 second" })
      )
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(causes).toMatchObject([{ _tag: "AttemptTimedOut", attempt: 1 }])
      expect(sent).toEqual(["1: BEGIN", "1: ROLLBACK", "2: BEGIN", "2: WORK", "2: COMMIT"])
    }))

  it.effect("is not retried where `on` says so by name", () =>
    Effect.gen(function*() {
      const { exit, retries } = yield* watch(
        new FakeDatabase(),
        SqlRetry.transaction(Effect.never, {
          attemptTimeout: "1 second",
          on: { SqlError: SqlRetry.on, AttemptTimedOut: false }
        })
      )
      expect(fails(exit)).toMatchObject([{ _tag: "AttemptTimedOut", attempt: 1 }])
      expect(retries).toEqual([])
    }))

  it.effect("does not break off a COMMIT, nor commit twice on that account", () =>
    Effect.gen(function*() {
      const { exit, sent } = yield* watch(
        new FakeDatabase({ to: "COMMIT", takes: "1 minute" }),
        SqlRetry.transaction(work, { attemptTimeout: "1 second" })
      )
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(sent).toEqual(["1: BEGIN", "1: WORK", "1: COMMIT"])
    }))

  it.effect("holds inside another transaction as well", () =>
    Effect.gen(function*() {
      const { exit, sent } = yield* watch(
        new FakeDatabase(),
        Effect.flatMap(SqlClient.SqlClient, (sql) =>
          sql.withTransaction(Effect.flip(SqlRetry.transaction(Effect.never, { attemptTimeout: "1 second" }))))
      )
      expect(Exit.isSuccess(exit) && exit.value).toMatchObject({ _tag: "AttemptTimedOut", attempt: 1 })
      expect(sent.at(-1)).toBe("1: COMMIT")
    }))
})
