import { describe, expect, it } from "@effect/vitest"
import { Clock, Data, Effect, Exit, Fiber, Option } from "effect"
import { Stamina } from "effect-stamina"
import * as BreakerRetry from "effect-stamina/BreakerRetry"
import { CircuitBreaker } from "effect/persistence"
import { TestClock } from "effect/testing"
import { reasonOf } from "../kit/reasonOf.ts"

class Down extends Data.TaggedError("Down") {}

const plain = { waitInitial: 100, waitJitter: 0, hooks: [], attempts: 4 } as const

/** A circuit that opens at the second failure for ten seconds, and when attempts were made. */
const setUp = Effect.gen(function*() {
  const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(2), openDuration: "10 seconds" })
  const times: Array<number> = []
  const attempt = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    times.push(now)
    return now < 9000 ? Effect.fail(new Down()) : Effect.succeed("up")
  })
  const run = <A, E>(call: Effect.Effect<A, E>) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.exit(call))
      yield* TestClock.adjust("1 minute")
      return yield* Fiber.join(fiber)
    })
  return { attempt, breaker, run, times }
})

const inMemory = Effect.provide(CircuitBreaker.layerStoreMemory())

describe("BreakerRetry.door", () => {
  it.effect("stops a run once the circuit has opened, with the error of its last attempt", () =>
    Effect.gen(function*() {
      const { attempt, breaker, run, times } = yield* setUp
      const door = BreakerRetry.door(breaker, { key: "a" })
      const exit = yield* run(
        attempt.pipe(breaker.execute({ key: "a" }), Stamina.retry({ ...plain, on: "Down", door }))
      )
      expect(Exit.findErrorOption(exit)).toEqual(Option.some(new Down()))
      expect([reasonOf(exit), times]).toEqual(["CircuitOpen", [0, 100]])
    }).pipe(inMemory))

  it.effect("or lets it wait as long as the circuit is open, and no longer than its limits allow", () =>
    Effect.gen(function*() {
      const { attempt, breaker, run, times } = yield* setUp
      const door = BreakerRetry.door(breaker, { key: "a", whenOpen: "wait" })
      const call = breaker.execute(attempt, { key: "a" })
      const exit = yield* run(Stamina.retry(call, { ...plain, on: "Down", door }))
      expect([exit, times]).toEqual([Exit.succeed("up"), [0, 100, 10_100]])
    }).pipe(inMemory))

  it.effect("and gives up at once where they do not", () =>
    Effect.gen(function*() {
      const { attempt, breaker, run, times } = yield* setUp
      const door = BreakerRetry.door(breaker, { key: "a", whenOpen: "wait" })
      const call = breaker.execute(attempt, { key: "a" })
      const exit = yield* run(Stamina.retry(call, { ...plain, on: "Down", door, timeout: "5 seconds" }))
      expect([reasonOf(exit), times]).toEqual(["WaitExceedsTimeout", [0, 100]])
    }).pipe(inMemory))

  it.effect("minds a circuit that other calls have opened, also inside of it, and no circuit of another key", () =>
    Effect.gen(function*() {
      const { attempt, breaker, run, times } = yield* setUp
      yield* Effect.ignore(breaker.execute(attempt, { key: "a" }))
      yield* Effect.ignore(breaker.execute(attempt, { key: "a" }))
      const minding = (key: string) =>
        run(Stamina.retry(attempt, { ...plain, on: "Down", door: BreakerRetry.door(breaker, { key }) }))
      expect(reasonOf(yield* minding("a"))).toBe("CircuitOpen")
      expect(times).toHaveLength(3)
      yield* TestClock.setTime(0)
      expect(reasonOf(yield* minding("b"))).toBe("AttemptsExhausted")
    }).pipe(inMemory))

  it.effect("retries where the store does not answer", () =>
    Effect.gen(function*() {
      const { attempt, breaker, run, times } = yield* setUp
      const error = new CircuitBreaker.CircuitBreakerError({
        reason: new CircuitBreaker.CircuitBreakerStoreError({ message: "away", cause: undefined })
      })
      const door = BreakerRetry.door({ ...breaker, state: () => Effect.fail(error) }, { key: "a" })
      expect(reasonOf(yield* run(Stamina.retry(attempt, { ...plain, on: "Down", door })))).toBe(
        "AttemptsExhausted"
      )
      expect(times).toHaveLength(4)
    }).pipe(inMemory))

  it.effect("waits half a second for a store that hangs, and then retries", () =>
    Effect.gen(function*() {
      const { attempt, breaker, run, times } = yield* setUp
      const door = BreakerRetry.door({ ...breaker, state: () => Effect.never }, { key: "a" })
      const exit = yield* run(Stamina.retry(attempt, { ...plain, attempts: 2, on: "Down", door }))
      expect([reasonOf(exit), times]).toEqual(["AttemptsExhausted", [0, 600]])
    }).pipe(inMemory))

  it.effect("refuses what it cannot work with", () =>
    Effect.gen(function*() {
      const { breaker } = yield* setUp
      const make = (options: object) => () => BreakerRetry.door(breaker, options as BreakerRetry.Options)
      expect(make({ key: "" })).toThrow("BreakerRetry.door: key must be a non-empty string, got \"\"")
      expect(make({ key: "a", whenOpen: "go" }))
        .toThrow("BreakerRetry.door: whenOpen must be \"stop\" or \"wait\", got \"go\"")
      expect(make({ key: "a", open: "go" })).toThrow(/unknown option "open"/)
    }).pipe(inMemory))
})
