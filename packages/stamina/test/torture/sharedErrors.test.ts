/**
 * Errors that runs share: a constant that fails in many fibers tells of no run by itself.
 */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Fiber, Option } from "effect"
import { type RetryEvent, Stamina, staminaSchedule } from "effect-stamina"
import { type Driver, drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"

class Down extends Data.TaggedError("Down") {}

const z = { on: "Down", waitInitial: 0, waitMax: 0, waitJitter: 0, attempts: 3, timeout: Infinity } as const

/** The blocks know nothing of runs inside, and report nothing. */
const reporting = drivers.filter(({ name }) => !name.startsWith("the blocks"))

/** Counts the calls of a run that always fails with the error, after a moment that is up to the caller. */
const counted = (driver: Driver, error: Down, pause: Effect.Effect<void>, over: object = {}) => {
  const counts = { calls: 0 }
  const block = () => Effect.suspend(() => (counts.calls++, Effect.andThen(pause, Effect.fail(error))))
  return { counts, run: Effect.exit(driver.build({ ...z, ...over }, block)) }
}

const causeOf = (exit: Exit.Exit<unknown, unknown>) => Exit.isFailure(exit) ? exit.cause : expect.fail("it succeeds")

for (const driver of reporting) {
  const canAnnotate = !driver.name.startsWith("Effect.retry")

  describe(`runs of ${driver.name} that fail with the same error`, () => {
    for (const concurrency of [1, 2, 10, 50] as const) {
      for (
        const [kind, pause] of [["at once", Effect.void], ["yielding", Effect.yieldNow], [
          "slowly",
          Effect.sleep(1)
        ]] as const
      ) {
        it.effect(`${concurrency} at a time, ${kind}: each counts its own calls, and none was retried inside`, () =>
          Effect.gen(function*() {
            const boom = new Down()
            const events: Array<RetryEvent.RetryEvent> = []
            const hooks = Stamina.layerHooks([{
              onRetryScheduled: (event) => Effect.sync(() => void events.push(event)),
              onGaveUp: (event) => Effect.sync(() => void events.push(event))
            }])
            // of different lengths, so that some end while others begin
            const runs = Array.from({ length: 100 }, (_, i) => {
              const attempts = 2 + i % 4
              return { attempts, ...counted(driver, boom, pause, { attempts, nested: "once" }) }
            })
            yield* inTime(Effect.forEach(runs, ({ run }) => run, { concurrency }).pipe(Effect.provide(hooks)))
            expect(runs.map(({ counts }) => counts.calls)).toEqual(runs.map(({ attempts }) => attempts))
            for (const event of events) {
              if (event._tag === "GaveUp") {
                expect([event.reason, event.calls]).toEqual(["AttemptsExhausted", event.attempts])
              } else expect(event).toMatchObject({ attemptsInside: 0 })
            }
            const report = Option.getOrThrow(Stamina.report(boom))
            expect(report.history.map(({ inner }) => inner)).toEqual(report.history.map(() => Option.none()))
          }))
      }
    }

    it.effect("a cause tells of its own run, and of none where it cannot know", () =>
      Effect.gen(function*() {
        const boom = new Down()
        const exits = yield* inTime(
          Effect.forEach([2, 5, 3, 4], (attempts) => counted(driver, boom, Effect.sleep(1), { attempts }).run, {
            concurrency: 4
          })
        )
        const attempts = exits.map((exit) => Option.map(Stamina.report(causeOf(exit)), (report) => report.attempts))
        expect(attempts).toEqual([2, 5, 3, 4].map((attempts) => canAnnotate ? Option.some(attempts) : Option.none()))
        // the object tells of the run that ended last
        expect(Option.getOrThrow(Stamina.report(boom)).attempts).toBe(5)
      }).pipe(Effect.provide(Stamina.layerHooks([]))))

    it.effect("an error that is used once tells of its run, as does its cause", () =>
      Effect.gen(function*() {
        const exit = yield* inTime(Effect.exit(driver.build(z, () => Effect.suspend(() => Effect.fail(new Down())))))
        const report = Stamina.report(causeOf(exit))
        expect(Option.map(report, ({ attempts, reason }) => [attempts, reason])).toEqual(
          Option.some([3, "AttemptsExhausted"])
        )
        expect(Stamina.report(Option.getOrThrow(Cause.findErrorOption(causeOf(exit))))).toEqual(report)
      }).pipe(Effect.provide(Stamina.layerHooks([]))))

    it.effect("does not hold one run by another: 5000 runs, and a report of the last alone", () =>
      Effect.gen(function*() {
        const boom = new Down()
        const { counts, run } = counted(driver, boom, Effect.yieldNow)
        const worker = Effect.forEach(Array.from({ length: 500 }), () => run, { discard: true })
        yield* Effect.all(Array.from({ length: 10 }, () => worker), { concurrency: 10 })
        expect(counts.calls).toBe(15_000)
        expect(Option.getOrThrow(Stamina.report(boom))).toMatchObject({ attempts: 3, calls: 3 })
      }).pipe(Effect.provide(Stamina.layerHooks([]))))
  })
}

describe("Stamina.report of a cause", () => {
  it.effect("tells of primitives too, wherever the cause has been", () =>
    Effect.gen(function*() {
      const failing = Stamina.retry(Effect.fail("down" as const), { ...z, on: () => true })
      const travelled = failing.pipe(
        Effect.tapError(() => Effect.void),
        Effect.timeout("1 minute"),
        Effect.withSpan("span"),
        (self) => Effect.flatMap(Effect.forkChild(self), Fiber.join),
        (self) => Effect.all([self, Effect.never], { concurrency: 2 }),
        Effect.onExit(() => Effect.yieldNow)
      )
      const exit = yield* inTime(Effect.exit(travelled))
      expect(Stamina.report("down")).toEqual(Option.none())
      expect(Option.map(Stamina.report(causeOf(exit)), ({ attempts }) => attempts)).toEqual(Option.some(3))
    }).pipe(Effect.provide(Stamina.layerHooks([]))))

  it("knows nothing of a cause that no run has seen", () => {
    expect(Stamina.report(Cause.fail(new Down()))).toEqual(Option.none())
    expect(Stamina.report(Cause.interrupt(1))).toEqual(Option.none())
    expect(Stamina.report(Cause.empty)).toEqual(Option.none())
  })
})

describe("a run inside that fails with a constant", () => {
  it.effect("is known all the same, in one fiber or another, beside other runs that fail with it", () =>
    Effect.gen(function*() {
      const boom = new Down()
      const attempt = Effect.andThen(Effect.sleep(1), Effect.fail(boom))
      const inner = Stamina.retry(attempt, z)
      const outer = (inside: Effect.Effect<never, Down>) => Effect.exit(Stamina.retry(inside, { ...z, attempts: 2 }))
      const elsewhere = inner.pipe(Effect.forkChild, Effect.flatMap(Fiber.join))
      const exits = yield* inTime(Effect.all([outer(inner), outer(elsewhere), outer(inner), outer(attempt)], {
        concurrency: "unbounded"
      }))
      expect(exits.map((exit) => Option.map(Stamina.report(causeOf(exit)), ({ calls }) => calls))).toEqual(
        [6, 6, 6, 2].map(Option.some)
      )
    }).pipe(Effect.provide(Stamina.layerHooks([]))))

  it.effect("is known to a schedule as well, where it ended in the same fiber", () =>
    Effect.gen(function*() {
      const boom = new Down()
      let calls = 0
      const inner = Effect.retry(Effect.suspend(() => (calls++, Effect.fail(boom))), staminaSchedule(z))
      yield* inTime(Effect.exit(Effect.retry(inner, staminaSchedule({ ...z, nested: "once" }))))
      expect(calls).toBe(3)
    }).pipe(Effect.provide(Stamina.layerHooks([]))))
})
