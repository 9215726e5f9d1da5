import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect } from "effect"
import { RetryOn, Stamina } from "effect-stamina"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { promiseDrivers } from "../kit/promiseDrivers.ts"

class Down extends Data.TaggedError("Down")<{ readonly code: number }> {}
class Refused extends Error {}

const waits = { waitInitial: 0, waitJitter: 0, attempts: 3 } as const

describe.each([...drivers, ...promiseDrivers])("an `UnknownError` stands for its cause, in $name:", (driver) => {
  const callsOf = (cause: unknown, on: unknown) =>
    Effect.gen(function*() {
      let calls = 0
      const block = Effect.suspend(() => (calls++, Effect.fail(new Cause.UnknownError(cause))))
      yield* inTime(Effect.exit(driver.build({ ...waits, on }, () => block)))
      return calls
    }).pipe(Effect.provide(Stamina.layerHooks([])))

  it.effect("a class, alone and in a list, is looked for there as well", () =>
    Effect.gen(function*() {
      for (const on of [TypeError, Error, ["Other", TypeError]]) {
        expect(yield* callsOf(new TypeError("fetch failed"), on)).toBe(3)
      }
      expect(yield* callsOf(new TypeError("fetch failed"), Refused)).toBe(1)
      expect(yield* callsOf(new Refused(), [TypeError, Refused])).toBe(3)
    }))

  it.effect("so is a name, alone, in a list, in a record and in `among`", () =>
    Effect.gen(function*() {
      const down = new Down({ code: 7 })
      for (
        const on of ["Down", ["Other", "Down"], { Down: true }, [{ Down: true }], RetryOn.among("Down")]
      ) expect(yield* callsOf(down, on)).toBe(3)
      expect(yield* callsOf(down, "Other")).toBe(1)
    }))

  it.effect("its own name goes first, and a hook of a record gets what its name names", () =>
    Effect.gen(function*() {
      const down = new Down({ code: 7 })
      expect(yield* callsOf(down, { UnknownError: false, Down: true })).toBe(1)
      expect(yield* callsOf(down, { Down: ({ code }: Down) => code === 7 })).toBe(3)
      expect(yield* callsOf(down, (error: unknown) => Cause.isUnknownError(error) && error.cause === down)).toBe(3)
    }))
})

describe("what looks like an `UnknownError`", () => {
  it("does not stand for its cause", () => {
    const judge = RetryOn.among(TypeError)
    expect(judge({ _tag: "UnknownError", cause: new TypeError("fetch failed") })).toBe(false)
    expect(judge(new Error("around", { cause: new TypeError("fetch failed") }))).toBe(false)
  })

  it("is asked what it stands for without harm, whatever it is", () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const odd of [proxy, undefined, null, 7, new Cause.UnknownError(proxy), new Cause.UnknownError(undefined)]) {
      expect(RetryOn.among(TypeError, "Down", { Other: true })(odd)).toBe(false)
    }
  })
})

describe("a record in a list", () => {
  it("decides where the members before say no", () => {
    const judge = RetryOn.make(["Deadlock", { Limited: "2 seconds", Deadlock: false }, { Limited: true, Lost: true }])
    expect(["Deadlock", "Limited", "Lost", "Other"].map((_tag) => judge({ _tag }))).toEqual([true, 2000, true, false])
  })

  it.effect("may name `AttemptTimedOut`", () =>
    Effect.gen(function*() {
      let calls = 0
      const hangs = Effect.suspend(() => (calls++, Effect.never))
      const on = ["Down", { AttemptTimedOut: false }]
      yield* inTime(Effect.exit(Stamina.make({ ...waits, on, attemptTimeout: 10, hooks: [] })(hangs)))
      expect(calls).toBe(1)
    }))
})
