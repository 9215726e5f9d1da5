/**
 * Where Effect hands a schedule something else than errors: values, numbers or nothing at all. `on` then matches
 * nothing, and the schedule ends at its first step.
 */
import { expect } from "@effect/vitest"
import { Channel, Duration, Effect, Layer, LayerRef, Resource, Schema, Sink, Stream } from "effect"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { CircuitBreaker, PersistedQueue } from "effect/persistence"
import { DurableDeferred, Workflow, WorkflowEngine } from "effect/workflow"
import { Flaky, observe, type Rows, three, threeOfAny, toldOfThree } from "./observing.ts"

/** What comes of the schedule where it retried nothing. */
const noRetry = {
  retryNum: 0,
  waitFor: Duration.zero,
  waitedSoFar: Duration.zero,
  elapsed: Duration.zero
} satisfies RetrySchedule.RetryProgress

const letters = Stream.make("a", "b", "c", "d")

/** A letter a second, in pairs. */
const pairs = (schedule: typeof three) =>
  observe(() =>
    letters.pipe(
      Stream.rechunk(1),
      Stream.tap(() => Effect.sleep("1 second")),
      Stream.aggregateWithin(Sink.take(2), schedule),
      Stream.runCollect
    )
  )

/** Calls again each millisecond, for a second: an open circuit lets nothing through. */
const calls = (openDuration: Parameters<typeof CircuitBreaker.make>[0]["openDuration"]) =>
  observe((attempt) =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      const call = Effect.ignore(breaker.execute(attempt, { key: "service" }))
      yield* Effect.repeat(Effect.andThen(call, Effect.sleep(1)), { times: 999 })
    }).pipe(
      Effect.provide(CircuitBreaker.layer({ tripPolicy: CircuitBreaker.consecutive(1), openDuration })),
      Effect.provide(CircuitBreaker.layerStoreMemory())
    )
  )

/** Takes one job from a queue until it is done. */
const jobs = (retrySchedule: NonNullable<Parameters<typeof PersistedQueue.make>[0]["retrySchedule"]>) =>
  observe((attempt) =>
    Effect.gen(function*() {
      const queue = yield* PersistedQueue.make({ name: "jobs", schema: Schema.String, retrySchedule, maxAttempts: 5 })
      yield* queue.offer("job")
      yield* Effect.forever(Effect.exit(queue.take(() => attempt)))
    }).pipe(Effect.provide(PersistedQueue.layer), Effect.provide(PersistedQueue.layerStoreMemory))
  )

/** A workflow that waits for what never comes. */
const suspended = (suspendedRetrySchedule: typeof three) => {
  const workflow = Workflow.make("Suspended", { payload: {}, idempotencyKey: () => "", suspendedRetrySchedule })
  const answer = DurableDeferred.make("answer", { success: Schema.Void })
  return observe((attempt) =>
    workflow.execute({}).pipe(
      Effect.provide(workflow.toLayer(() => Effect.andThen(Effect.orDie(attempt), DurableDeferred.await(answer)))),
      Effect.provide(WorkflowEngine.layerMemory)
    ), { failures: 0, waitsForFirst: true })
}

export const repeatingRows: Rows = {
  "Effect.repeat": Effect.gen(function*() {
    expect(yield* observe(Effect.repeat(three), { failures: 0 })).toEqual({ starts: [0], told: [], out: noRetry })
    expect(yield* observe(Effect.repeat({ schedule: three }), { failures: 0 }))
      .toEqual({ starts: [0], told: [], out: "ok" })
    expect(yield* observe(Effect.repeat(threeOfAny), { failures: 0 }))
      .toMatchObject({ starts: [0, 100, 300], told: toldOfThree, out: { retryNum: 2 } })
    // no failure is retried
    expect(yield* observe(Effect.repeat(threeOfAny))).toMatchObject({ starts: [0], told: [], out: new Flaky({ n: 1 }) })
  }),

  "Effect.repeatOrElse": Effect.gen(function*() {
    const repeat = Effect.repeatOrElse(three, (error: Flaky) => Effect.fail(error))
    expect(yield* observe(repeat, { failures: 0 })).toEqual({ starts: [0], told: [], out: noRetry })
    expect(yield* observe(repeat)).toEqual({ starts: [0], told: [], out: new Flaky({ n: 1 }) })
  }),

  "Effect.schedule": Effect.gen(function*() {
    expect(yield* observe(Effect.schedule(three), { failures: 0 })).toEqual({ starts: [], told: [], out: noRetry })
  }),

  "Effect.scheduleFrom": Effect.gen(function*() {
    const value = (attempt: Effect.Effect<string, Flaky>) => Effect.scheduleFrom(attempt, "initial", three)
    expect(yield* observe(value, { failures: 0 }))
      .toEqual({ starts: [], told: [], out: noRetry })
    // asked about an error at first, and then about values
    const error = (attempt: Effect.Effect<unknown, Flaky>) => Effect.scheduleFrom(attempt, new Flaky({ n: 0 }), three)
    expect(yield* observe(error, { failures: 0 }))
      .toMatchObject({ starts: [100], told: ["retry 1 in 100", "gave up: NotRetryable"], out: { retryNum: 1 } })
  }),

  "Stream.repeat, Channel.repeat": Effect.gen(function*() {
    const once = { starts: [0], told: [], out: ["ok"] }
    const stream = (attempt: Effect.Effect<string, Flaky>) =>
      Stream.fromEffect(attempt).pipe(Stream.repeat(three), Stream.runCollect)
    expect(yield* observe(stream, { failures: 0 })).toEqual(once)
    const channel = (attempt: Effect.Effect<string, Flaky>) =>
      Channel.fromEffect(attempt).pipe(Channel.repeat(three), Channel.runCollect)
    expect(yield* observe(channel, { failures: 0 })).toEqual(once)
  }),

  "Stream.repeatElements": Effect.gen(function*() {
    const repeat = (schedule: typeof three) => () => letters.pipe(Stream.repeatElements(schedule), Stream.runCollect)
    expect(yield* observe(repeat(three))).toEqual({ starts: [], told: [], out: ["a", "b", "c", "d"] })
    expect((yield* observe(repeat(threeOfAny))).out).toEqual("aaabbbcccddd".split(""))
  }),

  "Stream.schedule, Channel.schedule": Effect.gen(function*() {
    const stream = (schedule: typeof three) => () => letters.pipe(Stream.schedule(schedule), Stream.runCollect)
    expect(yield* observe(stream(three))).toEqual({ starts: [], told: [], out: [] })
    expect(yield* observe(stream(threeOfAny))).toEqual({ starts: [], told: toldOfThree, out: ["a", "b"] })
    const channel = () => Channel.fromIterable("abcd").pipe(Channel.schedule(three), Channel.runCollect)
    expect(yield* observe(channel)).toEqual({ starts: [], told: [], out: [] })
  }),

  "Stream.fromSchedule, Channel.fromSchedule": Effect.gen(function*() {
    const nothing = { starts: [], told: [], out: [] }
    expect(yield* observe(() => Stream.runCollect(Stream.fromSchedule(three)))).toEqual(nothing)
    expect(yield* observe(() => Channel.runCollect(Channel.fromSchedule(three)))).toEqual(nothing)
  }),

  "Stream.fromEffectSchedule": Effect.gen(function*() {
    const stream = (schedule: typeof three) => (attempt: Effect.Effect<string, Flaky>) =>
      Stream.runCollect(Stream.fromEffectSchedule(attempt, schedule))
    expect(yield* observe(stream(three), { failures: 0 })).toEqual({ starts: [0], told: [], out: ["ok"] })
    expect(yield* observe(stream(threeOfAny))).toMatchObject({ starts: [0], out: new Flaky({ n: 1 }) })
  }),

  "Stream.aggregateWithin": Effect.gen(function*() {
    expect(yield* pairs(three)).toEqual({ starts: [], told: [], out: [["a"]] })
    expect(yield* pairs(threeOfAny)).toEqual({ starts: [], told: toldOfThree, out: [["a"], ["b"], ["c"]] })
  }),

  "Resource.auto": Effect.gen(function*() {
    const seen = yield* observe((attempt) => Effect.andThen(Resource.auto(attempt, three), Effect.never))
    expect(seen).toMatchObject({ starts: [0], told: [] })
  }),

  "LayerRef.make, LayerRef.Service": Effect.gen(function*() {
    const seen = yield* observe((attempt) =>
      Effect.andThen(
        LayerRef.make(Layer.effectDiscard(attempt), { preload: true, invalidationSchedule: three }),
        Effect.never
      ), { failures: 0 })
    expect(seen).toMatchObject({ starts: [0], told: [] })
  }),

  "CircuitBreaker.make, CircuitBreaker.layer": Effect.gen(function*() {
    // opens for no time at all: as if there was no breaker
    const useless = yield* calls(three)
    expect(useless.starts).toHaveLength(1000)
    // replayed from its beginning each time, aloud
    const replayed = yield* calls(threeOfAny)
    expect(replayed.starts).toEqual([0, 100, 300, 500, 700, 900])
    expect(replayed.told.slice(0, 3)).toEqual(["retry 1 in 100", "retry 1 in 100", "retry 2 in 200"])
    expect(yield* calls(RetrySchedule.backoff({ waitJitter: 0 }))).toMatchObject({
      starts: [0, 100, 300, 700],
      told: []
    })
  }),

  "PersistedQueue.make": Effect.gen(function*() {
    const hurried = yield* jobs(three)
    expect(hurried.starts.slice(0, 2)).toEqual([0, 0])
    expect(hurried.told).toEqual([])
    const replayed = yield* jobs(threeOfAny)
    expect(replayed.starts).toEqual([0, 100, 300, 500, 700])
    expect(replayed.told.slice(0, 3)).toEqual(["retry 1 in 100", "retry 1 in 100", "retry 2 in 200"])
    expect(yield* jobs(RetrySchedule.backoff({ waitJitter: 0 })))
      .toMatchObject({ starts: [0, 100, 300, 700, 1500], told: [] })
  }),

  "Workflow.make, WorkflowEngine.execute": Effect.gen(function*() {
    expect(yield* suspended(three)).toMatchObject({
      told: [],
      out: "Suspended.execute: suspendedRetrySchedule exhausted"
    })
  })
}
