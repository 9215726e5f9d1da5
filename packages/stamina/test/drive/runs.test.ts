import { describe, expect, it } from "@effect/vitest"
import { Cause, Clock, Data, Duration, Effect, Exit, Fiber, Option } from "effect"
import { type RetryEvent, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"

/** What a run keeps count of, and whom it asks. */

class Down extends Data.TaggedError("Down")<{ readonly n: number }> {}
class Final extends Data.TaggedError("Final") {}

const options = { on: "Down", waitInitial: 100, waitJitter: 0, attempts: 5 } as const

describe.each(drivers.map((driver) => [driver.name, driver] as const))("a run, driven by %s", (_, { build }) => {
  it.effect("does not ask `on` where retries are switched off", () =>
    Effect.gen(function*() {
      let asked = 0
      const on = () => {
        asked++
        throw new Error("must not be asked")
      }
      const down = new Down({ n: 1 })
      const exit = yield* build({ ...options, on }, () => Effect.fail(down)).pipe(
        Effect.exit,
        Effect.provide(Stamina.layerInactive)
      )
      expect(exit).toEqual(Exit.fail(down))
      expect(asked).toBe(0)
    }))
})

describe("a run with an attemptTimeout", () => {
  it.effect("retries its own timeouts without asking, and nothing else for their sake", () =>
    Effect.gen(function*() {
      let calls = 0
      const timesOutThenFails = Effect.suspend((): Effect.Effect<never, Down | Final> =>
        ++calls === 1 ? Effect.never : Effect.fail(new Final())
      )
      const error = yield* inTime(
        timesOutThenFails.pipe(Stamina.retry({ ...options, attemptTimeout: "1 second" }), Effect.flip)
      )
      expect(error._tag).toBe("Final")
      expect(calls).toBe(2)
    }))
})

describe("a run that a deadline ends", () => {
  const failsThenHangs = () => {
    let calls = 0
    return Effect.suspend(() => ++calls < 3 ? Effect.fail(new Down({ n: calls })) : Effect.never)
  }

  it.effect("in an attempt counts that attempt, and the time to the deadline", () =>
    Effect.gen(function*() {
      const error = yield* inTime(
        failsThenHangs().pipe(Stamina.retry(options), Stamina.withDeadline("1 second"), Effect.flip)
      )
      const report = Option.getOrThrow(Stamina.report(error))
      expect(report.reason).toBe("DeadlineExceeded")
      expect([report.attempts, report.calls]).toEqual([3, 3])
      expect(Duration.toMillis(report.elapsed)).toBe(1000)
      expect(Duration.toMillis(report.inAttempts)).toBe(700)
    }))
})

describe("what hooks are told of the calls of a run", () => {
  const told = () => {
    const runs: Array<RetryEvent.RunEnded> = []
    const tell = (run: RetryEvent.RunEnded) => Effect.sync(() => void runs.push(run))
    return { runs, layer: Stamina.layerHooks([{ onRecovered: tell, onGaveUp: tell, onInterrupted: tell }]) }
  }

  it.effect("is the attempt that succeeds as well", () =>
    Effect.gen(function*() {
      const { layer, runs } = told()
      let calls = 0
      const flaky = Effect.suspend(() => ++calls < 3 ? Effect.fail(new Down({ n: calls })) : Effect.succeed(calls))
      yield* inTime(flaky.pipe(Stamina.retry(options), Effect.provide(layer)))
      expect(runs.map(({ attempts, calls }) => [attempts, calls])).toEqual([[3, 3]])
    }))

  it.effect("is the attempt that is interrupted, and not one that had not begun", () =>
    Effect.gen(function*() {
      for (const [after, expected] of [[50, 1], [150, 2]] as const) {
        const { layer, runs } = told()
        let calls = 0
        const hangs = Effect.suspend(() => ++calls < 2 ? Effect.fail(new Down({ n: calls })) : Effect.never)
        const fiber = yield* Effect.forkChild(hangs.pipe(Stamina.retry(options), Effect.provide(layer)))
        yield* TestClock.adjust(after)
        yield* Fiber.interrupt(fiber)
        expect(runs.map(({ attempts, calls }) => [attempts, calls])).toEqual([[expected, expected]])
      }
    }))

  it.effect("is each attempt once where the last one fails with an interruption", () =>
    Effect.gen(function*() {
      const { layer, runs } = told()
      let calls = 0
      const interrupted = Effect.suspend((): Effect.Effect<never, Down> =>
        ++calls < 2 ? Effect.fail(new Down({ n: calls })) : Effect.interrupt
      )
      const exit = yield* inTime(interrupted.pipe(Stamina.retry(options), Effect.exit, Effect.provide(layer)))
      expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
      expect(runs.map(({ attempts, calls }) => [attempts, calls])).toEqual([[2, 2]])
    }))
})

describe("a run that must not be interrupted", () => {
  /** Fails twice, each after no time. */
  const connect = () => {
    const log: Array<string> = []
    let calls = 0
    const effect = Effect.suspend(() =>
      ++calls < 3 ? Effect.fail(new Down({ n: calls })) : Effect.sync(() => void log.push("open"))
    )
    const hook = {
      onRetryScheduled: () => Effect.sync(() => void log.push("scheduled")),
      onRecovered: () => Effect.sync(() => void log.push("recovered")),
      onInterrupted: () => Effect.sync(() => void log.push("interrupted"))
    }
    return { log, effect: effect.pipe(Stamina.retry(options), Effect.provide(Stamina.layerHooks([hook]))) }
  }

  it.effect("recovers, and what it has acquired is released, also where an interruption is waiting", () =>
    Effect.gen(function*() {
      const { effect, log } = connect()
      const fiber = yield* Effect.forkChild(
        Effect.scoped(Effect.acquireRelease(effect, () => Effect.sync(() => void log.push("close"))))
      )
      yield* TestClock.adjust(50)
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("1 minute")
      expect(log).toEqual(["scheduled", "scheduled", "open", "recovered", "close"])
    }))

  it.effect("goes on to the end of a finalizer", () =>
    Effect.gen(function*() {
      const { effect, log } = connect()
      const finalizer = Effect.andThen(effect, Effect.sync(() => void log.push("done")))
      const fiber = yield* Effect.forkChild(Effect.ensuring(Effect.never, Effect.orDie(finalizer)))
      yield* Effect.yieldNow
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("1 minute")
      expect(log).toEqual(["scheduled", "scheduled", "open", "recovered", "done"])
    }))
})

describe("a clock", () => {
  it.effect("is asked to sleep once the hooks are done, and not before", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const clock = yield* Clock.Clock
      const recording: Clock.Clock = Object.assign(Object.create(clock), {
        sleep: (duration: Duration.Duration) => {
          log.push(`sleeps ${Duration.toMillis(duration)}`)
          return clock.sleep(duration)
        }
      })
      const slow = { onRetryScheduled: () => Effect.sync(() => void log.push("told")) }
      yield* inTime(
        Effect.fail(new Down({ n: 1 })).pipe(
          Stamina.retry({ ...options, attempts: 2 }),
          Effect.exit,
          Effect.provide(Stamina.layerHooks([slow])),
          Effect.provideService(Clock.Clock, recording)
        )
      )
      expect(log).toEqual(["told", "sleeps 100"])
    }))
})
