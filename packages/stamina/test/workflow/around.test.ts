import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Option, Result, Schema } from "effect"
import { Door, RetryBudget, RetryReport, Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { RetryRecorder } from "effect-stamina/testing"
import { Activity, DurableClock, DurableDeferred } from "effect/workflow"
import { Broken, Down, execute, flaky, numbers, Order, outcome, seconds, setBack } from "../kit/orders.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { unlogged } from "../kit/unlogged.ts"

const either = Schema.Union([Down, Broken])

describe("the options of a durable run", () => {
  it("are checked at once", () => {
    const { activity } = flaky(1)
    const refusal = (options: object) => () => DurableRetry.retry(options as { readonly on: () => boolean })
    const on = () => true
    expect(refusal({ on, attempts: 0 })).toThrow(
      "DurableRetry.retry: attempts must be an integer >= 1 or Infinity, got 0"
    )
    expect(refusal({})).toThrow(/^DurableRetry.retry: on must be/)
    expect(refusal({ on, holdWaitsUpTo: -1 })).toThrow(
      "DurableRetry.retry: holdWaitsUpTo must be a finite duration >= 0, got -1"
    )
    expect(refusal({ on, lostAttempts: "again" })).toThrow(
      `DurableRetry.retry: lostAttempts must be "repeat" or "count", got "again"`
    )
    expect(refusal({ on, onGiveUp: "x" })).toThrow(`DurableRetry.retry: onGiveUp must be a function, got "x"`)
    expect(refusal({ on, spans: true })).toThrow(/unknown option "spans"/)
    expect(refusal({ on, resetAfter: 1 })).toThrow(/unknown option "resetAfter"/)
    const plain = Effect.fail(new Down({ call: 1 })) as unknown as typeof activity
    expect(() => DurableRetry.retry(plain, { on: "Down" })).toThrow(/what is retried must be an activity/)
    expect(() => plain.pipe(DurableRetry.retry({ on: "Down" }))).toThrow(/what is retried must be an activity/)
  })

  it("limit the time of an attempt, and its error crosses the border of the workflow as what it is", async () => {
    const calls: Array<number> = []
    const hanging = Activity.make({
      name: "hanging",
      success: Schema.String,
      error: either,
      execute: Effect.andThen(Effect.map(Clock.currentTimeMillis, (at) => void calls.push(at)), Effect.never)
    })
    const result = await outcome(
      DurableRetry.retry(hanging, { ...seconds, on: "Down", attempts: 2, attemptTimeout: "5 seconds" })
    )
    expect(calls).toEqual([0, 6000])
    const error = Option.getOrThrow(Result.getFailure(result))
    expect(error).toBeInstanceOf(Stamina.AttemptTimedOut)
    expect(error).toMatchObject({ attempt: 2, message: "attempt 2 took longer than 5s" })
  })

  it("let `on` say no to an attempt that took too long", async () => {
    const hanging = Activity.make({ name: "hanging", success: Schema.String, error: either, execute: Effect.never })
    let reason: unknown
    await outcome(
      hanging.pipe(
        DurableRetry.retry({ ...seconds, on: { Down: true, AttemptTimedOut: false }, attemptTimeout: "5 seconds" }),
        Effect.tapError((error) => Effect.sync(() => reason = reasonOf(error)))
      )
    )
    expect(reason).toBe("NotRetryable")
  })

  it("hold a wait to a wait that `on` asks for, and to the timeout", async () => {
    const { activity, calls } = flaky(9)
    const result = await outcome(
      activity.pipe(
        DurableRetry.retry({
          ...seconds,
          on: { Down: () => "10 minutes" },
          timeout: "15 minutes",
          overshoot: "refuse"
        }),
        Effect.catch((error) => Effect.succeed(String(reasonOf(error))))
      )
    )
    expect(calls.map(({ at }) => at)).toEqual([0, 600_000])
    expect(result).toEqual(Result.succeed("WaitExceedsTimeout"))
  })
})

describe("a budget around a durable run", () => {
  it("is asked once per retry, however often the body is replayed, and gets its token back by a success", async () => {
    const { activity } = flaky(3)
    const budget = RetryBudget.makeUnsafe({ capacity: 10, refill: 0.1, whenEmpty: "refuse" })
    const levels: Array<number> = []
    const look = Effect.map(budget.state, ({ tokens }) => void levels.push(tokens))
    const counted = Activity.make({
      name: "counted",
      success: Schema.String,
      error: either,
      execute: Effect.andThen(look, activity.execute)
    })
    await outcome(DurableRetry.retry(counted, { ...seconds, budget, holdWaitsUpTo: 0 }))
    await Effect.runPromise(look)
    expect(levels).toEqual([10, 9, 8, 9].map((level) => expect.closeTo(level, 9)))
  })

  it("that is used up ends the run", async () => {
    const { activity, calls } = flaky(9)
    const budget = RetryBudget.makeUnsafe({ capacity: 1, refill: 0, whenEmpty: "refuse" })
    let reason: unknown
    await outcome(
      activity.pipe(
        DurableRetry.retry({ ...seconds, budget, holdWaitsUpTo: 0 }),
        Effect.tapError((error) => Effect.sync(() => reason = reasonOf(error))),
        unlogged
      )
    )
    expect(numbers(calls)).toEqual([1, 2])
    expect(reason).toBe("BudgetExhausted")
  })

  it("is asked beside a door that takes its time", async () => {
    const { activity, calls } = flaky(3)
    const door = Door.make({
      notBefore: () => 5000,
      ask: () => Effect.as(Effect.sleep("1 second"), { _tag: "Granted" })
    })
    expect(await outcome(DurableRetry.retry(activity, { ...seconds, door })))
      .toEqual(Result.succeed("done in call 3"))
    // the door asks for 5 s from the failure, and takes 1 s for its answer
    expect(calls.map(({ at }) => at)).toEqual([0, 6000, 12_000])
  })
})

describe("the switches around a durable run", () => {
  it("turn retries off", async () => {
    const { activity, calls } = flaky(9)
    await outcome(Effect.provide(DurableRetry.retry(activity, seconds), Stamina.layerInactive))
    expect(numbers(calls)).toEqual([1])
  })

  it("take the waits out in tests", async () => {
    const { activity, calls } = flaky(9)
    await outcome(Effect.provide(DurableRetry.retry(activity, seconds), Stamina.layerTesting({ attempts: 4 })))
    expect(calls.map(({ at }) => at)).toEqual([0, 0, 0, 0])
  })

  it("bring defaults from layers", async () => {
    const { activity, calls } = flaky(9)
    const { on } = seconds
    await outcome(
      Effect.provide(
        DurableRetry.retry(activity, { on, waitJitter: 0 }),
        Stamina.layerDefaults({ attempts: 2, waitInitial: "7 seconds", waitMax: "7 seconds" })
      )
    )
    expect(calls.map(({ at }) => at)).toEqual([0, 7000])
  })

  it("leave out a deadline, which ends with its process", async () => {
    const { activity } = flaky(3)
    const result = await outcome(
      DurableRetry.retry(activity, seconds).pipe(
        Stamina.withDeadline("1 hour"),
        Effect.catchTag("DeadlineExceeded", () => Effect.succeed("cut"))
      )
    )
    expect(result).toEqual(Result.succeed("done in call 3"))
  })
})

describe("what is inside of a durable attempt", () => {
  it("counts: a run inside that gave up is not retried again where it is to be retried once", async () => {
    let calls = 0
    const inner = Activity.make({
      name: "inner",
      success: Schema.String,
      error: either,
      execute: Effect.suspend(() => Effect.fail(new Down({ call: ++calls }))).pipe(
        Stamina.retry({ on: "Down", attempts: 3, waitInitial: 0, waitJitter: 0 })
      )
    })
    const reports: Array<unknown> = []
    const retried = (nested: "once" | "allow") =>
      outcome(
        inner.pipe(
          DurableRetry.retry({ ...seconds, attempts: 2, nested }),
          Effect.tapError((error) =>
            Effect.sync(() => {
              const { attempts, calls, reason } = Option.getOrThrow(Stamina.report(error))
              reports.push([reason, attempts, calls])
            })
          )
        )
      )
    await retried("allow")
    await retried("once")
    expect(reports).toEqual([["AttemptsExhausted", 2, 6], ["AlreadyRetried", 1, 3]])
  })

  it("has one idempotency key over all attempts and replays, another one in each activity, and none outside", async () => {
    const keys: Record<string, Array<string>> = { a: [], b: [] }
    const keyed = (name: "a" | "b") => {
      let calls = 0
      return Activity.make({
        name,
        success: Schema.String,
        error: either,
        execute: Effect.gen(function*() {
          keys[name]?.push(yield* DurableRetry.idempotencyKey)
          return ++calls < 3 ? yield* new Down({ call: calls }) : "done"
        })
      }).pipe(DurableRetry.retry({ ...seconds, holdWaitsUpTo: 0 }))
    }
    await outcome(Effect.andThen(keyed("a"), keyed("b")))
    expect([keys["a"]?.length, keys["b"]?.length, new Set([...keys["a"] ?? [], ...keys["b"] ?? []]).size])
      .toEqual([3, 3, 2])
    await expect(outcome(DurableRetry.idempotencyKey)).rejects.toThrow("DurableRetry.idempotencyKey")
  })

  it("may be cut by the engine: then it is made again under its number, or counts as lost", async () => {
    /** A wake of the other branch interrupts the attempt, and the body runs again. */
    const cut = async (lostAttempts: "repeat" | "count") => {
      const { activity, calls } = flaky(3)
      const slow = Activity.make({
        name: "slow",
        success: Schema.String,
        error: either,
        execute: Effect.andThen(activity.execute, (value) => Effect.as(Effect.sleep("1 minute"), value))
      })
      const recorder = RetryRecorder.make()
      const signal = DurableDeferred.make("signal")
      const body = Effect.all([
        Effect.provide(
          DurableRetry.retry(slow, { ...seconds, lostAttempts, holdWaitsUpTo: "1 minute" }),
          recorder.layer
        ),
        DurableDeferred.await(signal)
      ], { concurrency: "unbounded" })
      const result = await execute(
        Effect.map(body, ([value]) => value),
        Effect.gen(function*() {
          const id = yield* Order.execute({}, { discard: true })
          yield* Effect.sleep("10 seconds")
          const token = DurableDeferred.tokenFromExecutionId(signal, { workflow: Order, executionId: id })
          yield* DurableDeferred.succeed(signal, { token, value: undefined })
          return yield* Order.execute({})
        })
      )
      return { result, numbers: numbers(calls), errors: recorder.runs.flatMap(({ errors }) => errors) }
    }
    const repeated = await cut("repeat")
    expect([repeated.result, repeated.numbers]).toEqual(["done in call 4", [1, 2, 3, 3]])
    const counted = await cut("count")
    expect([counted.result, counted.numbers]).toEqual(["done in call 4", [1, 2, 3, 4]])
    expect(counted.errors).toEqual([
      new Down({ call: 1 }),
      new Down({ call: 2 }),
      new DurableRetry.AttemptLost({ attempt: 3 })
    ])
  })

  it("may suspend: a suspended attempt is not lost", async () => {
    let runs = 0
    const suspending = Activity.make({
      name: "suspending",
      success: Schema.String,
      error: either,
      execute: Effect.gen(function*() {
        runs++
        yield* DurableClock.sleep({ name: "inside", duration: "1 hour", inMemoryThreshold: 0 })
        return "woken"
      })
    })
    expect(await outcome(DurableRetry.retry(suspending, { ...seconds, lostAttempts: "count" })))
      .toEqual(Result.succeed("woken"))
    expect(runs).toBe(2)
  })
})

describe("the time of a durable run", () => {
  it.each(["repeat", "count"] as const)(
    "never runs backwards, and a clock that was set back makes no wait longer: %s",
    async (
      lostAttempts
    ) => {
      const { activity, calls } = flaky(9)
      let offset = 0
      const late = Activity.make({
        name: "late",
        success: Schema.String,
        error: either,
        execute: Effect.ensuring(activity.execute, Effect.sync(() => offset -= 600_000))
      })
      let report: unknown
      const body = Effect.clockWith((clock) =>
        late.pipe(
          DurableRetry.retry({ ...seconds, attempts: 3, lostAttempts }),
          Effect.tapError((error) => Effect.sync(() => report = Option.getOrThrow(Stamina.report(error)))),
          Effect.provideService(Clock.Clock, setBack(clock, () => offset))
        )
      )
      await outcome(body)
      expect(calls).toHaveLength(3)
      const { elapsed, history } = RetryReport.toJson(report as RetryReport.RetryReport)
      expect([elapsed, history.map(({ duration, start }) => [start, duration])]).toEqual([0, [[0, 0], [0, 0], [0, 0]]])
    }
  )

  it.each(["repeat", "count"] as const)(
    "begins no attempt before the one before has ended: %s",
    async (lostAttempts) => {
      const { activity } = flaky(9)
      let offset = 0
      const slow = Activity.make({
        name: "slow",
        success: Schema.String,
        error: either,
        execute: Effect.andThen(Effect.sleep("2 seconds"), activity.execute)
      })
      let report: unknown
      await outcome(Effect.clockWith((clock) =>
        slow.pipe(
          DurableRetry.retry({
            ...seconds,
            attempts: 3,
            lostAttempts,
            hooks: [{ onRetryScheduled: () => void (offset -= 600_000) }]
          }),
          Effect.tapError((error) => Effect.sync(() => report = Option.getOrThrow(Stamina.report(error)))),
          Effect.provideService(Clock.Clock, setBack(clock, () => offset))
        )
      ))
      const { elapsed, history } = RetryReport.toJson(report as RetryReport.RetryReport)
      expect([elapsed, history.map(({ duration, start }) => [start, duration])]).toEqual([2, [[0, 2], [2, 0], [2, 0]]])
    }
  )

  it("does not hold up a wait in memory when a branch beside it suspends", async () => {
    const { activity, calls } = flaky(2)
    const body = Effect.all([
      DurableRetry.retry(activity, seconds),
      DurableClock.sleep({ name: "beside", duration: "1 hour" })
    ], { concurrency: "unbounded" })
    expect(await outcome(Effect.map(body, ([value]) => value))).toEqual(Result.succeed("done in call 2"))
    expect(calls.map(({ at }) => at)).toEqual([0, 1000])
  })
})
