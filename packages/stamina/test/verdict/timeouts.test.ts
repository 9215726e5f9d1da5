/**
 * Who is asked about the error of the option `attemptTimeout`, and who is not.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { RetryOn, Stamina } from "effect-stamina"
import { inTime } from "../kit/inTime.ts"

const attempts = (on: (error: unknown) => RetryOn.Answer) =>
  Effect.gen(function*() {
    let calls = 0
    const call = Effect.andThen(Effect.sync(() => void calls++), Effect.never)
    const options = { attempts: 3, waitInitial: 0, waitJitter: 0, attemptTimeout: "1 second", on } as const
    yield* inTime(Effect.flip(Stamina.retry(call, options)))
    return calls
  }).pipe(Effect.provide(Stamina.layerHooks([])))

describe("an attempt that takes too long", () => {
  it.effect("is retried without asking a function, which is written for the errors of the effect", () =>
    Effect.gen(function*() {
      expect(yield* attempts(() => false)).toBe(3)
    }))

  it.effect("is judged by a form that names it, also inside of make and among, and of these in each other", () =>
    Effect.gen(function*() {
      const record = { AttemptTimedOut: false } as const
      const made = RetryOn.make(record)
      const forms = [
        made,
        RetryOn.among(record),
        RetryOn.among("Other", made),
        RetryOn.make(["Other", RetryOn.among(record)])
      ]
      for (const on of forms) expect(yield* attempts(on)).toBe(1)
      expect(yield* attempts(RetryOn.among(record, "AttemptTimedOut"))).toBe(3)
      expect(yield* attempts(RetryOn.among("Other"))).toBe(3)
    }))
})
