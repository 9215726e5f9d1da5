/**
 * Testing code that retries: without retries, without waits, or with the real waits on a clock that the test moves.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Cause, Data, Duration, Effect, Fiber } from "effect"
import { type RetryHook, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"

class Unavailable extends Data.TaggedError("Unavailable")<{ readonly call: number }> {}

/** The code under test: up to 5 calls, waits of 1, 2, 4 and 8 seconds. It never recovers, and says in which call it ended. */
const flaky = Effect.suspend(() => {
  let call = 0
  return Effect.suspend(() => Effect.fail(new Unavailable({ call: ++call }))).pipe(
    Stamina.retry({ on: "Unavailable", attempts: 5, waitInitial: "1 second", waitMax: "1 minute", waitJitter: 0 }),
    Effect.catchTag("Unavailable", (error) => Effect.succeed(error.call))
  )
})

// In the tests below nobody moves the clock, so a test that waited would never end.

describe("a test that is not about retries", () => {
  it.effect("switches them off: one call", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* flaky, 1)
      assert.isFalse(yield* Stamina.isActive)
    }).pipe(Effect.provide(Stamina.layerInactive)))
})

describe("a test that wants retries, but no waits", () => {
  it.effect("takes as many calls as it says", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* flaky, 3)
    }).pipe(Effect.provide(Stamina.layerTesting({ attempts: 3 }))))

  it.effect("with `cap`, takes at most as many, and fewer where the policy says so", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* flaky.pipe(Stamina.withTesting({ attempts: 2, cap: true })), 2)
      assert.strictEqual(yield* flaky.pipe(Stamina.withTesting({ attempts: 100, cap: true })), 5)
    }))

  it.effect("says so for one effect, and not for the next", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* flaky.pipe(Stamina.withTesting()), 1)
      assert.isFalse(yield* Stamina.isTesting)
    }))
})

layer(Stamina.layerTesting({ attempts: 2 }))("a group of tests in test mode", (it) => {
  it.effect("shares its layer", () => Effect.map(flaky, (calls) => assert.strictEqual(calls, 2)))

  it.effect("can leave test mode for one effect", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(flaky.pipe(Stamina.withTesting(false)))
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 5)
    }))
})

describe("a test that is about the waits", () => {
  it.effect("moves the clock past each of them", () =>
    Effect.gen(function*() {
      const waits: Array<string> = []
      const watching: RetryHook.RetryHook = {
        onRetryScheduled: ({ waitFor }) => Effect.sync(() => waits.push(Duration.format(waitFor)))
      }
      const fiber = yield* Effect.forkChild(flaky.pipe(Effect.provide(Stamina.layerHooks([watching]))))

      yield* TestClock.adjust("14999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(yield* Fiber.join(fiber), 5)
      assert.deepStrictEqual(waits, ["1s", "2s", "4s", "8s"])
    }))

  it.effect("interrupts a wait, and nothing is retried after that", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(flaky)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause))
    }))
})

describe("afterwards", () => {
  it.effect("nothing has leaked out of the tests above", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* Stamina.isActive)
      assert.isFalse(yield* Stamina.isTesting)
    }))
})
