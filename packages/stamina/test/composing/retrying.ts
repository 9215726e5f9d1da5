/**
 * Where Effect hands a schedule the errors of what it retries: `staminaSchedule` is made for these.
 */
import { expect } from "@effect/vitest"
import { Channel, Effect, ExecutionPlan, Layer, Stream } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import {
  expectThree,
  expectTimeFrom,
  Fatal,
  Flaky,
  observe,
  plain,
  type Rows,
  three,
  threeOfAny,
  toldOfThree,
  type Use
} from "./observing.ts"

/** Fails a second time for good: `while` and `until` say no to what the schedule has already granted. */
const isFirst = (error: Flaky) => error.n < 2

const streamRetry: Use = (schedule) => (attempt) =>
  Stream.fromEffect(attempt).pipe(Stream.retry(schedule), Stream.runCollect)

const channelRetry: Use = (schedule) => (attempt) =>
  Channel.fromEffect(attempt).pipe(Channel.retry(schedule), Channel.runCollect)

const empty = { provide: Layer.empty }

type Plan = ExecutionPlan.ExecutionPlan<{ provides: never; input: unknown; error: never; requirements: never }>

/** Both that take a plan. */
const plans: ReadonlyArray<(plan: (schedule: Parameters<Use>[0]) => Plan) => Use> = [
  (plan) => (schedule) => (attempt) => Effect.withExecutionPlan(attempt, plan(schedule)),
  (plan) => (schedule) => (attempt) =>
    Stream.fromEffect(attempt).pipe(Stream.withExecutionPlan(plan(schedule)), Stream.runCollect)
]

/** A client whose requests are the attempts. */
const client = (respond: (n: number) => { status: number; headers?: Record<string, string> } | "down") =>
(
  attempt: Effect.Effect<string, Flaky>
) => {
  let requests = 0
  return HttpClient.make((request) =>
    Effect.flatMap(Effect.orDie(attempt), () => {
      const answer = respond(++requests)
      return answer === "down"
        ? Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause: "down" })
          })
        )
        : Effect.succeed(HttpClientResponse.fromWeb(request, new Response("", answer)))
    })
  )
}

const http = staminaSchedule({ on: HttpClientError.HttpClientError, waitJitter: 0, attempts: 3 })

/** Requests, none of which fails in the transport unless told to. */
const requesting = (
  respond: Parameters<typeof client>[0],
  prepare: (client: HttpClient.HttpClient) => HttpClient.HttpClient
) => observe((attempt) => prepare(client(respond)(attempt)).post("http://test"), { failures: 0 })

export const retryingRows: Rows = {
  "Effect.retry": Effect.gen(function*() {
    yield* expectThree((schedule) => Effect.retry(schedule))
    yield* expectTimeFrom("just before the first attempt", (schedule) => Effect.retry(schedule))
    // the schedule plans its waits for a deadline, and has no say in an attempt that is broken off
    const within = (deadline: number) => (attempt: Effect.Effect<string, Flaky>) =>
      Effect.retry(attempt, three).pipe(Stamina.withDeadline(deadline))
    expect(yield* observe(within(250)))
      .toEqual({ starts: [0, 100], told: ["retry 1 in 100", "gave up: WaitExceedsDeadline"], out: new Flaky({ n: 2 }) })
    expect(yield* observe(within(1000), { takes: 600 }))
      .toMatchObject({ starts: [0, 700], told: ["retry 1 in 100"], out: { _tag: "DeadlineExceeded" } })
  }),

  "Effect.retry({ schedule, times })": Effect.gen(function*() {
    yield* expectThree((schedule) => Effect.retry({ schedule, times: 9 }))
    yield* expectTimeFrom("just before the first attempt", (schedule) => Effect.retry({ schedule, times: 9 }))
    expect(yield* observe(Effect.retry({ schedule: three, times: 1 })))
      .toMatchObject({ starts: [0, 100], told: ["retry 1 in 100", "retry 2 in 200"] })
  }),

  "Effect.retry({ schedule, while, until })": Effect.gen(function*() {
    yield* expectThree((schedule) => Effect.retry({ schedule, while: () => true, until: () => false }))
    for (const options of [{ while: isFirst }, { until: (error: Flaky) => !isFirst(error) }]) {
      expect(yield* observe(Effect.retry({ schedule: three, ...options })))
        .toMatchObject({ starts: [0, 100], told: ["retry 1 in 100", "retry 2 in 200"] })
    }
  }),

  "Effect.retryOrElse": Effect.gen(function*() {
    yield* expectThree((schedule) => Effect.retryOrElse(schedule, (error) => Effect.fail(error)))
    const use: Use = (schedule) => Effect.retryOrElse(schedule, (_, progress) => Effect.succeed(progress.retryNum))
    yield* expectTimeFrom("just before the first attempt", use)
    expect(yield* observe(use(three))).toMatchObject({ out: 2 })
  }),

  "Stream.retry": Effect.gen(function*() {
    yield* expectThree(streamRetry)
    yield* expectTimeFrom("the first failure", streamRetry)
    const emitting = yield* observe((attempt) =>
      Stream.make("first").pipe(
        Stream.concat(Stream.fromEffect(attempt)),
        Stream.retry(three),
        Stream.runCollect
      ), { failures: 5 })
    expect(emitting).toEqual({
      starts: [0, 100, 200, 300, 400, 500],
      told: Array.from({ length: 5 }, () => "retry 1 in 100"),
      out: [...Array.from({ length: 6 }, () => "first"), "ok"]
    })
  }),

  "Channel.retry": Effect.gen(function*() {
    yield* expectThree(channelRetry)
    yield* expectTimeFrom("the first failure", channelRetry)
    const emitting = yield* observe((attempt) =>
      Channel.succeed("first").pipe(
        Channel.concat(Channel.fromEffect(attempt)),
        Channel.retry(three),
        Channel.runCollect
      ), { failures: 5 })
    expect(emitting).toMatchObject({ starts: [0, 100, 200, 300, 400, 500] })
  }),

  "ExecutionPlan.make, first step": Effect.gen(function*() {
    for (const plan of plans) {
      const use = plan((schedule) => ExecutionPlan.make({ ...empty, schedule }))
      yield* expectThree(use)
      yield* expectTimeFrom("just before the first attempt", use)
      // each step adds its own limits
      const twice = plan((schedule) => ExecutionPlan.make({ ...empty, schedule }, empty))
      expect(yield* observe(twice(three))).toMatchObject({ starts: [0, 100, 300, 300], told: toldOfThree })
      const fewer = plan((schedule) => ExecutionPlan.make({ ...empty, schedule, attempts: 2 }))
      expect(yield* observe(fewer(three)))
        .toMatchObject({ starts: [0, 100], told: ["retry 1 in 100", "retry 2 in 200"] })
    }
  }),

  "ExecutionPlan.make, later steps": Effect.gen(function*() {
    for (const plan of plans) {
      const use = plan((schedule) => ExecutionPlan.make(empty, { ...empty, schedule }))
      // one attempt in the first step, two in the second
      expect(yield* observe(use(three))).toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
      const one = staminaSchedule({ ...plain, attempts: 1 })
      expect(yield* observe(use(one))).toMatchObject({ starts: [0], told: ["gave up: AttemptsExhausted"] })
      // nor is the step taken for an error that `on` does not name
      expect(yield* observe(use(three), { error: () => new Fatal() })).toMatchObject({ starts: [0], told: [] })
      yield* expectTimeFrom("the first failure", use)
    }
    // what to do in its place
    const inside = (attempt: Effect.Effect<string, Flaky>) =>
      attempt.pipe(
        Stamina.retry({ ...plain, attempts: 3 }),
        Effect.withExecutionPlan(ExecutionPlan.make(empty, empty))
      )
    expect(yield* observe(inside))
      .toMatchObject({ starts: [0, 100, 300, 300, 400, 600], told: [...toldOfThree, ...toldOfThree] })
  }),

  "HttpClient.retry": Effect.gen(function*() {
    const retry = (self: HttpClient.HttpClient) => HttpClient.retry(HttpClient.filterStatusOk(self), http)
    expect(yield* requesting(() => ({ status: 503 }), retry)).toMatchObject({
      starts: [0, 100, 300],
      told: toldOfThree
    })
    expect(yield* requesting(() => "down", retry)).toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
    const limited = staminaSchedule({ on: HttpClientError.HttpClientError, waitJitter: 0, timeout: "45 seconds" })
    const slow = yield* observe(
      (attempt) => HttpClient.retry(client(() => "down")(attempt), limited).post("http://test"),
      { failures: 0, takes: 30_000 }
    )
    expect(slow).toMatchObject({ starts: [0, 30_100], told: ["retry 1 in 100", "gave up: TimeoutReached"] })
  }),

  "HttpClient.retryTransient": Effect.gen(function*() {
    const errors = (self: HttpClient.HttpClient) =>
      HttpClient.retryTransient(HttpClient.filterStatusOk(self), { schedule: http, retryOn: "errors-only" })
    expect(yield* requesting(() => ({ status: 503 }), errors))
      .toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
    // `on` would, Effect does not
    expect(yield* requesting(() => ({ status: 404 }), errors)).toMatchObject({ starts: [0], told: ["retry 1 in 100"] })
    const polite = yield* requesting(() => ({ status: 503, headers: { "retry-after": "60" } }), errors)
    expect(polite).toMatchObject({ starts: [0, 60_000], told: ["retry 1 in 100", "gave up: TimeoutReached"] })
    const both = (self: HttpClient.HttpClient) => HttpClient.retryTransient(self, threeOfAny)
    // a success is announced to be retried, and mixed faults multiply
    expect(yield* requesting(() => ({ status: 200 }), both)).toMatchObject({ starts: [0], told: ["retry 1 in 100"] })
    const mixed = yield* requesting((n) => n % 3 === 0 ? "down" : { status: 503 }, both)
    expect(mixed.starts).toHaveLength(9)
  })
}
