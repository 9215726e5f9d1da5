/**
 * Where a service of Effect hands a schedule the errors of what it keeps going.
 */
import { expect } from "@effect/vitest"
import { Cause, Duration, Effect, Layer, type Schedule, Schema, Stream } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import { Entity, TestRunner } from "effect/cluster"
import { GraphQL, GraphQLClient, GraphQLClientError, GraphQLGroup, GraphQLProtocol } from "effect/graphql"
import { PersistedQueue } from "effect/persistence"
import { Rpc, RpcClient, RpcSerialization } from "effect/rpc"
import { Socket } from "effect/socket"
import { Activity, DurableQueue, Workflow, WorkflowEngine } from "effect/workflow"
import { Flaky, observe, plain, type Rows, three, threeOfAny, toldOfThree } from "./observing.ts"

type Attempt = Effect.Effect<string, Flaky>

/** Three calls, or 45 seconds. */
const limitedOn = (on: string) => ({
  calls: staminaSchedule({ on, waitJitter: 0, attempts: 3 }),
  time: staminaSchedule({ on, waitJitter: 0, timeout: "45 seconds" })
})

/** A subscription that emits `first`, and then makes an attempt. */
const subscribing = (subscriptionRetry: typeof three, first: ReadonlyArray<number> = []) => (attempt: Attempt) => {
  const result = Schema.Struct({ n: Schema.Number })
  const ticks = GraphQL.subscription("Ticks", { document: "subscription Ticks{n}", result })
  const body = (n: number) => ({ body: { data: { n } } })
  const protocol = GraphQLProtocol.GraphQLProtocol.of({
    execute: () => Effect.never,
    subscribe: () =>
      Stream.fromIterable(first.map(body)).pipe(
        Stream.concat(Stream.fromEffect(Effect.as(attempt, body(0)))),
        Stream.mapError(({ n }) => new GraphQLClientError.TransportError({ description: `${n}` }))
      )
  })
  return GraphQLClient.make(GraphQLGroup.make(ticks), { subscriptionRetry }).pipe(
    Effect.flatMap((client) => Stream.runCollect(client.Ticks())),
    Effect.provideService(GraphQLProtocol.GraphQLProtocol, protocol)
  )
}

/** A connection that stays up for a while before each attempt, which breaks it. */
const connecting = (retryPolicy: typeof three, upFor: number) => (attempt: Attempt) => {
  const breaks = attempt.pipe(
    Effect.andThen(Effect.never),
    Effect.mapError((cause) => new Socket.SocketError({ reason: new Socket.SocketReadError({ cause }) }))
  )
  const socket = Socket.make({
    reader: Effect.succeed({ pull: Effect.andThen(Effect.sleep(upFor), breaks), upgrade: () => Effect.void }),
    writer: Effect.succeed({ write: () => Effect.void, writeAll: () => Effect.void })
  })
  return RpcClient.makeProtocolSocket({ retryPolicy, pingInterval: "1 hour" }).pipe(
    Effect.andThen(Effect.never),
    Effect.provideService(Socket.Socket, socket),
    Effect.provide(RpcSerialization.layerJson)
  )
}

/** Runs a workflow once. */
const executing = <R>(body: Effect.Effect<string, Flaky, R>) => {
  const workflow = Workflow.make("Workflow", {
    payload: {},
    idempotencyKey: () => "",
    success: Schema.String,
    error: Flaky
  })
  return workflow.execute({}).pipe(
    Effect.provide(workflow.toLayer(() => body)),
    Effect.provide(WorkflowEngine.layerMemory)
  )
}

const activity = (execute: Attempt, interruptRetryPolicy?: Schedule.Schedule<unknown, Cause.Cause<unknown>>) =>
  Activity.make({ name: "Activity", success: Schema.String, error: Flaky, execute, interruptRetryPolicy })

/** When attempts began, from the first on: a workflow computes digests before it. */
const observeWorkflow = (use: Parameters<typeof observe>[0], takes = 0) =>
  Effect.map(observe(use, { takes, waitsForFirst: true }), ({ starts, ...seen }) => ({
    ...seen,
    starts: starts.map((start) => start - (starts[0] ?? 0))
  }))

export const serviceRows: Rows = {
  "GraphQLClient.make": Effect.gen(function*() {
    const on = limitedOn("GraphQLClientError")
    expect(yield* observe(subscribing(on.calls))).toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
    expect(yield* observe(subscribing(on.calls, [1]), { failures: 5 }))
      .toMatchObject({ starts: [0, 100, 200, 300, 400, 500] })
    expect((yield* observe(subscribing(on.time), { takes: 30_000 })).starts).toEqual([0, 30_100, 60_300])
  }),

  "RpcClient.makeProtocolSocket, RpcClient.layerProtocolSocket": Effect.gen(function*() {
    const on = limitedOn("SocketError")
    expect(yield* observe(connecting(on.calls, 0))).toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
    // connections that held do not count less, and one that held for a minute is the last
    expect(yield* observe(connecting(on.calls, 10_000))).toMatchObject({ starts: [10_000, 20_100, 30_300] })
    expect(yield* observe(connecting(on.time, 60_000)))
      .toMatchObject({ starts: [60_000], told: ["gave up: TimeoutReached"] })
    const endless = { on: "SocketError", waitJitter: 0, attempts: Infinity, timeout: Duration.infinity } as const
    expect((yield* observe(connecting(staminaSchedule(endless), 60_000))).starts).toHaveLength(9)
  }),

  "DurableQueue.process": Effect.gen(function*() {
    const on = limitedOn("PersistedQueueError")
    const queue = DurableQueue.make({
      name: "Queue",
      payload: Schema.Struct({}),
      idempotencyKey: () => "",
      success: Schema.String
    })
    const offering = (retrySchedule: typeof three) => (attempt: Attempt) => {
      const store = PersistedQueue.PersistedQueueStore.of({
        offer: () => Effect.mapError(attempt, ({ n }) => new PersistedQueue.PersistedQueueError({ message: `${n}` })),
        take: () => Effect.never,
        cleanup: () => Effect.void
      })
      return executing(DurableQueue.process(queue, {}, { retrySchedule })).pipe(
        Effect.provide(PersistedQueue.layer),
        Effect.provideService(PersistedQueue.PersistedQueueStore, store)
      )
    }
    expect(yield* observeWorkflow(offering(on.calls))).toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
    expect((yield* observeWorkflow(offering(on.time), 30_000)).starts).toEqual([0, 30_100])
  }),

  "Activity.make": Effect.gen(function*() {
    const interrupted = (policy: Schedule.Schedule<unknown, Cause.Cause<unknown>>) => (attempt: Attempt) =>
      executing(activity(attempt.pipe(Effect.catch(() => Effect.interrupt)), policy))
    const exhausted = "Activity \"Activity\" interrupted and retry attempts exhausted"
    // asked about whole causes, which have no tag
    expect(yield* observeWorkflow(interrupted(three))).toMatchObject({ starts: [0], told: [], out: exhausted })
    const ofCauses = staminaSchedule({
      ...plain,
      on: (cause: Cause.Cause<unknown>) => Cause.hasInterrupts(cause),
      attempts: 3
    })
    expect(yield* observeWorkflow(interrupted(ofCauses)))
      .toMatchObject({ starts: [0, 100, 300], told: toldOfThree, out: exhausted })
    // failures as well, if it lets them
    expect(yield* observeWorkflow((attempt) => executing(activity(attempt, ofCauses)))).toMatchObject({ starts: [0] })
    expect(yield* observeWorkflow((attempt) => executing(activity(attempt, threeOfAny))))
      .toMatchObject({ starts: [0, 100, 300] })
  }),

  "Activity.retry": Effect.gen(function*() {
    // @ts-expect-error: it takes no schedule
    void Activity.retry(activity(Effect.succeed("ok")), { schedule: three })
    const policy = { ...plain, attempts: 3 } as const
    // inside an activity: one activity, three calls
    expect(yield* observeWorkflow((attempt) => executing(activity(Stamina.retry(attempt, policy)))))
      .toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
    // around it, the engine answers with the result that it has kept; a schedule cannot see that
    expect(yield* observeWorkflow((attempt) => executing(Effect.retry(activity(attempt), staminaSchedule(policy)))))
      .toMatchObject({ starts: [0], told: toldOfThree })
    expect(() => Stamina.retry(activity(Effect.succeed("ok")), policy)).toThrow(/use DurableRetry.retry/)
  }),

  "Entity.toLayer, Entity.toLayerQueue, Sharding.registerEntity": Effect.gen(function*() {
    const entity = Entity.make("Entity", [Rpc.make("ping", { success: Schema.String })])
    const using = (defectRetryPolicy: typeof three) => (attempt: Attempt) =>
      Effect.gen(function*() {
        const client = yield* entity.client
        return yield* client("1").ping()
      }).pipe(
        Effect.provide(
          entity.toLayer(
            Effect.as(Effect.orDie(attempt), entity.of({ ping: () => Effect.succeed("pong") })),
            { defectRetryPolicy }
          ).pipe(Layer.provideMerge(TestRunner.layer))
        )
      )
    const startsOf = (policy: typeof three) =>
      Effect.map(observe(using(policy), { failures: 4 }), ({ out, starts, told }) => ({
        starts: starts.map((start) => start - (starts[0] ?? 0)),
        told,
        out
      }))
    // asked about whole causes; where it ends, Effect's own schedule begins, from 500 ms and without an end
    expect(yield* startsOf(three)).toEqual({ starts: [0, 500, 1250, 2375, 4062.5], told: [], out: "pong" })
    expect(yield* startsOf(threeOfAny)).toEqual({ starts: [0, 100, 300, 800, 1550], told: toldOfThree, out: "pong" })
  })
}
