import { describe, expect, it } from "@effect/vitest"
import { Cause, Clock, Data, Duration, Effect, Exit, Fiber, Random, Schedule, Stream } from "effect"
import { RetryPolicy, Stamina, staminaSchedule } from "effect-stamina"
import { JumpingClock } from "effect-stamina/testing"
import { TestClock } from "effect/testing"

class Down extends Data.TaggedError("Down")<{}> {}

const quiet = Stamina.layerHooks([])
const jumping = (options?: JumpingClock.Options) => Effect.provide([JumpingClock.layer(options), quiet])

/** Runs an effect in a process where nothing of a test is around. */
const run = <A, E>(self: Effect.Effect<A, E, JumpingClock.JumpingClock>, options?: JumpingClock.Options) =>
  Effect.runPromise(jumping(options)(self))

describe("JumpingClock", () => {
  it("moves wall and monotonic time on by exactly what is slept", () =>
    run(
      Effect.gen(function*() {
        const [began, beganNanos] = [yield* Clock.monotonicTimeNanos, yield* Clock.currentTimeNanos]
        expect(began).toBe(0n)
        expect(beganNanos).toBe(1_700_000_000_000_000_000n)
        yield* Effect.sleep("1 hour")
        yield* Effect.sleep(0.25)
        expect(yield* Clock.currentTimeMillis).toBe(1_700_003_600_000.25)
        expect(yield* Clock.monotonicTimeNanos).toBe(3_600_000_250_000n)
        expect((yield* Clock.currentTimeNanos) - beganNanos).toBe(3_600_000_250_000n)
        expect(yield* JumpingClock.sleeps).toEqual([3_600_000, 0.25])
      }),
      { start: 1_700_000_000_000 }
    ))

  it("wakes the earliest sleeper first, and the older one of two with the same end", () =>
    run(Effect.gen(function*() {
      const woken: Array<string> = []
      const sleeper = (name: string, millis: number) =>
        Effect.andThen(
          Effect.sleep(millis),
          Effect.map(Clock.currentTimeMillis, (at) => void woken.push(`${name} ${at}`))
        )
      yield* Effect.all([
        sleeper("a", 30),
        sleeper("b", 10),
        sleeper("c", 20),
        Effect.andThen(Effect.sleep(10), sleeper("late c", 10)),
        sleeper("young c", 20)
      ], { concurrency: "unbounded" })
      expect(woken).toEqual(["b 10", "c 20", "young c 20", "late c 20", "a 30"])
    })))

  it("lets all that follows from a woken sleeper happen before the next one wakes", () =>
    run(Effect.gen(function*() {
      const seen: Array<string> = []
      const note = (name: string) => Effect.map(Clock.currentTimeMillis, (at) => void seen.push(`${name} ${at}`))
      const busy = Effect.gen(function*() {
        yield* Effect.sleep(10)
        for (let i = 0; i < 3; i++) yield* Effect.yieldNow
        yield* Effect.promise(() => Promise.resolve().then(() => undefined).then(() => undefined))
        yield* Fiber.join(yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, note("child"))))
        yield* note("busy")
      })
      yield* Effect.all([
        busy,
        Effect.andThen(Effect.sleep(10), note("same time")),
        Effect.andThen(Effect.sleep(11), note("next"))
      ], {
        concurrency: "unbounded"
      })
      expect(seen).toEqual(["child 10", "busy 10", "same time 10", "next 11"])
    })))

  it("forgets a sleeper that is interrupted", () =>
    run(Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.sleep("1 day"), { startImmediately: true })
      yield* Effect.sleep(5)
      yield* Fiber.interrupt(fiber)
      yield* Effect.race(Effect.sleep(10), Effect.sleep(1000))
      yield* Effect.sleep(1)
      expect(yield* Clock.currentTimeMillis).toBe(16)
      expect(yield* JumpingClock.sleeps).toEqual([86_400_000, 5, 10, 1000, 1])
    })))

  it("stands still where nobody sleeps any more", () =>
    run(Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.sleep("1 day"), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Effect.repeat(turn, { times: 20 })
      expect(yield* Clock.currentTimeMillis).toBe(0)
    })))

  it("takes a sleep of no length for a turn that is given to others", () =>
    run(Effect.gen(function*() {
      const seen: Array<string> = []
      const busy = Effect.gen(function*() {
        for (let i = 0; i < 9; i++) yield* Effect.yieldNow
        seen.push("busy")
      })
      const fiber = yield* Effect.forkChild(busy, { startImmediately: true })
      yield* Effect.sleep(0)
      seen.push("slept")
      yield* Fiber.join(fiber)
      expect(seen).toEqual(["slept", "busy"])
    })))

  it("does not end a sleep that has no end", () =>
    run(Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.sleep(Duration.infinity))
      yield* Effect.sleep("1000 days")
      expect(fiber.pollUnsafe()).toBeUndefined()
      yield* Fiber.interrupt(fiber)
    })))

  it("lets time pass in which nobody wakes, and wakes them afterwards in order", () =>
    run(Effect.gen(function*() {
      const woken: Array<string> = []
      const sleeper = (name: string, millis: number) =>
        Effect.andThen(
          Effect.sleep(millis),
          Effect.map(Clock.currentTimeMillis, (at) => void woken.push(`${name} ${at}`))
        )
      const fiber = yield* Effect.forkChild(
        Effect.all([sleeper("late", 20), sleeper("early", 10), sleeper("in time", 200)], { concurrency: "unbounded" }),
        { startImmediately: true }
      )
      yield* JumpingClock.passes("50 millis")
      expect(woken).toEqual([])
      expect(yield* Clock.currentTimeMillis).toBe(50)
      yield* Fiber.join(fiber)
      expect(woken).toEqual(["early 50", "late 50", "in time 200"])
    })))

  it("lets time pass in a plain function", () =>
    run(Effect.gen(function*() {
      const clock = yield* JumpingClock.JumpingClock
      const slow = () => {
        clock.passesUnsafe(46_000)
        return true
      }
      let calls = 0
      yield* Effect.suspend(() => Effect.fail(++calls)).pipe(Stamina.retry({ on: slow, attempts: 9 }), Effect.ignore)
      // the time of `on` counts towards the next attempt
      expect(calls).toBe(2)
      expect(clock.elapsedUnsafe()).toBeGreaterThan(92_000)
    })))

  it("runs synchronously what waits for nothing but sleeps, other fibers too", () => {
    const program = Effect.gen(function*() {
      const both = yield* Effect.all([
        Effect.delay(Effect.succeed("slow"), "2 minutes"),
        Effect.delay(Effect.succeed("quick"), "1 minute")
      ], { concurrency: "unbounded" })
      const raced = yield* Effect.race(
        Effect.delay(Effect.succeed("late"), "1 hour"),
        Effect.andThen(Effect.sleep(0), Effect.succeed("now"))
      )
      return [...both, raced, yield* Clock.currentTimeMillis]
    })
    const clock = Effect.runSync(JumpingClock.make())
    expect(Effect.runSync(JumpingClock.provide(clock)(program))).toEqual(["slow", "quick", "now", 120_000])
  })

  it("ends a loop that would sleep for ever", () => {
    const heartbeat = Effect.repeat(Effect.void, Schedule.spaced("1 second"))
    const endless = Effect.fail("down").pipe(
      Stamina.retry({ on: () => true, attempts: Infinity, timeout: Duration.infinity })
    )
    for (const loop of [heartbeat, endless, Effect.forever(Effect.sleep(0))]) {
      const exit = Effect.runSyncExit(jumping({ mostSleeps: 50 })(loop))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("more than 50 sleeps")
    }
  })

  it("works with Effect.timeout, deadlines and attempt timeouts", () =>
    run(Effect.gen(function*() {
      const at = Clock.currentTimeMillis
      const slow = Effect.sleep("3 seconds")
      yield* Effect.flip(Effect.timeout(slow, "2 seconds"))
      expect(yield* at).toBe(2000)

      const failing = Effect.andThen(Effect.sleep(400), Effect.fail(new Down()))
      const retried = failing.pipe(
        Stamina.retry({ on: "Down", waitInitial: "1 second", waitJitter: 0, waitExpBase: 1 }),
        Stamina.withDeadline("3 seconds"),
        Effect.flip
      )
      expect((yield* retried)._tag).toBe("DeadlineExceeded")
      // 0.4, then 1 + 0.4, then 1: 0.2 of the third attempt are left
      expect(yield* at).toBe(5000)

      let calls = 0
      const third = Effect.suspend(() => ++calls < 3 ? Effect.never : Effect.succeed("there")).pipe(
        Stamina.retry({
          on: () => false,
          attemptTimeout: "1 second",
          waitInitial: "10 seconds",
          waitMax: "10 seconds",
          waitJitter: 0
        })
      )
      expect(yield* third).toBe("there")
      expect(yield* at).toBe(27_000)
    })))

  it("works with schedules and streams", () =>
    run(Effect.gen(function*() {
      const failing = Effect.fail(new Down())
      const curve = { attempts: 3, waitInitial: "1 second", waitJitter: 0 } as const
      yield* Effect.flip(Effect.retry(failing, staminaSchedule({ on: "Down", ...curve })))
      expect(yield* Clock.currentTimeMillis).toBe(3000)

      let calls = 0
      const stream = Stream.suspend(() => ++calls < 3 ? Stream.fail(new Down()) : Stream.make(1, 2))
      const ticking = Stream.fromSchedule(Schedule.spaced("1 minute")).pipe(Stream.take(3))
      const elements = yield* Stream.runCollect(
        Stream.concat(Stamina.retryStream(stream, { on: "Down", ...curve }), ticking)
      )
      expect(elements).toHaveLength(5)
      expect(yield* Clock.currentTimeMillis).toBe(6000 + 180_000)
    })))

  it.effect.each(
    RetryPolicy.shapeNames.map((backoff) => [backoff] as const)
  )("makes the attempts of %s backoff when a clock that is moved by hand does", ([backoff]) =>
    Effect.gen(function*() {
      const random = [0.1, 0.9, 0.5]
      const attempts = Effect.gen(function*() {
        const starts: Array<bigint> = []
        const begin = yield* Clock.monotonicTimeNanos
        yield* Effect.map(Clock.monotonicTimeNanos, (at) => void starts.push(at - begin)).pipe(
          Effect.andThen(Effect.sleep(70)),
          Effect.andThen(Effect.fail(new Down())),
          Stamina.retry({ on: "Down", backoff, timeout: "20 seconds" }),
          Effect.ignore
        )
        return starts
      })
      const jumped = yield* jumping({ random })(attempts)

      const draw = yield* Effect.provide(Random.Random, JumpingClock.layer({ random }))
      const fiber = yield* Effect.forkChild(
        Effect.provideService(attempts, Random.Random, draw).pipe(Effect.provide(quiet))
      )
      yield* TestClock.adjust("1 hour")
      const adjusted = yield* Fiber.join(fiber)
      expect(adjusted.length).toBeGreaterThan(4)
      expect(jumped).toEqual(adjusted)
    }))

  it("draws the numbers of a script, again and again, or those of a seed", async () => {
    const draws = Effect.all([Random.next, Random.next, Random.next, Random.nextInt])
    expect(await run(draws, { random: [0, 0.75] })).toEqual([0, 0.75, 0, Math.round(Number.MAX_SAFE_INTEGER / 2)])
    const seeded = await run(draws, { seed: "a" })
    expect(await run(draws, { seed: "a" })).toEqual(seeded)
    expect(await run(draws, { seed: "b" })).not.toEqual(seeded)
  })

  it("is a new one for each effect that a layer is provided to", async () => {
    const layer = JumpingClock.layer()
    const once = Effect.andThen(Effect.sleep(5), Clock.currentTimeMillis).pipe(Effect.provide(layer))
    expect(await Effect.runPromise(Effect.all([once, once]))).toEqual([5, 5])
  })

  it("can stand inside of another one", () =>
    run(Effect.gen(function*() {
      yield* Effect.sleep(10)
      const inner = yield* jumping()(Effect.andThen(Effect.sleep("1 hour"), Clock.currentTimeMillis))
      expect([inner, yield* Clock.currentTimeMillis]).toEqual([3_600_000, 10])
    })))

  it.each([
    [{ start: NaN }, "JumpingClock.make: start must be a finite number"],
    [{ random: [] }, "JumpingClock.make: random must be a non-empty array of numbers from 0 up to but not 1"],
    [{ random: [1] }, "JumpingClock.make: random must be a non-empty array of numbers from 0 up to but not 1"],
    [{ random: [0], seed: 1 }, "JumpingClock.make: seed must be left out where random is given"],
    [{ mostSleeps: 0 }, "JumpingClock.make: mostSleeps must be an integer >= 1"],
    [{ begin: 0 }, "JumpingClock.make: unknown option \"begin\""]
  ])("refuses %o", (options, message) => {
    expect(() => JumpingClock.layer(options as JumpingClock.Options)).toThrow(message)
  })

  it.each([-1, NaN, Infinity])("refuses to let %d ms pass", (millis) => {
    expect(() => JumpingClock.passes(millis)).toThrow("JumpingClock.passes: duration must be a finite duration >= 0")
  })

  it("keeps its nanoseconds also after a wait as long as a number", () =>
    run(Effect.gen(function*() {
      yield* Effect.sleep(Number.MAX_VALUE)
      expect(yield* Clock.monotonicTimeNanos).toBeGreaterThan(0n)
    })))
})
