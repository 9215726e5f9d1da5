import { describe, expect, it } from "@effect/vitest"
import { Context, Data, Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { type RetryBudget, RetryOn, Stamina } from "effect-stamina"
import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import { FakeRedis } from "../kit/fakeRedis.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { freshRegistry, recordLogs } from "../kit/telemetry.ts"

class Down extends Data.TaggedError("Down")<{ readonly after?: number }> {}

const down = Effect.fail(new Down({}))
const always = { on: () => true, waitInitial: 0, waitJitter: 0, hooks: [] } as const

/** A process: a budget with the Redis given, and what it logs. */
const start = (redis: FakeRedis, options: Partial<SharedRetryBudget.Options> = {}) =>
  Effect.gen(function*() {
    const logs = recordLogs()
    const { provide } = freshRegistry()
    const budget = yield* SharedRetryBudget.make({ name: "stock", whenEmpty: "refuse", ...options }).pipe(
      Effect.provide(redis.layer),
      logs.provide,
      provide
    )
    const run = <A>(effect: Effect.Effect<A, Down>) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Effect.exit(provide(logs.provide(effect))))
        yield* TestClock.adjust(0)
        return yield* Fiber.join(fiber)
      })
    return {
      budget,
      /** One call that fails for good, with so many attempts at most: why it gave up. */
      fails: (attempts = 2) => Effect.map(run(Stamina.retry(down, { ...always, budget, attempts })), reasonOf),
      succeeds: run(Stamina.retry(Effect.void, { ...always, budget })),
      run,
      told: () =>
        logs.lines.splice(0).filter(({ message }) => String(message).startsWith("stamina.budget_store")).map((line) => [
          line.level,
          line.message,
          line.annotations
        ])
    }
  })

const tokens = (budget: RetryBudget.RetryBudget) => Effect.map(budget.state, (state) => state.tokens)

const summary = "each process limits its retries for itself until the store is back"

describe("a shared budget", () => {
  it.effect("is one bucket for all processes that give it the same name", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const [a, b] = [
        yield* start(redis, { capacity: 2, refill: 0.5 }),
        yield* start(redis, { capacity: 2, refill: 0.5 })
      ]
      expect([yield* a.fails(), yield* b.fails()]).toEqual(["AttemptsExhausted", "AttemptsExhausted"])
      expect(yield* a.fails()).toBe("BudgetExhausted")
      yield* TestClock.adjust(100)
      for (let i = 0; i < 2; i++) yield* b.succeeds
      yield* TestClock.adjust(100)
      expect([yield* a.fails(), yield* b.fails()]).toEqual(["AttemptsExhausted", "BudgetExhausted"])
      expect(yield* a.budget.state).toMatchObject({ granted: 2, refused: 1, store: "shared" })
      const other = yield* start(redis, { name: "other", capacity: 3 })
      expect(yield* other.fails()).toBe("AttemptsExhausted")
    }))

  it.effect("gets the tokens of retries back that succeed, or that never begin", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { budget, run } = yield* start(redis, { capacity: 10 })
      let calls = 0
      const flaky = Effect.suspend(() => ++calls === 1 ? down : Effect.void)
      yield* run(Stamina.retry(flaky, { ...always, budget }))
      yield* TestClock.adjust(100)
      expect(redis.units("stock")).toBe(10_000)

      // a wait holds none
      const waiting = yield* Effect.forkChild(Stamina.retry(down, { ...always, budget, waitInitial: 1000 }))
      yield* TestClock.adjust(500)
      expect(redis.units("stock")).toBeGreaterThan(9000)
      yield* Fiber.interrupt(waiting)
    }))

  it.effect("takes no token for a run that was interrupted while it asked", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      redis.latency = 50
      const { budget } = yield* start(redis, { capacity: 10 })
      const asking = yield* Effect.forkChild(Stamina.retry(down, { ...always, budget }))
      yield* TestClock.adjust(10)
      expect(redis.commands).toHaveLength(1)
      yield* Fiber.interrupt(asking)
      yield* TestClock.adjust(300)
      expect(redis.units("stock")).toBe(10_000)
    }))

  it.effect("answers retries that ask at the same time with one command", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      redis.latency = 10
      const { budget } = yield* start(redis, { capacity: 20 })
      const calls = yield* Effect.forEach(
        Array.from({ length: 30 }),
        () => Effect.forkChild(Effect.exit(Stamina.retry(down, { ...always, budget, attempts: 2 })))
      )
      yield* TestClock.adjust(100)
      const reasons = (yield* Effect.forEach(calls, Fiber.join)).map(reasonOf)
      expect(reasons.filter((reason) => reason === "AttemptsExhausted")).toHaveLength(20)
      expect(redis.commands.filter(({ wanted }) => wanted > 0).map(({ wanted }) => wanted)).toEqual([1, 29])
    }))

  it.effect("costs a process that only succeeds one command a second, and an idle one none", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { succeeds } = yield* start(redis)
      yield* TestClock.adjust(10_000)
      expect(redis.commands).toHaveLength(0)
      for (let i = 0; i < 100; i++) {
        yield* succeeds
        yield* TestClock.adjust(100)
      }
      expect(redis.commands.length).toBeGreaterThanOrEqual(9)
      expect(redis.commands.length).toBeLessThanOrEqual(11)
    }))

  it.effect("shares the waits that the dependency asks for", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const [a, b] = [yield* start(redis), yield* start(redis)]
      const on = (error: Down) => error.after === undefined ? true : RetryOn.atLeast(error.after, "1 minute")
      yield* a.run(
        Stamina.retry(Effect.fail(new Down({ after: 7000 })), { on, hooks: [], budget: a.budget, attempts: 1 })
      )
      yield* TestClock.adjust(100)
      let calls = 0
      const counting = Effect.suspend(() => (calls++, down))
      const fiber = yield* Effect.forkChild(
        Effect.exit(Stamina.retry(counting, { ...always, budget: b.budget, attempts: 2 }))
      )
      yield* TestClock.adjust(6800)
      expect((yield* b.budget.state).quietFor).toEqual(Duration.millis(100))
      expect(calls).toBe(1)
      yield* TestClock.adjust(200)
      expect(calls).toBe(2)
      yield* Fiber.join(fiber)
    }))

  it.effect("by key is one for each key, in Redis and in the metrics, and goes when its scope does", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { provide, series } = freshRegistry()
      const scope = Scope.makeUnsafe()
      const budgets = yield* SharedRetryBudget.keyed({ name: "shard", whenEmpty: "refuse", maxKeys: 2 }).pipe(
        Effect.provide(redis.layer),
        Scope.provide(scope)
      )
      expect(budgets("a")).toBe(budgets("a"))
      for (const key of ["a", "b", "c"]) {
        const call = Stamina.retry(down, { ...always, budget: budgets(key), attempts: 2 })
        const fiber = yield* Effect.forkChild(Effect.exit(provide(call)))
        yield* TestClock.adjust(0)
        yield* Fiber.join(fiber)
      }
      expect([...redis.buckets.keys()]).toEqual(["a", "b", "c"].map((key) => `stamina:budget:{shard ${key}}`))
      const names = () => series("stamina_budget_tokens").map(({ attributes }) => attributes?.["budget"])
      expect(names()).toEqual(["shard b", "shard c"])
      yield* Scope.close(scope, Exit.void)
      expect(names()).toEqual([])
    }))

  it("refuses what it cannot work with", () => {
    const make = (options: object) => () => SharedRetryBudget.make(options as SharedRetryBudget.Options)
    expect(make({})).toThrow("SharedRetryBudget.make: name must be a non-empty string, got undefined")
    expect(make({ name: "a", fallbackCapacity: 0 }))
      .toThrow("SharedRetryBudget.make: fallbackCapacity must be a number from 1 to 50, got 0")
    expect(make({ name: "a", capacity: 5, fallbackCapacity: 6 })).toThrow(/from 1 to 5, got 6$/)
    expect(make({ name: "a", maxKeys: 6 })).toThrow(/unknown option "maxKeys"/)
    expect(() => SharedRetryBudget.keyed({ name: "a", whenEmpty: "refuse", maxKeys: 0 })).toThrow(
      /^SharedRetryBudget\.keyed: maxKeys/
    )
  })
})

// each was met once, by somebody
describe("the traps of a shared budget", () => {
  it.effect("1. a client that queues: commands that arrive late do no harm", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { budget, fails, succeeds } = yield* start(redis, { capacity: 4, refill: 1 })
      for (let i = 0; i < 3; i++) yield* fails()
      yield* TestClock.adjust(200)
      redis.mode = "late"
      for (let i = 0; i < 3; i++) yield* succeeds
      yield* TestClock.adjust(5000)
      redis.back()
      yield* TestClock.adjust(2000)
      expect((yield* budget.state).store).toBe("shared")
      // what those calls came to, once, and not again with the return
      expect(redis.units("stock")).toBeLessThanOrEqual(4000)
      expect(redis.commands.reduce((sum, { add }) => sum + Math.max(0, add), 0)).toBeLessThanOrEqual(6000)
    }))

  it.effect("2. a Redis that is away when the program starts: it starts, and shares when Redis is there", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      let there = false
      let tries = 0
      let released = 0
      // of two parts, of which one is there already when the other fails
      const acquired = Layer.effectDiscard(
        Effect.acquireRelease(Effect.sync(() => void tries++), () => Effect.sync(() => void released++))
      )
      const flaky = Layer.effect(
        Redis.Redis,
        Effect.suspend(() => there ? Effect.succeed(redis.service) : Effect.fail("away" as const))
      ).pipe(Layer.provide(acquired))
      const context = yield* Layer.build(SharedRetryBudget.layerInBackground(flaky))
      const service = Context.get(context, Redis.Redis)
      const budget = yield* SharedRetryBudget.make({ name: "stock", whenEmpty: "refuse", fallbackCapacity: 1 }).pipe(
        Effect.provideService(Redis.Redis, service)
      )
      const logs = recordLogs()
      const fails = Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(
          Effect.exit(logs.provide(Stamina.retry(down, { ...always, budget, attempts: 2 })))
        )
        yield* TestClock.adjust(0)
        return reasonOf(yield* Fiber.join(fiber))
      })
      expect([yield* fails, yield* fails]).toEqual(["BudgetExhausted", "BudgetExhausted"])
      expect(yield* Effect.flip(service.send("PING"))).toBeInstanceOf(Redis.RedisError)
      expect((yield* budget.state).store).toBe("lost")
      yield* TestClock.adjust(2500)
      expect([tries, released]).toEqual([3, 3])
      there = true
      yield* TestClock.adjust(2500)
      expect([tries, released]).toEqual([4, 3])
      expect((yield* budget.state).store).toBe("shared")
      expect(yield* fails).toBe("AttemptsExhausted")
    }).pipe(recordLogs().provide))

  it.effect("3. what is saved up comes back as a flood: nothing is saved, and a command that is lost stays lost", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { fails, succeeds } = yield* start(redis, { capacity: 100, refill: 1 })
      yield* Effect.repeat(fails(), { times: 20 })
      yield* TestClock.adjust(1000)
      const before = redis.units("stock")
      redis.mode = "down"
      yield* Effect.repeat(succeeds, { times: 20 })
      yield* TestClock.adjust(100)
      yield* Effect.repeat(succeeds, { times: 20 })
      yield* TestClock.adjust(500)
      redis.mode = "up"
      yield* TestClock.adjust(2000)
      expect(redis.units("stock")).toBe(before)
    }))

  it.effect("4. clocks of clients differ: waits go to Redis as the milliseconds that are left, and no points in time", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { budget, run } = yield* start(redis)
      const on = () => RetryOn.atLeast(7000, "1 minute")
      yield* run(Stamina.retry(down, { on, hooks: [], budget, attempts: 1 }))
      yield* TestClock.adjust(100)
      expect(redis.commands).toMatchObject([{ quiet: 6900 }])
    }))

  it.effect("5. a Redis that takes 500 ms is lost, and one that takes a little less is not", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { budget } = yield* start(redis)
      for (const [latency, store] of [[499, "shared"], [600, "lost"]] as const) {
        redis.latency = latency
        const fiber = yield* Effect.forkChild(Effect.exit(Stamina.retry(down, { ...always, budget, attempts: 2 })))
        yield* TestClock.adjust(560)
        expect((yield* budget.state).store).toBe(store)
        expect(reasonOf(yield* Fiber.join(fiber))).toBe("AttemptsExhausted")
      }
    }).pipe(recordLogs().provide))

  it.effect("6. an outage must not become one of Redis: after a refusal nobody here asks for 100 ms", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { budget, fails } = yield* start(redis, { capacity: 1 })
      expect(yield* fails()).toBe("AttemptsExhausted")
      for (let i = 0; i < 1000; i++) expect(yield* fails()).toBe("BudgetExhausted")
      expect(redis.commands).toHaveLength(2)
      for (let i = 0; i < 20; i++) {
        yield* TestClock.adjust(50)
        yield* fails()
      }
      expect(redis.commands.filter(({ wanted }) => wanted > 0).length).toBeLessThanOrEqual(12)
      expect(yield* budget.state).toMatchObject({ granted: 1, refused: 1020 })
    }))

  it.effect("7. a process left alone in an outage has no more than the fleet had", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const [a, b] = [yield* start(redis, { capacity: 10 }), yield* start(redis, { capacity: 10, fallbackCapacity: 5 })]
      for (let i = 0; i < 12; i++) yield* a.fails()
      expect(yield* b.fails()).toBe("BudgetExhausted")
      redis.mode = "down"
      yield* TestClock.adjust(200)
      expect(yield* b.fails()).toBe("BudgetExhausted")
      yield* TestClock.adjust(200)
      expect(yield* b.budget.state).toMatchObject({ store: "lost" })
      expect(yield* tokens(b.budget)).toBeLessThan(1)
    }))

  it.effect("8. a Redis that hangs holds nobody longer than it may, and says nothing false", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      redis.mode = "hangs"
      const { budget, told } = yield* start(redis, { fallbackCapacity: 2 })
      const fiber = yield* Effect.forkChild(Effect.exit(Stamina.retry(down, { ...always, budget, attempts: 9 })))
      yield* TestClock.adjust(560)
      expect(reasonOf(yield* Fiber.join(fiber))).toBe("BudgetExhausted")
      expect(yield* budget.state).toMatchObject({ granted: 1, refused: 1, store: "lost" })
      expect(told()).toEqual([
        ["Warn", "stamina.budget_store_lost", { budget: "stock", caused_by: "TimeoutError", summary }]
      ])
    }).pipe(recordLogs().provide))

  it.effect("8b. nor does it hold longer those that come while a command hangs", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { budget } = yield* start(redis)
      redis.mode = "hangs"
      const held: Array<number> = []
      const call = (at: number) =>
        Effect.gen(function*() {
          yield* Effect.sleep(at)
          yield* Effect.exit(Stamina.retry(down, { ...always, budget, attempts: 2 }))
          held.push((yield* Effect.clockWith((clock) => clock.currentTimeMillis)) - at)
        })
      const calls = yield* Effect.forEach([0, 100, 300], (at) => Effect.forkChild(call(at)))
      // the command gets a moment more than it may take
      yield* TestClock.adjust(550)
      expect(held).toEqual([550, 450, 250])
      yield* Effect.forEach(calls, Fiber.join)
    }))

  it.effect("9. numbers stay integers: a thousandth of a token more or less is one, at any size", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { fails, succeeds } = yield* start(redis, { capacity: 1e9, refill: 0.0014 })
      yield* fails(10)
      yield* Effect.repeat(succeeds, { times: 6 })
      yield* TestClock.adjust(2000)
      expect(redis.units("stock")).toBe(1e12 - 9000 + 7)
      expect(redis.commands.every(({ add }) => Number.isInteger(add))).toBe(true)
    }))

  it.effect("10. fibers of a budget end with its scope, and who asks then is answered here", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      redis.latency = 400
      const scope = Scope.makeUnsafe()
      const { budget } = yield* Scope.provide(start(redis), scope)
      const call = Effect.exit(Stamina.retry(down, { ...always, budget, attempts: 2 }))
      const asking = yield* Effect.forkChild(call)
      yield* TestClock.adjust(10)
      yield* Scope.close(scope, Exit.void)
      expect(reasonOf(yield* Fiber.join(asking))).toBe("AttemptsExhausted")
      expect(reasonOf(yield* call)).toBe("AttemptsExhausted")
      yield* TestClock.adjust(60_000)
      expect(redis.commands).toHaveLength(1)
    }))

  it.effect("11. idling saves nothing up: a burst is as long as the capacity", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { budget, fails, succeeds } = yield* start(redis, { capacity: 5, refill: 1 })
      for (let i = 0; i < 100; i++) yield* succeeds
      yield* TestClock.adjust("1 hour")
      expect(yield* fails(100)).toBe("BudgetExhausted")
      expect(yield* budget.state).toMatchObject({ granted: 5, refused: 1 })
    }))

  it.effect("12. one line when Redis is lost, however many ask, and one when it is back", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      const { fails, told } = yield* start(redis)
      yield* fails()
      redis.mode = "down"
      for (let i = 0; i < 30; i++) {
        yield* fails()
        yield* TestClock.adjust(100)
      }
      expect(told()).toEqual([[
        "Warn",
        "stamina.budget_store_lost",
        { budget: "stock", caused_by: "RedisError", code: "ECONNREFUSED", summary }
      ]])
      // looked for once a second
      expect(redis.commands.length).toBeLessThanOrEqual(5)
      redis.mode = "up"
      yield* TestClock.adjust(3000)
      expect(told()).toMatchObject([["Info", "stamina.budget_store_back", { budget: "stock" }]])
      yield* TestClock.adjust(3000)
      expect(told()).toEqual([])
    }))

  it.effect("13. clients that give numbers as text: they are numbers here", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      redis.form = ([granted, units, quiet]) => [String(granted), BigInt(units), String(quiet)]
      const { budget, fails } = yield* start(redis, { capacity: 1 })
      expect([yield* fails(), yield* fails()]).toEqual(["AttemptsExhausted", "BudgetExhausted"])
      expect(yield* budget.state).toMatchObject({ tokens: 0, granted: 1, refused: 1, store: "shared" })
    }))

  it.effect("14. replies that nobody can read: they grant nothing and hold nobody, the store counts as lost", () =>
    Effect.gen(function*() {
      for (
        const reply of ["QUEUED", "", undefined, null, [], [9], [9, null, 0], [9, "", 0], [9, Number.NaN, 0], [
          [9],
          0,
          0
        ], {}]
      ) {
        const redis = new FakeRedis()
        redis.form = () => reply
        const { budget, fails, told } = yield* start(redis, { fallbackCapacity: 2 })
        expect([yield* fails(), yield* fails()]).toEqual(["AttemptsExhausted", "BudgetExhausted"])
        expect(yield* budget.state).toMatchObject({ granted: 1, refused: 1, store: "lost" })
        expect(told()).toEqual([
          ["Warn", "stamina.budget_store_lost", { budget: "stock", caused_by: "RedisError", summary }]
        ])
      }
    }).pipe(recordLogs().provide))
})
