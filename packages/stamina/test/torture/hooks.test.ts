/**
 * Hooks that do what they must not: the run is as without them, the others hear their whole story, and each fault is
 * reported once.
 */
import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Option } from "effect"
import { type RetryHook, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { recordLogs } from "../kit/telemetry.ts"
import { Down, World } from "./world.ts"

const options = { on: "Down", attempts: 3, waitInitial: 100, waitMax: 100, waitJitter: 0, timeout: Infinity } as const
const hooked = drivers.filter(({ name }) => !name.startsWith("the blocks"))
const seesEnds = ({ name }: { readonly name: string }) => !name.startsWith("Effect.retry")

/** Listens to everything, in one way. */
const every = (listener: () => unknown): RetryHook.RetryHook => {
  // what a program in JavaScript may return
  const any: () => any = listener
  return { onRetryScheduled: any, onRecovered: any, onGaveUp: any, onInterrupted: any }
}

/** Fails so many times, and says then what became of it. */
const failing = (times: number, then: Effect.Effect<string, Down> = Effect.succeed("done")) => {
  let calls = 0
  return Effect.suspend((): Effect.Effect<string, Down> => ++calls <= times ? Effect.fail(new Down(calls)) : then)
}

/** What a hook may do wrong, and how many milliseconds that takes. */
const faults: ReadonlyArray<readonly [does: string, listener: () => unknown, takes: number]> = [
  ["returns a promise", async () => {}, 0],
  ["returns a promise that is rejected", async () => {
    throw new Error("hook")
  }, 0],
  ["returns a number", () => 7, 0],
  ["returns null", () => null, 0],
  ["returns what throws when it is looked at", () =>
    new Proxy({}, {
      has: () => {
        throw new Error("proxy")
      }
    }), 0],
  ["throws", () => {
    throw new Error("hook")
  }, 0],
  ["throws what cannot be read", () => {
    const error: any = revoked()
    throw error
  }, 0],
  ["dies", () => Effect.die("hook"), 0],
  ["dies later", () => Effect.andThen(Effect.sleep(30), Effect.die("hook")), 30],
  ["fails, which its type forbids", () => Effect.fail("hook"), 0],
  ["interrupts itself", () => Effect.interrupt, 0],
  [
    "interrupts its fiber",
    () => Effect.withFiber((fiber) => Effect.andThen(Effect.sync(() => fiber.interruptUnsafe()), Effect.never)),
    0
  ],
  ["never ends", () => Effect.never, 10_000],
  ["never ends, and cannot be interrupted", () => Effect.uninterruptible(Effect.never), 10_000],
  ["never ends to tidy up", () => Effect.ensuring(Effect.never, Effect.never), 10_000],
  ["tidies up badly", () => Effect.ensuring(Effect.sleep(20), Effect.die("finalizer")), 20]
]

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

for (const driver of hooked) {
  describe(`a hook of ${driver.name}`, () => {
    it.effect.each(faults)(
      "that %s changes nothing, and is reported once for each event",
      ([, listener, takes]) =>
        Effect.gen(function*() {
          for (const times of [1, 3]) {
            const { lines, provide } = recordLogs()
            const world = new World()
            const start = yield* Clock.currentTimeMillis
            const attempts = failing(times)
            const fiber = yield* driver.build({ ...options, name: "run" }, () => attempts).pipe(
              Effect.provide(Stamina.layerHooks([every(listener), world.hook("after")])),
              provide,
              Effect.exit,
              Effect.zip(Clock.currentTimeMillis),
              Effect.forkChild
            )
            yield* TestClock.adjust("1 hour")
            const [exit, at] = yield* Fiber.join(fiber)
            expect(exit).toEqual(times === 1 ? Exit.succeed("done") : exit)
            if (times === 3) expect(Exit.findErrorOption(exit)).toEqual(Option.some(new Down(3)))
            expect(Exit.hasDies(exit)).toBe(false)
            const end = times === 3 ? "g" : seesEnds(driver) ? "r" : ""
            const story = `${times === 3 ? "ss" : "s"}${end}`
            expect([...world.stories.values()]).toEqual([story])
            expect(lines.map(({ level, message }) => [level, message])).toEqual(
              Array.from(story, () => ["Debug", "effect-stamina: a retry hook died"])
            )
            // the waits, and what the hook took
            expect(at - start).toBe(100 * (story.length - end.length) + takes * story.length)
          }
        })
    )

    it.effect("that keeps what it holds for ever does not keep the attempt waiting", () =>
      Effect.gen(function*() {
        const attempts = failing(2)
        const hooks = Stamina.layerHooks([{
          onRetryScheduled: () => Effect.acquireRelease(Effect.void, () => Effect.never)
        }])
        const exit = yield* inTime(Effect.exit(driver.build(options, () => attempts)).pipe(Effect.provide(hooks)))
        expect(exit).toEqual(Exit.succeed("done"))
      }))

    it.effect("that dies beside an interruption leaves the interruption as it is", () =>
      Effect.gen(function*() {
        const { lines, provide } = recordLogs()
        const hooks = Stamina.layerHooks([every(() => Effect.ensuring(Effect.sleep(1000), Effect.die("finalizer")))])
        const fiber = yield* Effect.forkChild(
          driver.build(options, () => failing(9)).pipe(Effect.provide(hooks), provide)
        )
        yield* TestClock.adjust(500)
        const ending = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        yield* TestClock.adjust(2000)
        yield* Fiber.join(ending)
        const exit = yield* Fiber.await(fiber)
        expect(Exit.isFailure(exit) && exit.cause.reasons.map(({ _tag }) => _tag)).toEqual(["Interrupt"])
        // in the wait, and where it was told of the interruption
        expect(lines).toHaveLength(seesEnds(driver) ? 2 : 1)
      }))

    it.effect("that is slow and interrupted keeps no other from the end of its story, and tells none half of one", () =>
      Effect.gen(function*() {
        const slow = () => Effect.sleep(50)
        // interrupted while the first hook still hears of: the retry, the recovery, the give-up
        for (const [times, at] of [[9, 20], [1, 180], [9, 330], [3, 330]] as const) {
          const world = new World()
          const hooks = Stamina.layerHooks([
            world.hook("first", every(slow)),
            world.hook("second"),
            world.hook("third")
          ])
          const attempts = failing(times)
          const fiber = yield* Effect.forkChild(
            driver.build({ ...options, name: "run" }, () => attempts).pipe(Effect.provide(hooks))
          )
          yield* TestClock.adjust(at)
          const ending = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
          yield* TestClock.adjust("1 minute")
          yield* Fiber.join(ending)
          for (const story of world.stories.values()) {
            expect(story).toMatch(seesEnds(driver) ? /^s+[rgi]$/ : /^s+g?$/)
          }
          expect(world.stories.size).toBe(at === 20 ? 1 : 3)
        }
      }))

    it.effect("that is slow and interrupted, where the run gives up at once, keeps no other from hearing of it", () =>
      Effect.gen(function*() {
        const world = new World()
        const hooks = Stamina.layerHooks([world.hook("first", every(() => Effect.sleep(50))), world.hook("second")])
        const fiber = yield* Effect.forkChild(
          driver.build({ ...options, attempts: 1, name: "run" }, () => failing(9)).pipe(Effect.provide(hooks))
        )
        yield* TestClock.adjust(20)
        yield* Fiber.interrupt(fiber)
        expect([...world.stories.values()]).toEqual(["g", "g"])
      }))
  })
}

describe("a hook that returns no effect", () => {
  it.effect("lets the finalizers of the fiber run", () =>
    Effect.gen(function*() {
      let released = false
      const retried = Stamina.retry(failing(1), options)
      yield* Effect.scoped(Effect.andThen(
        Effect.addFinalizer(() => Effect.sync(() => void (released = true))),
        inTime(retried)
      )).pipe(Effect.provide(Stamina.layerHooks([every(async () => {})])))
      expect(released).toBe(true)
    }))
})

describe("a hook that is done in time", () => {
  it.effect("has ten seconds for each event, on the clock of the fiber", () =>
    Effect.gen(function*() {
      const done: Array<string> = []
      const taking = (millis: number) =>
        every(() => Effect.andThen(Effect.sleep(millis), Effect.sync(() => done.push(`${millis}`))))
      yield* inTime(Stamina.retry(failing(1), options)).pipe(
        Effect.provide(Stamina.layerHooks([taking(9999), taking(10_001), taking(1)]))
      )
      expect(done).toEqual(["9999", "1", "9999", "1"])
    }))

  it.effect("sees the services of the fiber that retries, and may hold something for the wait", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const attempts = failing(1)
      const attempt = Effect.andThen(Effect.sync(() => log.push("attempt")), attempts)
      yield* inTime(Stamina.retry(attempt, options)).pipe(
        Effect.provide(Stamina.layerHooks([{
          onRetryScheduled: () =>
            Effect.andThen(
              Effect.sleep(5),
              Effect.acquireRelease(
                Effect.sync(() => log.push("hold")),
                () => Effect.andThen(Effect.sleep(5), Effect.sync(() => log.push("let go")))
              )
            )
        }]))
      )
      expect(log).toEqual(["attempt", "hold", "let go", "attempt"])
    }))
})
