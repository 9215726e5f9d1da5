/**
 * What comes out of a durable retry on the cluster's engine, inside its workflow and over the border: errors and reports that
 * went through PostgreSQL.
 */
import { Cause, Duration, Effect, Exit, Layer, Logger, Option, Schema } from "effect"
import { RetryHook, Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { Activity, DurableClock, Workflow } from "effect/workflow"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Down, layerEngine } from "./kit/durable.ts"
import { openDatabase, query } from "./kit/durableRecords.ts"
import { type Server, startServer } from "./kit/postgres.ts"

let server: Server

beforeAll(async () => {
  server = await startServer()
}, 60_000)

afterAll(() => server?.stop(), 60_000)

const quick = { on: "Down", waitInitial: 20, waitJitter: 0, holdWaitsUpTo: 60_000 } as const

const errors = Schema.Union([Down, DurableRetry.AttemptTimedOut])

/** Runs the workflow on an engine and a database of its own. */
const execute = async <A, E>(
  name: string,
  error: Schema.Codec<E, unknown>,
  body: Effect.Effect<A, E, any>,
  seen: (event: string) => void = () => {}
): Promise<{ readonly exit: Exit.Exit<unknown, E>; readonly database: string }> => {
  const workflow = Workflow.make(name, { payload: {}, idempotencyKey: () => "once", success: Schema.Unknown, error })
  const database = await openDatabase(server.port)
  const sharding = { entityMessagePollInterval: 200 }
  const layer = workflow.toLayer(() => body as Effect.Effect<A, E>).pipe(
    Layer.provide(Stamina.layerHooks([RetryHook.forEvery("names", ({ _tag }) => seen(_tag))])),
    Layer.provideMerge(layerEngine({ port: server.port, database, sharding })),
    Layer.provide(Layer.succeed(Logger.CurrentLoggers, new Set()))
  )
  const exit = await Effect.runPromise(Effect.exit(workflow.execute({})).pipe(Effect.provide(layer)))
  return { exit, database }
}

const errorOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : expect.fail("it has succeeded")

describe("attemptTimeout", () => {
  /** Hangs as often as told. */
  const hanging = (times: number) => {
    const ends: Array<string> = []
    const call = Activity.make({
      name: "call",
      success: Schema.String,
      error: Down,
      execute: Effect.flatMap(
        Activity.CurrentAttempt,
        (attempt) =>
          attempt > times ? Effect.succeed(`attempt ${attempt}`) : Effect.never.pipe(
            Effect.onInterrupt(() => Effect.sync(() => void ends.push(`attempt ${attempt} was interrupted`)))
          )
      )
    })
    return { call, ends }
  }

  it("interrupts an attempt in time, though the engine makes attempts uninterruptible, and retries it", async () => {
    const { call, ends } = hanging(2)
    const body = DurableRetry.retry(call, { ...quick, attemptTimeout: "300 millis" })
    const { database, exit } = await execute("Timed", errors, body)
    expect(exit).toEqual(Exit.succeed("attempt 3"))
    expect(ends).toEqual(["attempt 1 was interrupted", "attempt 2 was interrupted"])

    const records = await query({ port: server.port, database }, (sql) =>
      sql<{ took: number; tag: string }>`
        SELECT (r->>'at')::float - (r->>'began')::float AS took, r->'cause'->0->'error'->>'_tag' AS tag
        FROM (SELECT payload::json #> '{value,exit,value}' AS r FROM cluster_replies) AS records
        WHERE r->>'_tag' = 'Failed'`)
    expect(records.map(({ tag }) => tag)).toEqual(["AttemptTimedOut", "AttemptTimedOut"])
    for (const { took } of records) {
      expect(took).toBeGreaterThanOrEqual(298)
      expect(took).toBeLessThan(2000)
    }
  })

  it("comes out of the workflow as the error that it is, whatever on says", async () => {
    const { call } = hanging(9)
    const body = DurableRetry.retry(call, { ...quick, attempts: 2, attemptTimeout: "100 millis" })
    const { exit } = await execute("TimedOut", errors, body)
    const error = errorOf(exit)
    expect(error).toBeInstanceOf(Stamina.AttemptTimedOut)
    expect(error).toMatchObject({ _tag: "AttemptTimedOut", attempt: 2, after: Duration.millis(100) })
  })
})

describe("the report of a run that gave up", () => {
  const failing = Activity.make({
    name: "call",
    success: Schema.String,
    error: Down,
    execute: Effect.flatMap(Activity.CurrentAttempt, (attempt) => new Down({ attempt }))
  })

  it("is there on every replay, and hooks hear of it once", async () => {
    const reports: Array<unknown> = []
    const told: Array<string> = []
    const body = DurableRetry.retry(failing, { ...quick, attempts: 3 }).pipe(
      Effect.tapError((error) =>
        Effect.sync(() =>
          reports.push(Option.map(Stamina.report(error), ({ attempts, history, reason }) => [
            attempts,
            reason,
            history.map((attempt) => String((attempt.error as Down).attempt))
          ]))
        )
      ),
      Effect.exit,
      // after which the body runs from the top, and may be more often
      Effect.tap(DurableClock.sleep({ name: "later", duration: "2 seconds", inMemoryThreshold: 0 })),
      Effect.flatten
    )
    const { exit } = await execute("Report", Down, body, (event) => told.push(event))
    const expected = Option.some([3, "AttemptsExhausted", ["1", "2", "3"]])
    expect(reports).toEqual(reports.map(() => expected))
    expect(reports.length).toBeGreaterThan(1)
    expect(told).toEqual(["RetryScheduled", "RetryScheduled", "GaveUp"])

    const error = errorOf(exit)
    expect(error).toBeInstanceOf(Down)
    expect(error).toMatchObject({ attempt: 3 })
    // it has gone through storage once more
    expect(Stamina.report(error)).toEqual(Option.none())
  })

  it("crosses the border in an error of the caller's own", async () => {
    class Failed extends Schema.TaggedError<Failed>()("Failed", { why: Schema.String, attempts: Schema.Int }) {}
    const body = DurableRetry.retry(failing, {
      ...quick,
      attempts: 2,
      onGiveUp: (error, { attempts, reason }) => new Failed({ why: `${error._tag}: ${reason}`, attempts })
    })
    const { exit } = await execute("GaveUp", Failed, body)
    const error = errorOf(exit)
    expect(error).toBeInstanceOf(Failed)
    expect(error).toMatchObject({ why: "Down: AttemptsExhausted", attempts: 2 })
  })
})

it("a success that its schema does not hold is a defect, which `on` is not asked about", async () => {
  let calls = 0
  const call = Activity.make({
    name: "call",
    success: Schema.Finite,
    error: Down,
    execute: Effect.sync(() => (calls++, NaN))
  })
  const { exit } = await execute("Unfit", Down, DurableRetry.retry(call, { ...quick, on: () => true }))
  expect(Exit.isFailure(exit) && exit.cause.reasons.map(({ _tag }) => _tag)).toEqual(["Die"])
  expect(calls).toBe(1)
})
