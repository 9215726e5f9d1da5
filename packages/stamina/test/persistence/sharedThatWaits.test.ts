import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Fiber, Logger, Metric } from "effect"
import { type RetryBudget, Stamina } from "effect-stamina"
import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"
import { TestClock } from "effect/testing"
import { FakeRedis } from "../kit/fakeRedis.ts"
import { reasonOf } from "../kit/reasonOf.ts"

const always = { on: () => true, waitInitial: 100, waitJitter: 0, hooks: [] } as const

const unheard = Context.make(Metric.MetricRegistry, new Map()).pipe(Context.add(Logger.CurrentLoggers, new Set()))

const start = (redis: FakeRedis) =>
  SharedRetryBudget.make({ name: "stock", capacity: 10, whenEmpty: "wait" }).pipe(
    Effect.provide(redis.layer),
    Effect.provide(unheard)
  )

/** A dependency that is down until a time. */
const until = (upAt: number) => {
  const it = { calls: 0 }
  const call = Effect.gen(function*() {
    it.calls++
    return (yield* Clock.currentTimeMillis) < upAt ? yield* Effect.fail("down") : "up"
  })
  return { call, it }
}

const many = (
  count: number,
  call: Effect.Effect<string, string>,
  budget: RetryBudget.RetryBudget,
  timeout = "45 seconds" as const
) =>
  Effect.forEach(
    Array.from({ length: count }),
    () => Effect.forkChild(Effect.provide(Effect.exit(Stamina.retry(call, { ...always, budget, timeout })), unheard))
  )

describe("a shared budget that waits", () => {
  it.effect.each(["up", "down", "hangs"] as const)(
    "saves a batch in a blip, and nothing else arrives; Redis is %s",
    (mode) =>
      Effect.gen(function*() {
        const redis = new FakeRedis()
        const budget = yield* start(redis)
        redis.mode = mode
        const { call, it } = until(2000)
        const calls = yield* many(100, call, budget)
        yield* TestClock.adjust("40 seconds")
        const exits = yield* Effect.forEach(calls, Fiber.join)
        expect(exits.filter(Exit.isSuccess)).toHaveLength(100)
        expect(it.calls).toBeLessThan(2.5 * 100)
        // ten times a second, by one process
        expect(redis.commands.length).toBeLessThanOrEqual(410)
        expect(yield* budget.state).toMatchObject({ waiting: 0, refused: 0 })
      })
  )

  it.effect("shares its tokens with another process, and gives none to those that have gone", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const [one, other] = [yield* start(redis), yield* start(redis)]
      const { call } = until(60_000)
      const gone = yield* many(20, call, one)
      yield* TestClock.adjust(1000)
      expect((yield* one.state).waiting).toBeGreaterThan(5)
      yield* Effect.forEach(gone, Fiber.interrupt)
      expect((yield* one.state).waiting).toBe(0)
      const well = yield* many(200, Effect.succeed("up"), other)
      yield* Effect.forEach(well, Fiber.join)
      yield* TestClock.adjust("2 seconds")
      // what succeeds fills the bucket, and no token is on its way to somebody
      expect(redis.units("stock")).toBe(10_000)
    }))

  it.effect("ends the wait at the timeout, and when nobody looks after it any more", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { call } = until(Infinity)
      yield* Effect.scoped(Effect.gen(function*() {
        const budget = yield* start(redis)
        const short = yield* many(30, call, budget)
        yield* TestClock.adjust("46 seconds")
        const reasons = (yield* Effect.forEach(short, Fiber.join)).map(reasonOf)
        expect(new Set(reasons)).toEqual(new Set(["BudgetExhausted"]))
        const left = yield* many(30, call, budget)
        yield* TestClock.adjust(1000)
        expect((yield* budget.state).waiting).toBeGreaterThan(0)
        yield* Effect.forkDetach(Effect.forEach(left, Fiber.join))
        return left
      })).pipe(Effect.flatMap((left) =>
        Effect.gen(function*() {
          yield* TestClock.adjust("1 second")
          const reasons = (yield* Effect.forEach(left, Fiber.join)).map(reasonOf)
          expect(reasons).toContain("BudgetExhausted")
        })
      ))
    }))
})
