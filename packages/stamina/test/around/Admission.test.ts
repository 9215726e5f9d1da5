import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scheduler } from "effect"
import { Admission, RetryBudget, type RetryEvent, type RetryOptions, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const always = { on: () => true, waitInitial: 100, waitJitter: 0, hooks: [] } as const

type Given = Admission.Answer | Effect.Effect<Admission.Answer>

/** A door that gives these answers, the last one for ever, and what it heard. */
const door = (...answers: ReadonlyArray<Given>) => {
  const heard: Array<string> = []
  let asked = 0
  const admission = Admission.make({
    called: () => void heard.push("called"),
    failed: ({ attempt, hint }) => void heard.push(`failed ${attempt}${hint === undefined ? "" : ` ${hint}`}`),
    ask: ({ retryNum, wait }) => {
      heard.push(`ask ${retryNum} ${wait}`)
      return answers[Math.min(asked++, answers.length - 1)] ?? granted
    },
    succeeded: () => void heard.push("succeeded"),
    unused: () => void heard.push("unused")
  })
  return { admission, heard }
}

const granted: Admission.Answer = { _tag: "Granted" }
const refused: Admission.Answer = { _tag: "Refused", reason: "CircuitOpen" }
const later = (answer: Admission.Answer) => Effect.as(Effect.yieldNow, answer)

const flaky = (failures: number) => {
  let calls = 0
  return Effect.suspend(() => calls++ < failures ? Effect.fail("down") : Effect.succeed("up"))
}

const seeing = drivers.filter(({ name }) => !/schedule/i.test(name))

describe.each(seeing)("a door given to $name", ({ build }) => {
  const run = (block: Effect.Effect<string, string>, admission: Admission.Admission, options = {}) => {
    const time = new VirtualTime([0])
    return Effect.map(
      time.provide(Effect.exit(build({ ...always, admission, ...options }, () => block))),
      (exit) => ({ exit, sleeps: time.sleeps })
    )
  }

  describe.each([["a plain answer", (answer: Admission.Answer) => answer], ["an effect", later]] as const)(
    "with %s",
    (_, given) => {
      it.effect("hears of the call, of each failure and each retry, and that the last one has succeeded", () =>
        Effect.gen(function*() {
          const { admission, heard } = door(given(granted))
          const { exit, sleeps } = yield* run(flaky(2), admission)
          expect(exit).toEqual(Exit.succeed("up"))
          expect(sleeps).toEqual([100, 200])
          expect(heard).toEqual(["called", "failed 1", "ask 1 100", "failed 2", "ask 2 200", "succeeded"])
        }))

      it.effect("refuses with a reason of its own, and hears no more", () =>
        Effect.gen(function*() {
          const { admission, heard } = door(given(granted), given(refused))
          const { exit, sleeps } = yield* run(flaky(9), admission)
          expect(Exit.findErrorOption(exit)).toEqual(Option.some("down"))
          expect([reasonOf(exit), sleeps]).toEqual(["CircuitOpen", [100]])
          expect(heard).toEqual(["called", "failed 1", "ask 1 100", "failed 2", "ask 2 200"])
        }))

      it.effect("lengthens the wait, within the limits of the run; otherwise the retry is unused", () =>
        Effect.gen(function*() {
          const { admission, heard } = door(given({ _tag: "Granted", wait: 5000 }))
          const { exit, sleeps } = yield* run(flaky(9), admission, { timeout: 6000 })
          expect([reasonOf(exit), sleeps]).toEqual(["WaitExceedsTimeout", [5000]])
          expect(heard.slice(-3)).toEqual(["failed 2", "ask 2 200", "unused"])
        }))

      it.effect("does not shorten it", () =>
        Effect.gen(function*() {
          const { admission } = door(given({ _tag: "Granted", wait: 50 }))
          expect((yield* run(flaky(1), admission)).sleeps).toEqual([100])
        }))
    }
  )

  it.effect("is not asked in test mode, and hears of nothing to come", () =>
    Effect.gen(function*() {
      const { admission, heard } = door(refused)
      const { exit } = yield* Effect.provide(run(flaky(1), admission), Stamina.layerTesting({ attempts: 3 }))
      expect(exit).toEqual(Exit.succeed("up"))
      expect(heard).toEqual(["called", "failed 1"])
    }))

  it.effect("that never answers keeps nobody from being interrupted", () =>
    Effect.gen(function*() {
      const { admission, heard } = door(Effect.never)
      const fiber = yield* Effect.forkChild(build({ ...always, admission }, () => flaky(9)))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      expect(heard).toEqual(["called", "failed 1", "ask 1 100"])
    }))

  it.effect("that never answers a second time leaves a run that was interrupted, and counts all its calls", () =>
    Effect.gen(function*() {
      const ends: Array<unknown> = []
      const hook = {
        onInterrupted: ({ attempts, calls }: RetryEvent.Interrupted) => void ends.push([attempts, calls])
      }
      const { admission } = door(granted, Effect.never)
      const fiber = yield* Effect.forkChild(build({ ...always, admission, hooks: [hook] }, () => flaky(9)))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      expect(ends).toEqual([[2, 2]])
    }))
})

describe("Admission.both", () => {
  it.effect("asks the second where the first has granted, and the longer wait holds", () =>
    Effect.gen(function*() {
      const first = door({ _tag: "Granted", wait: 3000 }, later({ _tag: "Granted", wait: 300 }))
      const second = door(later({ _tag: "Granted", wait: 700 }))
      const time = new VirtualTime([0])
      const admission = Admission.both(first.admission, second.admission)
      yield* time.provide(Stamina.retry(flaky(2), { ...always, admission }))
      expect(time.sleeps).toEqual([3000, 700])
      const heard = ["called", "failed 1", "ask 1 100", "failed 2", "ask 2 200", "succeeded"]
      expect([first.heard, second.heard]).toEqual([heard, heard])
    }))

  it.effect("tells the first that its retry is unused where the second refuses, and asks nobody after a refusal", () =>
    Effect.gen(function*() {
      const open = door(later(granted))
      const closed = door(refused)
      yield* Effect.exit(
        Stamina.retry(flaky(9), { ...always, admission: Admission.both(open.admission, closed.admission) })
      )
      expect(open.heard).toEqual(["called", "failed 1", "ask 1 100", "unused"])
      const never = door(granted)
      yield* Effect.exit(
        Stamina.retry(flaky(9), { ...always, admission: Admission.both(closed.admission, never.admission) })
      )
      expect(never.heard).toEqual(["called", "failed 1"])
    }))
})

const called = () => {}

describe("the option admission", () => {
  it.effect("is told of a retry that was granted, and then interrupted before its wait began", () =>
    Effect.gen(function*() {
      const ended = new Set<string | undefined>()
      // one of these leaves the fiber just after the answer
      for (let steps = 3; steps < 40; steps++) {
        for (let turns = 0; turns < 14; turns++) {
          let holds = 0
          const admission = Admission.make({
            called: () => {},
            failed: () => {},
            // the retry is granted as the answer is read
            ask: () =>
              Effect.succeed({
                _tag: "Granted",
                get wait() {
                  return void holds++
                }
              }),
            succeeded: () => {},
            unused: () => void holds--
          })
          const fiber = yield* Stamina.retry(flaky(9), { ...always, waitInitial: 1e6, waitMax: 1e6, admission }).pipe(
            Effect.provideService(Scheduler.MaxOpsBeforeYield, steps),
            Effect.forkChild
          )
          for (let i = 0; i < turns; i++) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          ended.add(`${holds}`)
        }
      }
      expect([...ended]).toEqual(["0"])
    }))

  it("stands before the budget, whose token is not taken for nothing", () => {
    const budget = RetryBudget.makeUnsafe()
    const { admission } = door(refused)
    Effect.runSync(Effect.exit(Stamina.retry(flaky(9), { ...always, admission, budget })))
    expect(Effect.runSync(budget.state)).toMatchObject({ granted: 0, refused: 0 })
  })

  it.each([{}, 5, null, { called: () => {} }, {
    called,
    failed: called,
    ask: called,
    succeeded: called,
    unused: called
  }])("is nothing else: %s", (admission) => {
    const options = { ...always, admission } as unknown as RetryOptions.RetryOptions<() => boolean>
    expect(() => Stamina.retry(options)).toThrow(/^Stamina\.retry: admission must be an Admission, got /)
  })
})
