/**
 * A workflow that retries one activity durably, on the engine of a cluster with PostgreSQL, and says what happens to it.
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Duration, Effect, Exit, Layer, Option, Schema } from "effect"
import { RetryHook, Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { ClusterWorkflowEngine, RunnerAddress, type ShardingConfig, SingleRunner } from "effect/cluster"
import * as Digest from "effect/crypto/Digest"
import { Activity, Workflow } from "effect/workflow"

/** What a worker is to do. It fits on a command line, as JSON. */
export interface Job {
  /** Where PostgreSQL is. */
  readonly port: number
  readonly database: string
  /** Which execution of the workflow; whoever asks for the same one waits for the same one. */
  readonly id: string
  readonly options: {
    readonly attempts: number
    readonly timeout: number
    readonly waitInitial: number
    readonly waitMax: number
    readonly waitJitter: number
    readonly holdWaitsUpTo?: number
    readonly lostAttempts?: "repeat" | "count"
  }
  /** How many attempts fail before one succeeds. */
  readonly failures: number
  /** How many milliseconds an attempt takes. */
  readonly takes: number
  /** How many milliseconds an activity takes that runs beside the retry, if there is one. */
  readonly beside?: number
  readonly sharding?: Partial<Pick<ShardingConfig.ShardingConfig["Service"], DurationSetting>>
  /** The port of this runner, where there may be others. */
  readonly runner?: number
}

/** A job but for where it runs. */
export type Kind = Omit<Job, "database" | "id" | "port" | "runner">

type DurationSetting =
  | "entityMessagePollInterval"
  | "entityTerminationTimeout"
  | "shardLockExpiration"
  | "shardLockRefreshInterval"
  | "refreshAssignmentsInterval"
  | "runnerHealthCheckInterval"

/** What a worker says, a line of JSON for each. `at` is in milliseconds since the epoch. */
export type Event =
  & { readonly at: number; readonly pid: number }
  & (
    | { readonly event: "ready" }
    | { readonly event: "begins"; readonly attempt: number; readonly key: string }
    | { readonly event: "ends"; readonly attempt: number; readonly how: "done" | "interrupted" }
    | { readonly event: "beside"; readonly how: "begins" | "done" | "interrupted" }
    | { readonly event: "asked"; readonly attempt: number }
    | {
      readonly event: "told"
      readonly what: "RetryScheduled" | "Recovered" | "GaveUp" | "Interrupted"
      readonly attempt: number
      readonly elapsed: number
      readonly wait?: number
      readonly reason?: string
      readonly error?: string
    }
    | { readonly event: "ended"; readonly with: string }
  )

/** The events of one kind, in order. */
export const heardOf = <K extends Event["event"]>(
  events: ReadonlyArray<Event>,
  kind: K
): ReadonlyArray<Extract<Event, { readonly event: K }>> =>
  events.filter((event): event is Extract<Event, { readonly event: K }> => event.event === kind)

type Without<E, K extends PropertyKey> = E extends unknown ? Omit<E, K> : never
export type Say = (event: Without<Event, "at" | "pid">) => void

export class Down extends Schema.TaggedError<Down>()("Down", { attempt: Schema.Int }) {}

/** What has come of it, and the reason that crossed the border of the workflow. */
export class GivenUp extends Schema.TaggedError<GivenUp>()("GivenUp", {
  error: Schema.String,
  reason: Schema.String,
  attempts: Schema.Int
}) {}

export const Pay = Workflow.make("Pay", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Schema.String,
  error: GivenUp
})

/** Takes its time, and says how that ended. */
const takeTime = (millis: number, ended: (how: "done" | "interrupted") => void) =>
  Effect.onExit(Effect.sleep(millis), (exit) => Effect.sync(() => ended(Exit.isSuccess(exit) ? "done" : "interrupted")))

/** The workflow, as the job wants it. */
export const layerPay = ({ beside, failures, options, takes }: Job, say: Say) => {
  const call = Activity.make({
    name: "call",
    success: Schema.String,
    error: Down,
    execute: Effect.gen(function*() {
      const attempt = yield* Activity.CurrentAttempt
      say({ event: "begins", attempt, key: yield* DurableRetry.idempotencyKey })
      yield* takeTime(takes, (how) => say({ event: "ends", attempt, how }))
      return attempt > failures ? `attempt ${attempt}` : yield* new Down({ attempt })
    })
  })
  const retried = DurableRetry.retry(call, {
    ...options,
    on: ({ attempt }) => {
      say({ event: "asked", attempt })
      return true
    },
    onGiveUp: ({ _tag }, { attempts, reason }) => new GivenUp({ error: _tag, reason, attempts })
  })
  const other = Activity.make({
    name: "beside",
    execute: Effect.suspend(() => {
      say({ event: "beside", how: "begins" })
      return takeTime(beside ?? 0, (how) => say({ event: "beside", how }))
    })
  })
  const body = beside === undefined
    ? retried
    : Effect.map(Effect.all([retried, other], { concurrency: "unbounded" }), ([value]) => value)
  return Pay.toLayer(() => body).pipe(Layer.provide(Stamina.layerHooks([listener(say)])))
}

const listener = (say: Say) =>
  RetryHook.forEvery("lines", (event) => {
    if (event._tag === "RetryDeferred") return
    const { elapsed } = event
    const told = { event: "told", elapsed: Duration.toMillis(elapsed) } as const
    if (event._tag === "RetryScheduled") {
      const { causedBy, retryNum, waitFor } = event
      return say({
        ...told,
        what: event._tag,
        attempt: retryNum,
        wait: Duration.toMillis(waitFor),
        error: tagOf(causedBy)
      })
    }
    const gaveUp = event._tag === "GaveUp" ? { reason: event.reason, error: tagOf(event.causedBy) } : {}
    return say({ ...told, what: event._tag, attempt: event.attempts, ...gaveUp })
  })

const tagOf = (error: unknown): string => String((error as { readonly _tag?: unknown })._tag ?? error)

/** The engine: of a runner that is alone, or of one of several. */
export const layerEngine = (
  { database, port, runner, sharding }: Pick<Job, "database" | "port" | "runner" | "sharding">
) => {
  // few shards are few locks, and are there quickly
  const config = { shardsPerGroup: 10, ...sharding }
  const runners = runner === undefined
    ? SingleRunner.layer({ shardingConfig: config })
    : NodeClusterSocket.layer({
      storage: "sql",
      shardingConfig: { ...config, runnerAddress: Option.some(RunnerAddress.make("127.0.0.1", runner)) }
    })
  return ClusterWorkflowEngine.layer.pipe(
    Layer.provideMerge(runners),
    Layer.provideMerge(PgClient.layer({ host: "127.0.0.1", port, database, ssl: false, username: "postgres" })),
    Layer.provide(Digest.layerWebCrypto)
  )
}
