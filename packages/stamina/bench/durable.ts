/**
 * (h) Durable retries: what an attempt costs on the cluster's engine with PostgreSQL, which has to be installed.
 */
import { Effect, Layer, Logger, Schema } from "effect"
import { Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { Activity, Workflow } from "effect/workflow"
import { layerEngine } from "../integration/kit/durable.ts"
import { openDatabase, query } from "../integration/kit/durableRecords.ts"
import { startServer } from "../integration/kit/postgres.ts"
import { type Ratio, ratio, type Result, written } from "./kit/result.ts"
import { figure } from "./kit/statistics.ts"

const few = 5
const many = 25
const rounds = 12
const warmUp = 4

class Down extends Schema.TaggedError<Down>()("Down", {}) {}

const payload = { id: Schema.String, attempts: Schema.Int }

/** An activity that fails until an attempt is reached. */
const callOf = (attempts: number) =>
  Activity.make({
    name: "call",
    error: Down,
    execute: Effect.flatMap(Activity.CurrentAttempt, (attempt) => attempt < attempts ? new Down() : Effect.void)
  })

const options = { on: "Down", attempts: Infinity, timeout: "1 hour", waitInitial: 0, waitJitter: 0 } as const

const subjects = {
  activity: {
    name: "`Activity.retry`, which cannot wait",
    run: (attempts: number) => Activity.retry(callOf(attempts), { times: many })
  },
  repeat: {
    name: "`DurableRetry.retry`",
    run: (attempts: number) => DurableRetry.retry(callOf(attempts), options)
  },
  count: {
    name: "`DurableRetry.retry`, `lostAttempts: \"count\"`",
    run: (attempts: number) => DurableRetry.retry(callOf(attempts), { ...options, lostAttempts: "count" })
  }
}

type Name = keyof typeof subjects
const names = Object.keys(subjects) as ReadonlyArray<Name>

const workflowOf = (name: Name) =>
  Workflow.make(name, {
    payload,
    idempotencyKey: ({ id }) => id,
    error: Schema.Union([Down, DurableRetry.AttemptLost])
  })

const workflows = { activity: workflowOf("activity"), repeat: workflowOf("repeat"), count: workflowOf("count") }

/** Milliseconds and statements of an attempt: of a run with many less one with few, by how many more there are. */
interface Sample {
  readonly millis: number
  readonly statements: number
}

const server = await startServer({
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_preload_libraries: "pg_stat_statements"
})
const samples = { activity: [] as Array<Sample>, repeat: [] as Array<Sample>, count: [] as Array<Sample> }
try {
  const statistics = { port: server.port, database: "postgres" }
  const database = await openDatabase(server.port)
  await query(statistics, (sql) => sql`CREATE EXTENSION pg_stat_statements`)

  const statements = Effect.promise(async () => {
    const [row] = await query(statistics, (sql) =>
      sql<{ calls: number }>`
        SELECT sum(calls)::int AS calls FROM pg_stat_statements
        JOIN pg_database ON pg_database.oid = dbid WHERE datname = ${database}`)
    return row?.calls ?? Number.NaN
  })

  let runs = 0
  const measured = Effect.fnUntraced(function*(name: Name, attempts: number) {
    const before = yield* statements
    const began = performance.now()
    yield* workflows[name].execute({ id: String(++runs), attempts })
    const millis = performance.now() - began
    return { millis, statements: (yield* statements) - before }
  })

  const layerOf = (name: Name) => workflows[name].toLayer(({ attempts }) => subjects[name].run(attempts))
  // what is polled for is none of the cost of an attempt
  const sharding = { entityMessagePollInterval: "1 hour" } as const
  const layer = Layer.mergeAll(layerOf("activity"), layerOf("repeat"), layerOf("count")).pipe(
    Layer.provide(Stamina.layerHooks([])),
    Layer.provideMerge(layerEngine({ port: server.port, database, sharding }))
  )
  await Effect.runPromise(
    Effect.gen(function*() {
      for (let round = -warmUp; round < rounds; round++) {
        for (const name of names) {
          const less = yield* measured(name, few)
          const more = yield* measured(name, many)
          if (round < 0) continue
          samples[name].push({
            millis: (more.millis - less.millis) / (many - few),
            statements: (more.statements - less.statements) / (many - few)
          })
        }
      }
    }).pipe(Effect.provide(layer), Effect.provideService(Logger.CurrentLoggers, new Set()))
  )
} finally {
  await server.stop()
}

const of = (name: Name, field: keyof Sample) => samples[name].map((sample) => sample[field])

const ratioOf = (what: string, name: Name, field: keyof Sample): Ratio =>
  ratio(what, of(name, field).map((value, round) => value / (of("activity", field)[round] ?? Number.NaN)))

const results: ReadonlyArray<Result> = [
  {
    title: "Durable attempts, on PostgreSQL",
    about:
      `SQL statements and milliseconds per attempt, zero waits, hooks off: a run of ${many} attempts less one of ${few}.`,
    columns: ["", "statements", "quarters", "ms", "quarters"],
    rows: names.map((name) => [
      subjects[name].name,
      ...written(figure(of(name, "statements"))),
      ...written(figure(of(name, "millis")))
    ]),
    ratios: [
      ratioOf("statements of `DurableRetry.retry` / of `Activity.retry`", "repeat", "statements"),
      ratioOf("statements of `\"count\"` / of `Activity.retry`", "count", "statements"),
      ratioOf("milliseconds of `DurableRetry.retry` / of `Activity.retry`", "repeat", "millis"),
      ratioOf("milliseconds of `\"count\"` / of `Activity.retry`", "count", "millis")
    ]
  }
]
console.log(JSON.stringify(results))
