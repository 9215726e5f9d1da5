import { describe, expect, it } from "@effect/vitest"
import { Data, Duration, Effect, Exit, Option } from "effect"
import { RetryOn, Stamina } from "effect-stamina"
import { drivers } from "../kit/drivers.ts"
import { promiseDrivers } from "../kit/promiseDrivers.ts"
import { recordLogs } from "../kit/telemetry.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

class Limited extends Data.TaggedError("Limited")<{ readonly after: Duration.Input }> {}

/** Fails for as long as it is asked to, and gives the waits, the error and the reason. */
const run = (
  driver: (typeof drivers)[number],
  options: Readonly<Record<string, unknown>>,
  after: Duration.Input = 0,
  around: (self: Effect.Effect<string, Limited>) => Effect.Effect<string, unknown> = (self) => self
) =>
  Effect.gen(function*() {
    const time = new VirtualTime([0.5])
    const error = new Limited({ after })
    const on = (limited: Limited) => limited.after
    const self = driver.build({ attempts: 4, on, ...options }, () => Effect.fail(error))
    const exit = yield* Effect.exit(around(self)).pipe(time.provide, recordLogs().provide)
    return {
      waits: time.sleeps,
      isOwnError: Exit.isFailure(exit) && exit.cause.reasons.some((one) => one._tag === "Fail" && one.error === error),
      report: Option.getOrUndefined(Stamina.report(error))
    }
  })

describe.each([...drivers, ...promiseDrivers])("a duration that `on` answers, in $name,", (driver) => {
  const hasRun = !driver.name.startsWith("the blocks")

  it.effect("gives up at once where it would end at or past the timeout, whatever `overshoot` says", () =>
    Effect.gen(function*() {
      for (const overshoot of ["allow", "refuse"] as const) {
        for (const after of ["1 day", "45 seconds"] as const) {
          const { isOwnError, report, waits } = yield* run(driver, { overshoot }, after)
          expect([waits, isOwnError]).toEqual([[], true])
          if (!hasRun) continue
          expect([report?.attempts, report?.reason]).toEqual([1, "WaitExceedsTimeout"])
          expect(Option.getOrUndefined(report?.refused ?? Option.none())).toEqual({
            wait: Duration.fromInputUnsafe(after),
            left: Duration.seconds(45)
          })
        }
      }
    }))

  it.effect("counts from the start, so that waits before it count", () =>
    Effect.gen(function*() {
      expect((yield* run(driver, {}, "20 seconds")).waits).toEqual([20_000, 20_000])
    }))

  it.effect("gives up so in a record as well", () =>
    Effect.gen(function*() {
      expect((yield* run(driver, { on: { Limited: "1 day" } })).waits).toEqual([])
      expect((yield* run(driver, { on: [() => "1 day"] })).waits).toEqual([])
    }))

  it.effect("means at once where it is zero or negative, until the attempts are used up", () =>
    Effect.gen(function*() {
      for (const after of [0, -1000, "0 seconds"] as const) {
        expect((yield* run(driver, { timeout: 1 }, after)).waits).toEqual([0, 0, 0])
      }
    }))

  it.effect("is granted without a timeout, and a wait by default overshoots as before", () =>
    Effect.gen(function*() {
      expect((yield* run(driver, { timeout: Infinity, attempts: 2 }, "1 day")).waits).toEqual([86_400_000])
      const curve = { waitInitial: "1 minute", waitMax: "1 minute", waitJitter: 0 }
      expect((yield* run(driver, { on: () => true, ...curve })).waits).toEqual([60_000])
      expect((yield* run(driver, { on: { Limited: curve } })).waits).toEqual([60_000])
    }))

  it.effect("is what a hint does", () =>
    Effect.gen(function*() {
      const hint = { on: () => RetryOn.atLeast("50 seconds") }
      expect((yield* run(driver, hint)).waits).toEqual([])
    }))
})
