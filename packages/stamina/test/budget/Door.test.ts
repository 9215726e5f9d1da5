import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scheduler } from "effect"
import { Door, RetryBudget, type RetryEvent, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const always = { on: () => true, waitInitial: 100, waitJitter: 0, hooks: [] } as const

const now = { ...always, waitInitial: 0 }

type Given = Door.Answer | Effect.Effect<Door.Answer>

/** A door that gives these answers, the last one for ever, and what it heard. */
const doorThat = (...answers: ReadonlyArray<Given>) => quietDoorThat(0, ...answers)

/** The same for one that wants to be left alone for so many milliseconds. */
const quietDoorThat = (notBefore: number, ...answers: ReadonlyArray<Given>) => {
  const heard: Array<string> = []
  let asked = 0
  const door = Door.make({
    notBefore: () => notBefore,
    called: () => void heard.push("called"),
    failed: ({ attempt, hint }) => void heard.push(`failed ${attempt}${hint === undefined ? "" : ` ${hint}`}`),
    ask: ({ retryNum }) => {
      heard.push(`ask ${retryNum}`)
      return answers[Math.min(asked++, answers.length - 1)] ?? granted
    },
    succeeded: () => void heard.push("succeeded"),
    unused: () => void heard.push("unused")
  })
  return { door, heard }
}

const granted: Door.Answer = { _tag: "Granted" }
const refused: Door.Answer = { _tag: "Refused", reason: "CircuitOpen" }
const wait = (millis: number): Door.Answer => ({ _tag: "Later", wait: millis })
const later = (answer: Door.Answer) => Effect.as(Effect.yieldNow, answer)

const flaky = (failures: number) => {
  let calls = 0
  return Effect.suspend(() => calls++ < failures ? Effect.fail("down") : Effect.succeed("up"))
}

const seeing = drivers.filter(({ name }) => !/schedule/i.test(name))

describe.each(seeing)("a door given to $name", ({ build }) => {
  const run = (block: Effect.Effect<string, string>, door: Door.Door, options = {}) => {
    const time = new VirtualTime([0])
    return Effect.map(
      time.provide(Effect.exit(build({ ...always, door, ...options }, () => block))),
      (exit) => ({ exit, sleeps: time.sleeps })
    )
  }

  describe.each([["a plain answer", (answer: Door.Answer) => answer], ["an effect", later]] as const)(
    "with %s",
    (_, given) => {
      it.effect("hears of the call, of each failure and each retry, and that the last one has succeeded", () =>
        Effect.gen(function*() {
          const { door, heard } = doorThat(given(granted))
          const { exit, sleeps } = yield* run(flaky(2), door)
          expect(exit).toEqual(Exit.succeed("up"))
          expect(sleeps).toEqual([100, 200])
          expect(heard).toEqual(["called", "failed 1", "ask 1", "failed 2", "ask 2", "succeeded"])
        }))

      it.effect("refuses with a reason of its own after the wait, and hears no more", () =>
        Effect.gen(function*() {
          const { door, heard } = doorThat(given(granted), given(refused))
          const { exit, sleeps } = yield* run(flaky(9), door)
          expect(Exit.findErrorOption(exit)).toEqual(Option.some("down"))
          expect([reasonOf(exit), sleeps]).toEqual(["CircuitOpen", [100, 200]])
          expect(heard).toEqual(["called", "failed 1", "ask 1", "failed 2", "ask 2"])
        }))

      it.effect("asks to come later, within the limits of the run, and is asked again", () =>
        Effect.gen(function*() {
          const { door, heard } = doorThat(given(wait(5000)), given(granted), given(wait(5000)))
          const { exit, sleeps } = yield* run(flaky(9), door, { timeout: 6000 })
          expect([reasonOf(exit), sleeps]).toEqual(["WaitExceedsTimeout", [100, 5000, 200]])
          expect(heard.slice(1)).toEqual(["failed 1", "ask 1", "ask 1", "failed 2", "ask 2"])
        }))

      it.effect("lets a retry wait for its turn, and hears of it as of any other", () =>
        Effect.gen(function*() {
          const turn = Effect.as(Effect.sleep(700), granted as Door.Answer & { _tag: "Granted" })
          const { door, heard } = doorThat(given({ _tag: "Queued", turn }), given(granted))
          const { exit, sleeps } = yield* run(flaky(2), door)
          expect([exit, sleeps]).toEqual([Exit.succeed("up"), [100, 700, 200]])
          expect(heard).toEqual(["called", "failed 1", "ask 1", "failed 2", "ask 2", "succeeded"])
        }))
    }
  )

  it.effect("lengthens the wait where it is decided, and leaves a run that has no time for it", () =>
    Effect.gen(function*() {
      const { door, heard } = quietDoorThat(5000, granted)
      const { exit, sleeps } = yield* run(flaky(9), door, { timeout: 6000 })
      expect([reasonOf(exit), sleeps]).toEqual(["WaitExceedsTimeout", [5000]])
      expect(heard).toEqual(["called", "failed 1", "ask 1", "failed 2"])
    }))

  it.effect("does not shorten the wait", () =>
    Effect.gen(function*() {
      const { door } = quietDoorThat(50, granted)
      expect((yield* run(flaky(1), door)).sleeps).toEqual([100])
    }))

  it.effect("is not asked in test mode, and hears of nothing to come", () =>
    Effect.gen(function*() {
      const { door, heard } = doorThat(refused)
      const { exit } = yield* Effect.provide(run(flaky(1), door), Stamina.layerTesting({ attempts: 3 }))
      expect(exit).toEqual(Exit.succeed("up"))
      expect(heard).toEqual(["called", "failed 1"])
    }))

  it.effect("that never answers keeps nobody from being interrupted", () =>
    Effect.gen(function*() {
      const { door, heard } = doorThat(Effect.never)
      const fiber = yield* Effect.forkChild(build({ ...always, door }, () => flaky(9)))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      expect(heard).toEqual(["called", "failed 1", "ask 1"])
    }))

  it.effect("that never answers a second time leaves a run that was interrupted, and counts all its calls", () =>
    Effect.gen(function*() {
      const ends: Array<unknown> = []
      const hook = {
        onInterrupted: ({ attempts, calls }: RetryEvent.Interrupted) => void ends.push([attempts, calls])
      }
      const { door } = doorThat(granted, Effect.never)
      const fiber = yield* Effect.forkChild(build({ ...always, door, hooks: [hook] }, () => flaky(9)))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      expect(ends).toEqual([[2, 2]])
    }))
})

describe("Door.both", () => {
  it.effect("asks the second once the first has granted, and the longer wait holds", () =>
    Effect.gen(function*() {
      const first = quietDoorThat(250, wait(300), later(granted))
      const second = quietDoorThat(130, later(granted))
      const time = new VirtualTime([0])
      const door = Door.both(first.door, second.door)
      yield* time.provide(Stamina.retry(flaky(2), { ...always, door }))
      expect(time.sleeps).toEqual([250, 300, 250])
      expect(first.heard).toEqual(["called", "failed 1", "ask 1", "ask 1", "failed 2", "ask 2", "succeeded"])
      expect(second.heard).toEqual(["called", "failed 1", "ask 1", "failed 2", "ask 2", "succeeded"])
    }))

  it.effect("gives back what the first has granted if the second refuses, and asks nobody after a refusal", () =>
    Effect.gen(function*() {
      const open = doorThat(later(granted))
      const closed = doorThat(refused)
      yield* Effect.exit(Stamina.retry(flaky(9), { ...now, door: Door.both(open.door, closed.door) }))
      expect(open.heard).toEqual(["called", "failed 1", "ask 1", "unused"])
      const never = doorThat(granted)
      yield* Effect.exit(Stamina.retry(flaky(9), { ...now, door: Door.both(closed.door, never.door) }))
      expect(never.heard).toEqual(["called", "failed 1"])
    }))

  const never: ReadonlyArray<{ readonly that: string; readonly answer: Given }> = [
    { that: "never answers", answer: Effect.never },
    { that: "lets it queue for ever", answer: { _tag: "Queued", turn: Effect.never } }
  ]
  it.effect.each(never)(
    "gives back what the first has granted if the run is interrupted at one that $that",
    ({ answer }) =>
      Effect.gen(function*() {
        const open = doorThat(granted)
        const door = Door.both(open.door, doorThat(answer).door)
        const fiber = yield* Effect.forkChild(Stamina.retry(flaky(9), { ...always, door }))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.interrupt(fiber)
        expect(open.heard).toEqual(["called", "failed 1", "ask 1", "unused"])
      })
  )
})

const called = () => {}

describe("the option door", () => {
  it.effect("hears of a retry that was granted, and then interrupted before it began", () =>
    Effect.gen(function*() {
      const ended = new Set<string>()
      // some of these leave the fiber between the answer and the attempt, or just after that has begun
      for (let steps = 3; steps < 40; steps++) {
        for (let turns = 0; turns < 14; turns++) {
          let [holds, attempts] = [0, 1]
          const door = Door.make({
            called: () => {},
            failed: () => {},
            ask: () => Effect.sync(() => (holds++, granted)),
            succeeded: () => {},
            unused: () => void holds--
          })
          const hooks = [{ onInterrupted: (event: RetryEvent.Interrupted) => void (attempts = event.attempts) }]
          const fiber = yield* Stamina.retry(flaky(9), { ...always, waitInitial: 0, attempts: 3, door, hooks }).pipe(
            Effect.provideService(Scheduler.MaxOpsBeforeYield, steps),
            Effect.forkChild
          )
          for (let i = 0; i < turns; i++) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          if (fiber.pollUnsafe()?._tag === "Failure" && attempts > 0) {
            ended.add(`${holds === attempts - 1 || holds === 2}`)
          }
        }
      }
      expect([...ended]).toEqual(["true"])
    }))

  it("stands before the budget, whose token is not taken for nothing", () => {
    const budget = RetryBudget.makeUnsafe()
    const { door } = doorThat(refused)
    Effect.runSync(new VirtualTime([0]).provide(Effect.exit(Stamina.retry(flaky(9), { ...always, door, budget }))))
    expect(Effect.runSync(budget.state)).toMatchObject({ granted: 0, refused: 0 })
  })

  it.each([{}, 5, null, { called: () => {} }, {
    called,
    failed: called,
    ask: called,
    succeeded: called,
    unused: called
  }])("is nothing else: %s", (door) => {
    const options = { ...always, door } as unknown as Stamina.RetryOptions<() => boolean>
    expect(() => Stamina.retry(options)).toThrow(/^Stamina\.retry: door must be a Door, got /)
  })
})
