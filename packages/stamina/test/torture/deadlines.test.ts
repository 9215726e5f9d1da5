/**
 * What a deadline must never do, whatever the number of the attempt that it comes in: each of these was once wrong, from
 * the second attempt on. `Effect.timeout` in place of `withDeadline` is the model.
 */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Fiber, Option, Ref, Scheduler } from "effect"
import { Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"

class Down extends Data.TaggedError("Down")<{ readonly n: number }> {}

const z = { on: "Down", waitInitial: 0, waitMax: 0, waitJitter: 0 } as const

/** Fails at first, and is `then` from the second attempt on. */
const failsOnce = <A, E, R>(then: Effect.Effect<A, E, R>): Effect.Effect<A, E | Down, R> => {
  let calls = 0
  return Effect.suspend((): Effect.Effect<A, E | Down, R> => ++calls === 1 ? Effect.fail(new Down({ n: 1 })) : then)
}

const quiet = Effect.provide(Stamina.layerHooks([]))

type Limit = (millis: number) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, unknown, R>

/** What limits the time of an effect, and the tag of the error when that is over. */
const limits: ReadonlyArray<readonly [name: string, limit: Limit, tag: string]> = [
  ["Stamina.withDeadline", (millis) => Stamina.withDeadline(millis), "DeadlineExceeded"],
  ["Effect.timeout", (millis) => Effect.timeout(millis), "TimeoutError"]
]

const tagOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit)
    ? Option.getOrUndefined(Option.map(Cause.findErrorOption(exit.cause), (error) => (error as { _tag: string })._tag))
    : undefined

const telling = () => {
  const told: Array<string> = []
  const hook = {
    onRetryScheduled: () => Effect.sync(() => void told.push("scheduled")),
    onRecovered: () => Effect.sync(() => void told.push("recovered")),
    onInterrupted: () => Effect.sync(() => void told.push("interrupted")),
    onGaveUp: ({ reason }: { readonly reason: string }) => Effect.sync(() => void told.push(reason))
  }
  return { told, hook }
}

for (const driver of drivers) {
  const retry = (self: Effect.Effect<string, unknown>) => driver.build(z, () => self)
  const isStream = driver.name === "Stamina.retryStream"
  const seesEnds = driver.name.startsWith("Stamina.")

  describe.each(limits)(`%s around ${driver.name}`, (name, limit, tag) => {
    it.effect("breaks into no acquisition: what was acquired is released", () =>
      Effect.gen(function*() {
        const log: Array<string> = []
        const open = Effect.sync(() => (log.push("open"), "handle"))
        const connect = retry(failsOnce(Effect.uninterruptible(Effect.andThen(Effect.sleep(60), open))))
        const using = Effect.scoped(
          Effect.andThen(
            Effect.acquireRelease(connect, () => Effect.sync(() => void log.push("close"))),
            Effect.never
          )
        )
        const exit = yield* inTime(Effect.exit(using.pipe(limit(30), quiet)))
        expect(tagOf(exit)).toBe(tag)
        expect(log).toEqual(["open", "close"])
      }))

    it.effect("leaves an uninterruptible region whole", () =>
      Effect.gen(function*() {
        const log: Array<string> = []
        const step = (name: string) => Effect.sync(() => (log.push(name), name))
        const transfer = step("debit").pipe(Effect.andThen(Effect.sleep(60)), Effect.andThen(step("credit")))
        const exit = yield* inTime(Effect.exit(
          Effect.uninterruptible(retry(failsOnce(transfer))).pipe(limit(30), quiet)
        ))
        expect(tagOf(exit)).toBe(tag)
        expect(log).toEqual(["debit", "credit"])
      }))

    it.effect("stops everything else inside, also while something cannot be interrupted", () =>
      Effect.gen(function*() {
        let beats = 0
        const beating = Effect.forever(Effect.andThen(Effect.sleep(10), Effect.sync(() => beats++)))
        const stubborn = retry(failsOnce(Effect.uninterruptible(Effect.as(Effect.sleep(500), "done"))))
        yield* inTime(Effect.exit(
          Effect.all([stubborn, beating], { concurrency: 2 }).pipe(limit(55), quiet)
        ))
        expect(beats).toBe(5)
      }))

    it.effect("lets what an attempt has forked live on, whatever the number of the attempt", () =>
      Effect.gen(function*() {
        const alive: Array<number> = []
        for (const failures of [0, 1]) {
          let [calls, beats] = [0, 0]
          const heart = Effect.forever(Effect.andThen(Effect.sleep(10), Effect.sync(() => beats++)))
          const attempt = Effect.suspend(() =>
            ++calls <= failures ? Effect.fail(new Down({ n: calls })) : Effect.as(Effect.forkChild(heart), "beating")
          )
          yield* inTime(Effect.exit(
            Effect.andThen(retry(attempt), Effect.sleep(105)).pipe(limit(1000), quiet)
          ))
          alive.push(beats)
        }
        expect(alive).toEqual([10, 10])
      }))

    it.effect("passes, where an attempt has to tidy up first, and waits for that", () =>
      Effect.gen(function*() {
        for (const tidying of [Effect.void, Effect.yieldNow, Effect.sleep(100)]) {
          const { hook, told } = telling()
          const log: Array<string> = []
          const finalizer = Effect.andThen(tidying, Effect.sync(() => void log.push("tidied")))
          const exit = yield* inTime(Effect.exit(
            retry(failsOnce(Effect.ensuring(Effect.never, finalizer))).pipe(
              limit(30),
              Effect.provide(Stamina.layerHooks([hook]))
            )
          ))
          expect([tagOf(exit), log]).toEqual([tag, ["tidied"]])
          const ownEnd = name === "Effect.timeout" ? "interrupted" : "DeadlineExceeded"
          if (!driver.name.startsWith("the blocks")) expect(told).toEqual(["scheduled", ...seesEnds ? [ownEnd] : []])
          if (seesEnds && name === "Stamina.withDeadline") {
            expect(Exit.isFailure(exit) && Option.getOrUndefined(Cause.findErrorOption(exit.cause)))
              .toMatchObject({ cause: { _tag: "Down", n: 1 } })
          }
        }
      }))

    it.effect("is not changed by what its hooks do about it", () =>
      Effect.gen(function*() {
        const ends = [Effect.void, Effect.yieldNow, Effect.sleep(50), Effect.die("hook"), Effect.never]
        for (const end of ends) {
          const hooks = Stamina.layerHooks([
            { onRetryScheduled: () => Effect.void, onGaveUp: () => end, onInterrupted: () => end }
          ])
          const exit = yield* inTime(Effect.exit(retry(failsOnce(Effect.never)).pipe(limit(30), Effect.provide(hooks))))
          expect(tagOf(exit)).toBe(tag)
          expect(Exit.hasDies(exit)).toBe(false)
        }
      }))
  })

  describe(`a deadline around ${driver.name}`, () => {
    it.effect("binds nobody once its region has ended: workers forked inside retry on", () =>
      Effect.gen(function*() {
        let calls = 0
        const failing = Effect.suspend(() => Effect.fail(new Down({ n: ++calls })))
        const worker = Effect.andThen(Effect.sleep(60), Effect.exit(driver.build({ ...z, attempts: 5 }, () => failing)))
        const fiber = yield* Effect.forkDetach(worker).pipe(Stamina.withDeadline(30), quiet)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        expect(calls).toBe(5)
      }))

    it.effect("passes wherever a fiber inside was interrupted, at whatever step", () =>
      Effect.gen(function*() {
        for (let ops = 3; ops < 40; ops++) {
          // no run ends by itself, and each number of operations yields at another step
          const endless = driver.build(
            { ...z, attempts: Infinity, timeout: Infinity },
            () => Effect.fail(new Down({ n: 1 }))
          )
          const exit = yield* Effect.gen(function*() {
            const child = yield* Effect.forkChild(Effect.provideService(endless, Scheduler.MaxOpsBeforeYield, ops))
            yield* Effect.yieldNow
            yield* Fiber.interrupt(child)
            return yield* Effect.never
          }).pipe(Stamina.withDeadline(50), quiet, Effect.exit, inTime)
          expect(tagOf(exit)).toBe("DeadlineExceeded")
        }
      }))

    it.effect("a run that lets its attempts be interrupted, and not itself, tells of the deadline all the same", () =>
      Effect.gen(function*() {
        // the stream closes each start out of reach
        if (!seesEnds || isStream) return
        const { hook, told } = telling()
        const restored = yield* Ref.make(0)
        const exit = yield* inTime(Effect.exit(
          Effect.uninterruptibleMask((restore) =>
            retry(failsOnce(Effect.as(
              Effect.onExit(restore(Effect.sleep(60)), () => Ref.update(restored, (n) => n + 1)),
              "late"
            )))
          ).pipe(Stamina.withDeadline(30), Effect.provide(Stamina.layerHooks([hook])))
        ))
        expect(yield* Ref.get(restored)).toBe(1)
        expect(told).toEqual(["scheduled", "DeadlineExceeded"])
        expect(Exit.isFailure(exit) && Option.getOrUndefined(Cause.findErrorOption(exit.cause)))
          .toMatchObject({ _tag: "DeadlineExceeded", cause: { n: 1 } })
      }))
  })
}

describe("runs inside each other, at a deadline", () => {
  it.effect("tell of it each, and the error is that of the outermost that was retrying", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const hooks = Stamina.layerHooks([{
        onInterrupted: ({ name }) => void told.push([name, "interrupted"]),
        onGaveUp: ({ name, reason }) => void told.push([name, reason])
      }])
      let calls = 0
      const attempt = Effect.suspend(() => ++calls < 4 ? Effect.fail(new Down({ n: calls })) : Effect.never)
      const inner = Stamina.retry(attempt, { ...z, attempts: 2, name: "inner" })
      const error = yield* inTime(Effect.flip(
        Stamina.retry(inner, { ...z, name: "outer" }).pipe(Stamina.withDeadline(30), Effect.provide(hooks))
      ))
      expect(told).toEqual([
        ["inner", "AttemptsExhausted"],
        ["inner", "DeadlineExceeded"],
        ["outer", "DeadlineExceeded"]
      ])
      expect(error).toMatchObject({ _tag: "DeadlineExceeded", cause: { n: 2 } })
      expect(Option.getOrThrow(Stamina.report(error))).toMatchObject({ reason: "DeadlineExceeded", attempts: 2 })
    }))

  it.effect("an inner deadline is an error like any other to the run around it", () =>
    Effect.gen(function*() {
      let calls = 0
      const attempt = Effect.suspend(() => (calls++, Effect.never)).pipe(Stamina.withDeadline(10))
      const error = yield* inTime(Effect.flip(
        Stamina.retry(attempt, { ...z, on: "DeadlineExceeded", attempts: 3 }).pipe(Stamina.withDeadline(1000), quiet)
      ))
      expect(calls).toBe(3)
      expect(Option.getOrThrow(Stamina.report(error))).toMatchObject({ reason: "AttemptsExhausted", attempts: 3 })
    }))
})

describe("a deadline that passes while a hook takes its time at the end of a run", () => {
  it.effect("fails with the error that the run gave up on as its cause, and with the run's own report", () =>
    Effect.gen(function*() {
      const down = new Down({ n: 7 })
      const slow = { onGaveUp: () => Effect.sleep("1 second") }
      const program = Effect.fail(down).pipe(
        Stamina.retry({ on: "Down", attempts: 3, waitInitial: "1 milli", waitJitter: 0, hooks: [slow] }),
        Stamina.withDeadline("100 millis"),
        Effect.flip
      )
      const fiber = yield* Effect.forkChild(program)
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      expect(error).toBeInstanceOf(Stamina.DeadlineExceeded)
      expect(error.cause).toBe(down)
      expect(Option.map(Stamina.report(error), ({ attempts, reason }) => [attempts, reason]))
        .toEqual(Option.some([3, "AttemptsExhausted"]))
    }))
})
