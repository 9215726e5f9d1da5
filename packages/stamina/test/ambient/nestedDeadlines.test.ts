/**
 * Deadlines inside deadlines: whichever passes first, and however long the run takes to tidy up meanwhile, what comes out
 * tells of the error that was retried last.
 */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Option } from "effect"
import { Stamina } from "effect-stamina"
import { type Driver, drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { promiseDrivers } from "../kit/promiseDrivers.ts"

class Down extends Data.TaggedError("Down") {}

const options = { on: "Down", waitInitial: 0, waitMax: 0, waitJitter: 0, hooks: [] }

/** Fails once, and never ends then; an interruption takes so many milliseconds. */
const hangs = (tidying: number) => {
  let calls = 0
  return Effect.suspend((): Effect.Effect<string, Down> =>
    ++calls === 1 ? Effect.fail(new Down()) : Effect.onInterrupt(Effect.never, () => Effect.sleep(tidying))
  )
}

// a schedule has no part in the attempts, so it cannot know how they end
const seeing = [...drivers.filter(({ name }) => name.startsWith("Stamina.")), ...promiseDrivers]

const expectTelling = (exit: Exit.Exit<unknown, unknown>): void => {
  const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
  expect(error).toMatchObject({ _tag: "DeadlineExceeded", cause: { _tag: "Down" } })
  const report = { reason: "DeadlineExceeded", attempts: 2 }
  expect(Option.getOrUndefined(Stamina.report(error))).toMatchObject(report)
  expect(Exit.isFailure(exit) && Option.getOrUndefined(Stamina.report(exit.cause))).toMatchObject(report)
}

describe.each(seeing.map((driver): [string, Driver] => [driver.name, driver]))("deadlines around %s", (_, driver) => {
  for (const tidying of [0, 10, 60]) {
    it.effect.each([[20, 40], [20, 20], [40, 20], [25, 20]] as const)(`that tidies up for ${tidying} ms: %i in %i ms`, (
      [inner, outer]
    ) =>
      Effect.gen(function*() {
        const attempt = hangs(tidying)
        const retried = driver.build(options as never, () => attempt)
        expectTelling(
          yield* inTime(Effect.exit(retried.pipe(Stamina.withDeadline(inner), Stamina.withDeadline(outer))))
        )
      }))
  }

  it.effect("hold while something between them tidies up", () =>
    Effect.gen(function*() {
      const attempt = hangs(0)
      const retried = driver.build(options as never, () => attempt)
      const slow = Effect.ensuring(Stamina.withDeadline(retried, 20), Effect.sleep(60))
      expectTelling(yield* inTime(Effect.exit(Stamina.withDeadline(slow, 40))))
    }))

  it.effect("say nothing of a run that has recovered before", () =>
    Effect.gen(function*() {
      let calls = 0
      const flaky = driver.build(options as never, () => ++calls === 1 ? Effect.fail(new Down()) : Effect.succeed("ok"))
      const error = yield* inTime(
        Effect.flip(Effect.andThen(Stamina.withDeadline(flaky, 20), Effect.never).pipe(Stamina.withDeadline(40)))
      )
      expect(error).not.toHaveProperty("cause")
    }))
})
