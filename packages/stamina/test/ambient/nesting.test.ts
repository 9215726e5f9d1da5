import { describe, expect, it } from "@effect/vitest"
import { Data, Effect, Logger, Option, References } from "effect"
import { type RetryEvent, RetryLogs, RetryOn, Stamina, staminaSchedule } from "effect-stamina"
import { inTime } from "../kit/inTime.ts"

class Flaky extends Data.TaggedError("Flaky")<{ readonly n: number }> {}
class Wrapped extends Data.TaggedError("Wrapped")<{ readonly cause: unknown }> {}

const three = { on: RetryOn.among("Flaky"), waitJitter: 0, attempts: 3 } as const
const four = { on: RetryOn.among("Flaky"), waitJitter: 0, attempts: 4 } as const

const failing = () => {
  const seen = { calls: 0 }
  return { seen, effect: Effect.suspend(() => Effect.fail(new Flaky({ n: ++seen.calls }))) }
}

const inner = [
  ["Stamina.retry", <E>(self: Effect.Effect<never, E>) => Stamina.retry(self, three)],
  ["staminaSchedule", <E>(self: Effect.Effect<never, E>) => Effect.retry(self, staminaSchedule(three))]
] as const

describe.each(inner)("a run around %s", (_, retry) => {
  it.effect("retries all the same by default, and 3 × 4 = 12 is visible", () =>
    Effect.gen(function*() {
      const { effect, seen } = failing()
      const details: Array<RetryEvent.RetryScheduled> = []
      const hooks = Stamina.layerHooks([{ onRetryScheduled: (seen) => Effect.sync(() => void details.push(seen)) }])
      const outer = Stamina.retry(retry(effect).pipe(Effect.provide(Stamina.layerHooks([]))), four)
      const error = yield* inTime(Effect.flip(outer.pipe(Effect.provide(hooks))))
      expect(seen.calls).toBe(12)
      const report = Option.getOrThrow(Stamina.report(error))
      expect([report.reason, report.attempts, report.calls]).toEqual(["AttemptsExhausted", 4, 12])
      expect(report.history.map((attempt) => Option.getOrThrow(attempt.inner).attempts)).toEqual([3, 3, 3, 3])
      expect(details.map(({ attemptsInside }) => attemptsInside)).toEqual([3, 3, 3])
    }))

  it.effect("says so in the logs", () =>
    Effect.gen(function*() {
      const logged: Array<Readonly<Record<string, unknown>>> = []
      const logger = Logger.layer([Logger.make(({ fiber, message }) => {
        logged.push({ message, ...fiber.getRef(References.CurrentLogAnnotations) })
      })])
      const outer = Stamina.retry(retry(failing().effect).pipe(Effect.provide(Stamina.layerHooks([]))), four)
      yield* inTime(Effect.ignore(outer).pipe(Effect.provide([Stamina.layerHooks([RetryLogs.hook]), logger])))
      expect(logged.map(({ attempts, attempts_inside, calls }) => [attempts, attempts_inside, calls])).toEqual([
        [undefined, 3, undefined],
        [undefined, 3, undefined],
        [undefined, 3, undefined],
        [4, undefined, 12]
      ])
    }))

  it.effect("with nested: \"once\" stops at the first error that was retried inside", () =>
    Effect.gen(function*() {
      const { effect, seen } = failing()
      const error = yield* inTime(Effect.flip(Stamina.retry(retry(effect), { ...four, nested: "once" })))
      expect(seen.calls).toBe(3)
      const report = Option.getOrThrow(Stamina.report(error))
      expect([report.reason, report.attempts, report.calls]).toEqual(["AlreadyRetried", 1, 3])
    }))

  it.effect("does so too where the layer says it, and an option overrules the layer", () =>
    Effect.gen(function*() {
      for (const [nested, calls] of [[undefined, 3], ["allow", 12], ["once", 3]] as const) {
        const { effect, seen } = failing()
        yield* inTime(
          Effect.ignore(Stamina.retry(retry(effect), { ...four, nested })).pipe(
            Effect.provide(Stamina.layerDefaults({ nested: "once" }))
          )
        )
        expect(seen.calls).toBe(calls)
      }
    }))

  it.effect("knows an error again that mapError has put into the cause of another", () =>
    Effect.gen(function*() {
      const { effect, seen } = failing()
      const wrapped = Effect.mapError(retry(effect), (cause) => new Wrapped({ cause: new Wrapped({ cause }) }))
      const error = yield* inTime(Effect.flip(Stamina.retry(wrapped, { ...four, on: "Wrapped", nested: "once" })))
      expect(seen.calls).toBe(3)
      expect(error._tag).toBe("Wrapped")
      expect(Option.getOrThrow(Stamina.report(error))).toMatchObject({ reason: "AlreadyRetried", calls: 3 })
    }))

  it.effect("a schedule around it knows as much", () =>
    Effect.gen(function*() {
      const { effect, seen } = failing()
      yield* inTime(Effect.ignore(Effect.retry(retry(effect), staminaSchedule({ ...four, nested: "once" }))))
      expect(seen.calls).toBe(3)
    }))
})

describe("an error that was not retried inside", () => {
  it.effect("is retried outside with nested: \"once\" as well", () =>
    Effect.gen(function*() {
      const { effect, seen } = failing()
      const notRetried = Stamina.retry(effect, { on: () => false })
      yield* inTime(Effect.ignore(Stamina.retry(notRetried, { ...four, nested: "once" })))
      expect(seen.calls).toBe(4)
    }))

  it.effect("nor is one that only came out of a run long before", () =>
    Effect.gen(function*() {
      const shared = new Flaky({ n: 0 })
      let calls = 0
      yield* inTime(Effect.ignore(Stamina.retry(Effect.fail(shared), three)))
      const again = Effect.delay(Effect.suspend(() => (calls++, Effect.fail(shared))), 1)
      yield* inTime(Effect.ignore(Stamina.retry(again, { ...four, nested: "once" })))
      expect(calls).toBe(4)
    }))

  it.effect("a cause that leads back to itself ends the search", () =>
    Effect.gen(function*() {
      const loop: { readonly _tag: "Flaky"; cause?: unknown } = { _tag: "Flaky" }
      loop.cause = loop
      let calls = 0
      yield* inTime(Effect.ignore(Stamina.retry(Effect.suspend(() => (calls++, Effect.fail(loop))), four)))
      expect(calls).toBe(4)
    }))
})

describe("nested", () => {
  it("refuses other words", () => {
    expect(() => Stamina.retry({ on: () => true, nested: "twice" as never })).toThrow(
      new RangeError("Stamina.retry: nested must be \"allow\" or \"once\", got \"twice\"")
    )
  })
})
