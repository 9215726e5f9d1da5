import { afterEach, describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import { inTime } from "../kit/inTime.ts"
import { unlogged } from "../kit/unlogged.ts"

const options = { on: () => true, attempts: 4 } as const

/** How many calls a run makes that never succeeds, and whether it waited. */
const calls = Effect.gen(function*() {
  let count = 0
  yield* Effect.ignore(Stamina.retry(Effect.suspend(() => Effect.fail(++count)), options))
  return count
})

const callsOfSchedule = Effect.gen(function*() {
  let count = 0
  yield* Effect.ignore(Effect.retry(Effect.suspend(() => Effect.fail(++count)), staminaSchedule(options)))
  return count
})

afterEach(() => Effect.runPromise(Effect.andThen(Stamina.setActive(true), Stamina.setTesting(false))))

describe("Stamina.setActive", () => {
  it.effect("is seen everywhere: by other fibers, by other runtimes, by every driver", () =>
    Effect.gen(function*() {
      expect(yield* Stamina.isActive).toBe(true)
      expect(yield* inTime(calls)).toBe(4)
      yield* Stamina.setActive(false)
      expect(yield* Stamina.isActive).toBe(false)
      expect(yield* calls).toBe(1)
      expect(yield* callsOfSchedule).toBe(1)
      expect(yield* Fiber.join(yield* Effect.forkDetach(calls))).toBe(1)
      expect(yield* Effect.promise(() => Effect.runPromise(calls))).toBe(1)
      yield* Stamina.setActive(true)
      expect(yield* inTime(calls)).toBe(4)
    }))

  it.effect("is read at the first failure and holds for the run", () =>
    Effect.gen(function*() {
      const started = yield* Effect.forkChild(calls)
      yield* TestClock.adjust(0)
      yield* Stamina.setActive(false)
      yield* TestClock.adjust("1 minute")
      expect(yield* Fiber.join(started)).toBe(4)
    }))

  it("refuses what is neither true nor false", () => {
    expect(() => Stamina.setActive("no" as never)).toThrow(
      new RangeError("Stamina.setActive: active must be true or false, got \"no\"")
    )
  })
})

describe("Stamina.layerInactive", () => {
  it.effect("holds where it is provided, also beside fibers that retry at the same time", () =>
    Effect.gen(function*() {
      const seen = yield* inTime(
        Effect.all([calls, Effect.provide(calls, Stamina.layerInactive), callsOfSchedule], { concurrency: "unbounded" })
      )
      expect(seen).toEqual([4, 1, 4])
      expect(yield* Stamina.isActive).toBe(true)
    }))

  it.effect("gives a switch of its own: what is set inside stays inside", () =>
    Effect.gen(function*() {
      yield* Effect.gen(function*() {
        expect(yield* Stamina.isActive).toBe(false)
        yield* Stamina.setActive(true)
        expect(yield* Stamina.isActive).toBe(true)
        expect(yield* inTime(calls)).toBe(4)
        // provided anew, it is anew
        expect(yield* Effect.provide(Stamina.isActive, Stamina.layerInactive)).toBe(false)
        yield* Effect.provide(Stamina.setActive(true), Stamina.layerInactive)
        yield* Stamina.setActive(false)
      }).pipe(Effect.provide(Stamina.layerInactive))
      expect(yield* Stamina.isActive).toBe(true)
    }))

  it.effect("is inherited by the fibers that are forked inside", () =>
    Effect.gen(function*() {
      expect(yield* Effect.flatMap(Effect.forkChild(calls), Fiber.join)).toBe(1)
    }).pipe(Effect.provide(Stamina.layerInactive)))

  it.effect("beats testing", () =>
    Effect.gen(function*() {
      expect(yield* calls).toBe(1)
    }).pipe(Effect.provide(Layer.mergeAll(Stamina.layerInactive, Stamina.layerTesting({ attempts: 3 })))))
})

describe("test mode", () => {
  it.effect("makes as many attempts as told, at once", () =>
    Effect.gen(function*() {
      expect(yield* calls.pipe(Stamina.withTesting())).toBe(1)
      expect(yield* calls.pipe(Stamina.withTesting({ attempts: 3 }))).toBe(3)
      expect(yield* callsOfSchedule.pipe(Stamina.withTesting({ attempts: 3 }))).toBe(3)
      expect(yield* calls.pipe(Stamina.withTesting({ attempts: 7 }))).toBe(7)
      expect(yield* calls.pipe(Stamina.withTesting({ attempts: 7, cap: true }))).toBe(4)
      expect(yield* calls.pipe(Effect.provide(Stamina.layerTesting({ attempts: 2 })))).toBe(2)
    }))

  it.effect("makes waits that `on` asks for zero, too", () =>
    Effect.gen(function*() {
      let count = 0
      const program = Stamina.retry(Effect.suspend(() => Effect.fail(++count)), { on: () => "1 day" })
      yield* Effect.ignore(program).pipe(Stamina.withTesting({ attempts: 3 }))
      expect(count).toBe(3)
    }))

  it.effect("is asked for, set and left as stamina does: for everybody, or for a block", () =>
    Effect.gen(function*() {
      expect(yield* Stamina.isTesting).toBe(false)
      yield* Stamina.setTesting({ attempts: 2 })
      expect(yield* Stamina.isTesting).toBe(true)
      expect(yield* calls).toBe(2)
      expect(yield* Effect.promise(() => Effect.runPromise(unlogged(calls)))).toBe(2)
      expect(yield* Stamina.isTesting.pipe(Stamina.withTesting(false))).toBe(false)
      expect(yield* inTime(calls.pipe(Stamina.withTesting(false)))).toBe(4)
      yield* Stamina.setTesting(true)
      expect(yield* calls).toBe(1)
      yield* Stamina.setTesting(false)
      expect(yield* inTime(calls)).toBe(4)
    }))

  it.effect("nests: the innermost counts, and nothing leaks out", () =>
    Effect.gen(function*() {
      const nested = Effect.gen(function*() {
        expect(yield* calls.pipe(Stamina.withTesting({ attempts: 5 }))).toBe(5)
        return yield* calls
      }).pipe(Stamina.withTesting({ attempts: 2 }))
      expect(yield* nested).toBe(2)
      yield* Effect.gen(function*() {
        yield* Stamina.setTesting({ attempts: 3 })
        expect(yield* calls).toBe(3)
      }).pipe(Effect.provide(Stamina.layerTesting()))
      expect(yield* Stamina.isTesting).toBe(false)
      expect(yield* inTime(calls)).toBe(4)
    }))

  it.each([
    [{ attempts: 0 }, "attempts must be an integer >= 1 or Infinity, got 0"],
    [{ attempts: 1.5 }, "attempts must be an integer >= 1 or Infinity, got 1.5"],
    [{ cap: 1 }, "cap must be true or false, got 1"],
    [{ attempt: 1 }, "unknown option \"attempt\", known are attempts, cap"]
  ])("refuses %o at once", (options, message) => {
    expect(() => Stamina.setTesting(options as never)).toThrow(new RangeError(`Stamina.setTesting: ${message}`))
    expect(() => Stamina.withTesting(options as never)).toThrow(new RangeError(`Stamina.withTesting: ${message}`))
    expect(() => Stamina.layerTesting(options as never)).toThrow(new RangeError(`Stamina.layerTesting: ${message}`))
  })
})

describe("nothing leaks from one test into the next", () => {
  for (const round of [1, 2]) {
    it.effect(`round ${round} begins active and not testing`, () =>
      Effect.gen(function*() {
        expect(yield* Stamina.isActive).toBe(true)
        expect(yield* Stamina.isTesting).toBe(false)
        yield* Effect.provide(
          Effect.andThen(Stamina.setActive(true), Stamina.setTesting({ attempts: 9 })),
          Layer.mergeAll(Stamina.layerInactive, Stamina.layerTesting())
        )
      }))
  }
})
