import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Logger, Metric, Option, Scheduler } from "effect"
import { Door, RetryBudget, type RetryEvent, RetryOn, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { freshRegistry, recordLogs } from "../kit/telemetry.ts"

const always = { on: () => true, waitInitial: 100, waitJitter: 0 } as const

const quiet = Stamina.layerHooks([])
const unheard = Context.make(Metric.MetricRegistry, new Map()).pipe(Context.add(Logger.CurrentLoggers, new Set()))

/** A dependency that is down until a time, and how often it was called. */
const dependency = (upAt: number) => {
  const it = { calls: 0 }
  const call = Effect.gen(function*() {
    it.calls++
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    return now < upAt ? yield* Effect.fail("down" as const) : "up"
  })
  return { call, it }
}

/** Fails so many calls at the first attempt, so that nothing succeeds and all tokens are kept. */
const outage = (budget: RetryBudget.RetryBudget) =>
  Effect.forEach(
    Array.from({ length: 6 }),
    () => Effect.exit(Stamina.retry(Effect.fail("down"), { ...always, budget, attempts: 1 })),
    { discard: true }
  )

const seeing = drivers.filter(({ name }) => !/schedule/i.test(name))

describe.each(seeing)("a budget that waits, given to $name", ({ build }) => {
  it.effect("saves a batch of calls in a blip, and nothing else arrives: one retry goes as a probe, others follow", () =>
    Effect.gen(function*() {
      const budget = RetryBudget.makeUnsafe()
      const { call, it } = dependency(2000)
      const block = build({ ...always, budget }, () => call)
      const calls = yield* Effect.forEach(
        Array.from({ length: 200 }),
        () => Effect.forkChild(Effect.exit(block))
      )
      yield* TestClock.adjust("20 seconds")
      const exits = yield* Effect.forEach(calls, Fiber.join)
      expect(exits.filter(Exit.isSuccess).length).toBe(200)
      expect(it.calls).toBeLessThan(2.2 * 200)
      const state = yield* budget.state
      expect(state.waiting).toBe(0)
      expect(state.deferred).toBeGreaterThan(100)
      expect(state.refused).toBe(0)
    }).pipe(Effect.provide(quiet), Effect.provide(unheard)))

  it.effect("ends the wait at the timeout, with BudgetExhausted, the last error, and how long it was", () =>
    Effect.gen(function*() {
      const budget = RetryBudget.makeUnsafe({ refill: 0 })
      const ends: Array<RetryEvent.GaveUp> = []
      const hook = { onGaveUp: (event: RetryEvent.GaveUp) => void ends.push(event) }
      yield* outage(budget)
      const block = build({ ...always, budget, timeout: "900 millis", hooks: [hook] }, () => Effect.fail("down"))
      const fiber = yield* Effect.forkChild(Effect.exit(block))
      yield* TestClock.adjust(899)
      expect((yield* budget.state).waiting).toBe(1)
      yield* TestClock.adjust(1)
      const exit = yield* Fiber.join(fiber)
      expect([reasonOf(exit), Exit.findErrorOption(exit)]).toEqual(["BudgetExhausted", Option.some("down")])
      expect(ends.map(({ attempts, refused }) => [attempts, Option.getOrThrow(refused).wait.toString()]))
        .toEqual([[1, "800 millis"]])
      expect(yield* budget.state).toMatchObject({ waiting: 0, deferred: 1, refused: 1 })
    }).pipe(Effect.provide(unheard)))

  it.effect("is left by a run that is interrupted, and by one whose deadline passes", () =>
    Effect.gen(function*() {
      const budget = RetryBudget.makeUnsafe({ refill: 0 })
      yield* outage(budget)
      const block = build({ ...always, budget }, () => Effect.fail("down"))
      const fiber = yield* Effect.forkChild(block)
      const late = yield* Effect.forkChild(Effect.exit(Stamina.withDeadline(block, "800 millis")))
      yield* TestClock.adjust(500)
      expect((yield* budget.state).waiting).toBe(2)
      yield* Fiber.interrupt(fiber)
      expect((yield* budget.state).waiting).toBe(1)
      yield* TestClock.adjust(300)
      expect(reasonOf(yield* Fiber.join(late))).toBe("DeadlineExceeded")
      expect((yield* budget.state).waiting).toBe(0)
    }).pipe(Effect.provide(quiet), Effect.provide(unheard)))

  it.effect("notifies the hooks once of a retry that waits, and counts it when it begins", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      const told: Array<string> = []
      const hook = {
        onRetryScheduled: () => void told.push("scheduled"),
        onRetryDeferred: ({ retryNum }: RetryEvent.RetryDeferred) => void told.push(`deferred ${retryNum}`),
        onRecovered: () => void told.push("recovered")
      }
      const budget = RetryBudget.makeUnsafe()
      const retries = () => counts("stamina_retries_total").map(([, count]) => count)
      yield* Effect.gen(function*() {
        yield* outage(budget)
        const { call } = dependency(500)
        const fiber = yield* Effect.forkChild(build({ ...always, budget, name: "stock" }, () => call))
        yield* TestClock.adjust(600)
        expect([told, retries()]).toEqual([["scheduled", "deferred 1"], []])
        yield* TestClock.adjust("10 seconds")
        expect(yield* Fiber.join(fiber)).toBe("up")
        expect([told, retries()]).toEqual([["scheduled", "deferred 1", "recovered"], [1]])
      }).pipe(Effect.provide(Stamina.layerHooks([hook, ...Stamina.defaultHooks])), provide)
    }))
})

describe("a budget that waits", () => {
  const on = (error: number | string) => typeof error === "number" ? RetryOn.atLeast(error, "1 hour") : true

  it.effect("has those give up at once whom a hint takes past their limits, and holds the others back", () =>
    Effect.gen(function*() {
      const budget = RetryBudget.makeUnsafe({ refill: 0 })
      yield* outage(budget)
      const down = (timeout: number) =>
        Effect.forkChild(Effect.exit(Stamina.retry(Effect.fail("down"), { ...always, on, budget, timeout })))
      const short = yield* down(9000)
      const long = yield* down(60_000)
      yield* TestClock.adjust(500)
      yield* Effect.exit(Stamina.retry(Effect.fail(20_000), { ...always, on, budget, attempts: 1 }))
      yield* TestClock.adjust(0)
      expect(reasonOf(yield* Fiber.join(short))).toBe("WaitExceedsTimeout")
      expect((yield* budget.state).waiting).toBe(1)
      yield* TestClock.adjust(19_999)
      expect((yield* budget.state).waiting).toBe(1)
      yield* TestClock.adjust(1)
      // nothing has begun for long, so it goes as a probe
      expect((yield* budget.state).waiting).toBe(0)
      yield* Fiber.interrupt(long)
    }).pipe(Effect.provide(quiet), Effect.provide(unheard)))

  it.effect("lets so many wait and no more", () =>
    Effect.gen(function*() {
      const budget = RetryBudget.makeUnsafe({ maxWaiting: 3 })
      yield* outage(budget)
      const fibers = yield* Effect.forEach(
        Array.from({ length: 5 }),
        () => Effect.forkChild(Effect.exit(Stamina.retry(Effect.fail("down"), { ...always, budget })))
      )
      yield* TestClock.adjust(100)
      expect(yield* budget.state).toMatchObject({ waiting: 3, refused: 2 })
      yield* Effect.forEach(fibers, Fiber.interrupt)
      expect((yield* budget.state).waiting).toBe(0)
    }).pipe(Effect.provide(quiet), Effect.provide(unheard)))

  it.effect("tells when it begins to hold retries back and when that is over, and has series of both", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const { counts, provide: provideRegistry, series } = freshRegistry()
      const budget = RetryBudget.makeUnsafe({ name: "stock" })
      const { call } = dependency(1000)
      const good = Stamina.retry(Effect.void, { ...always, budget })
      yield* Effect.gen(function*() {
        yield* outage(budget)
        const fiber = yield* Effect.forkChild(Stamina.retry(call, { ...always, budget }))
        yield* TestClock.adjust(500)
        expect(series("stamina_budget_waiting")).toMatchObject([{ state: { value: 1 } }])
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(fiber)
        for (let i = 0; i < 120; i++) {
          yield* good
          yield* TestClock.adjust(100)
        }
      }).pipe(Effect.provide(quiet), provide, provideRegistry)
      expect(lines.map(({ message }) => String(message)).filter((message) => message.startsWith("stamina.budget")))
        .toEqual(["stamina.budget_exhausted", "stamina.budget_recovered"])
      expect(counts("stamina_budget_retries_total").map(([labels, count]) => [labels?.["answer"], count])).toEqual([
        ["granted", 0],
        ["refused", 0],
        ["deferred", 1],
        ["woken", 1],
        ["gave_up", 0]
      ])
    }))

  it.effect("takes the clock of whoever waits, also if the timer of another clock is still to come", () =>
    Effect.gen(function*() {
      const budget = RetryBudget.makeUnsafe({ refill: 0 })
      const waits = Effect.gen(function*() {
        yield* outage(budget)
        const block = Stamina.retry(Effect.fail("down"), { ...always, budget, timeout: "1 second" })
        return yield* Effect.forkDetach(Effect.exit(block))
      })
      // this one is left waiting on a clock that stands still for ever
      yield* Effect.gen(function*() {
        yield* waits
        yield* TestClock.adjust(200)
      }).pipe(Effect.provide(TestClock.layer()))
      const fiber = yield* waits
      yield* TestClock.adjust("1 second")
      expect(reasonOf(yield* Fiber.join(fiber))).toBe("BudgetExhausted")
    }).pipe(Effect.provide(quiet), Effect.provide(unheard)))

  it.effect("leaks nothing wherever an interruption comes, alone and with an asynchronous door beside it", () =>
    Effect.gen(function*() {
      const doors = [
        undefined,
        Door.make({ ask: () => Effect.as(Effect.yieldNow, { _tag: "Granted" } as Door.Answer) })
      ]
      for (const door of doors) {
        const seen = new Set<string>()
        for (let turns = 0; turns < 60; turns++) {
          for (const steps of [3, 7, 2048]) {
            const budget = RetryBudget.makeUnsafe({ capacity: 4, refill: 0 })
            const holder = yield* Effect.forkChild(
              Stamina.retry(Effect.fail("down"), { ...always, waitInitial: 0, budget, door, attempts: 3 }).pipe(
                Effect.exit,
                Effect.provideService(Scheduler.MaxOpsBeforeYield, steps)
              )
            )
            for (let i = 0; i < turns; i++) yield* Effect.yieldNow
            yield* Fiber.interrupt(holder)
            const { granted, tokens, waiting } = yield* budget.state
            expect(waiting).toBe(0)
            // a retry that has begun spends its token, and no other does
            expect(Number.isInteger(tokens) && tokens >= 4 - granted && tokens <= 4).toBe(true)
            seen.add(`${granted} ${tokens}`)
          }
        }
        expect(seen.size).toBeGreaterThan(1)
      }
    }).pipe(Effect.provide(quiet), Effect.provide(unheard)))
})
