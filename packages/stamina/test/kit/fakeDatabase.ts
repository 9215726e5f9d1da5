/**
 * A database that only says yes, unless a test says otherwise: Effect's own `SqlClient` on connections that write down
 * what is sent to them.
 */
import { type Duration, Effect, Layer, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"

export class FakeDatabase {
  /** What was sent, in order, as `1: BEGIN`: behind the number of the connection. */
  readonly sent: Array<string> = []
  /** Connections that were taken, and not yet given back. */
  open = 0
  private connections = 0
  private readonly lost = new Map<number, SqlError.SqlError>()
  private readonly answers: ReadonlyArray<Answer>

  /** The first answer that fits what is sent is given, once; then the next that does. */
  constructor(...answers: ReadonlyArray<Answer>) {
    this.answers = answers
  }

  private readonly given = new Set<Answer>()

  private readonly answer = (connection: number, sql: string) =>
    Effect.suspend(() => {
      const dead = this.lost.get(connection)
      // a driver does not send what cannot arrive
      if (dead !== undefined) return Effect.fail(dead)
      this.sent.push(`${connection}: ${sql}`)
      const answer = this.answers.find((answer) => answer.to === sql && !this.given.has(answer))
      if (answer === undefined) return Effect.succeed([])
      this.given.add(answer)
      const { closes = false, error, takes = 0 } = answer
      if (closes && error !== undefined) this.lost.set(connection, error)
      return Effect.delay(error === undefined ? Effect.succeed([]) : Effect.fail(error), takes)
    })

  private readonly acquirer = Effect.acquireRelease(
    Effect.suspend(() => {
      this.open++
      const number = ++this.connections
      const answer = (sql: string) => this.answer(number, sql)
      const connection: SqlConnection.Connection = {
        execute: answer,
        executeRaw: answer,
        executeStream: (sql) => Stream.fromEffect(answer(sql)),
        executeValues: answer,
        executeValuesUnprepared: answer,
        executeUnprepared: answer
      }
      return Effect.succeed(connection)
    }),
    () => Effect.sync(() => void this.open--)
  )

  readonly client = SqlClient.make({
    acquirer: this.acquirer,
    compiler: Statement.makeCompilerSqlite(),
    driver: "fake",
    releaseSavepoint: (name) => `RELEASE ${name}`,
    spanAttributes: []
  }).pipe(Effect.provide(Reactivity.layer))

  readonly layer = Layer.effect(SqlClient.SqlClient, this.client)
}

/** What becomes of a statement the first time that it is sent. */
export interface Answer {
  readonly to: string
  readonly takes?: Duration.Input
  /** What it fails with. */
  readonly error?: SqlError.SqlError
  /** Whether its connection is lost by that. */
  readonly closes?: boolean
}

const reasons = {
  ConnectionError: SqlError.ConnectionError,
  AuthenticationError: SqlError.AuthenticationError,
  AuthorizationError: SqlError.AuthorizationError,
  SqlSyntaxError: SqlError.SqlSyntaxError,
  UniqueViolation: SqlError.UniqueViolation,
  ConstraintError: SqlError.ConstraintError,
  DeadlockError: SqlError.DeadlockError,
  SerializationError: SqlError.SerializationError,
  LockTimeoutError: SqlError.LockTimeoutError,
  StatementTimeoutError: SqlError.StatementTimeoutError,
  UnknownError: SqlError.UnknownError
}

/** An error as a driver would make it, with the code that the database has given. */
export const sqlError = (tag: keyof typeof reasons, code?: string): SqlError.SqlError => {
  const cause = Object.assign(new Error(`the database says ${code}`), code === undefined ? {} : { code })
  return new SqlError.SqlError({ reason: new reasons[tag]({ cause, message: tag, constraint: "names_pkey" }) })
}
