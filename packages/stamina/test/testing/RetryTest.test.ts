import { describe, expect, it } from "@effect/vitest"
import { Context, Data, Effect, Exit, Random } from "effect"
import { type RetryHook, Stamina } from "effect-stamina"
import { JumpingClock, RetryTest } from "effect-stamina/testing"

class Down extends Data.TaggedError("Down")<{ readonly retryAfter?: number }> {}
class Bad extends Data.TaggedError("Bad")<{}> {}

const failing = (times: number, error: Down | Bad = new Down({})) => {
  let calls = 0
  return Effect.suspend(() => ++calls <= times ? Effect.fail(error) : Effect.succeed(calls))
}
const on = ["Down"] as const
const retry = Stamina.make({ on: "Down", attempts: 4 })

const runs = <A, E>(self: Effect.Effect<A, E>, options?: RetryTest.Options) =>
  Effect.runSync(RetryTest.retries(self, options))

describe("RetryTest.retries", () => {
  it("says how a run recovered, with waits in the middle of their range", () => {
    const { attempts, elapsed, events, exit, outcome, reason, waits } = runs(failing(2).pipe(Stamina.retry({ on })))
    expect({ attempts, elapsed, exit, outcome, reason, waits }).toEqual({
      attempts: 3,
      elapsed: 1300,
      exit: Exit.succeed(3),
      outcome: "Recovered",
      reason: undefined,
      waits: [600, 700]
    })
    expect(events).toHaveLength(3)
  })

  it("says why a run gave up", () => {
    const { attempts, exit, outcome, reason } = runs(failing(9).pipe(Stamina.retry({ on, attempts: 4 })))
    expect([attempts, outcome, reason, Exit.isFailure(exit)]).toEqual([4, "GaveUp", "AttemptsExhausted", true])
    expect(runs(failing(9).pipe(Effect.delay("1 minute"), Stamina.retry({ on })))).toMatchObject({
      attempts: 1,
      outcome: "GaveUp",
      reason: "TimeoutReached",
      elapsed: 60_000,
      waits: []
    })
  })

  it("says so where nothing was retried", () => {
    const none = { attempts: 1, waits: [], elapsed: 0, events: [], runs: [] }
    expect(runs(failing(0).pipe(Stamina.retry({ on })))).toMatchObject({
      ...none,
      outcome: "Succeeded",
      reason: undefined
    })
    expect(runs(failing(9, new Bad()).pipe(Stamina.retry({ on }))))
      .toMatchObject({ ...none, outcome: "Failed", reason: "NotRetryable" })
    expect(runs(Effect.die("no retry at all"))).toMatchObject({ ...none, outcome: "Failed", reason: undefined })
  })

  it("tells of the outermost of runs that lie in each other, and has them all", () => {
    const nested = failing(9).pipe(
      Stamina.retry({ on, name: "inner", attempts: 2, waitJitter: 0 }),
      Stamina.retry({ on, name: "outer", attempts: 3, waitInitial: "10 seconds", waitMax: "10 seconds", waitJitter: 0 })
    )
    const { attempts, runs: all, waits } = runs(nested)
    expect([attempts, waits]).toEqual([3, [10_000, 10_000]])
    expect(all.map(({ name }) => name)).toEqual(["inner", "outer", "inner", "inner"])
  })

  it("draws the numbers that it is given", () => {
    const waits = (options: RetryTest.Options) => runs(failing(3).pipe(Stamina.retry({ on })), options).waits
    expect(waits({ random: [0] })).toEqual([100, 200, 400])
    expect(waits({ random: [0, 0.25] })).toEqual([100, 450, 400])
    expect(waits({ seed: 7 })).toEqual(waits({ seed: 7 }))
    expect(waits({ seed: 7 })).not.toEqual(waits({ seed: 8 }))
    expect(runs(Random.next).exit).toEqual(Exit.succeed(0.5))
  })

  it("runs the hooks that it is given, and no others", () => {
    const heard: Array<string> = []
    const hook = (name: string): RetryHook.RetryHook => ({ name, onRecovered: () => void heard.push(name) })
    const self = RetryTest.retries(failing(1).pipe(Stamina.retry({ on })), { hooks: [hook("mine")] })
    Effect.runSync(Effect.provide(self, Stamina.layerHooks([hook("around")])))
    expect(heard).toEqual(["mine"])
  })

  it("knows from its report of a retry with hooks of its own that gave up", () => {
    const { attempts, outcome, reason, waits } = runs(
      failing(9).pipe(Stamina.retry({ on, attempts: 3, hooks: [], waitJitter: 0 }))
    )
    expect([attempts, outcome, reason, waits]).toEqual([3, "Failed", "AttemptsExhausted", [100, 200]])
  })

  it("keeps to the switches and the services around", () => {
    const Limit = Context.Service<"Limit", number>("Limit")
    const self = Effect.flatMap(Limit, (times) => Stamina.retry(failing(times), { on, attempts: 9 }))
    const result = Effect.runSync(Effect.provideService(RetryTest.retries(self), Limit, 2))
    expect(result.attempts).toBe(3)
    const inactive = Effect.provide(RetryTest.retries(failing(1).pipe(Stamina.retry({ on }))), Stamina.layerInactive)
    expect(Effect.runSync(inactive)).toMatchObject({ attempts: 1, reason: "Inactive", outcome: "Failed" })
    const testing = RetryTest.retries(failing(9).pipe(Stamina.retry({ on }))).pipe(Stamina.withTesting({ attempts: 2 }))
    expect(Effect.runSync(testing)).toMatchObject({ attempts: 2, waits: [0] })
  })

  it("gives the effect a clock that it can move on", () => {
    const slow = Effect.andThen(JumpingClock.passes("20 seconds"), Effect.fail(new Down({})))
    expect(runs(RetryTest.retries(slow.pipe(Stamina.retry({ on, waitJitter: 0 })))).exit).toMatchObject({
      value: { attempts: 3, reason: "TimeoutReached", elapsed: 60_300 }
    })
  })

  it("waits for promises", async () => {
    let calls = 0
    const fetching = Effect.tryPromise({
      try: async () => {
        await Promise.resolve()
        if (++calls < 3) throw new Error("down")
        return calls
      },
      catch: () => new Down({})
    }).pipe(Stamina.retry({ on, attemptTimeout: "1 second", waitJitter: 0 }))
    expect(await Effect.runPromise(RetryTest.retries(fetching))).toMatchObject({ attempts: 3, elapsed: 300 })
  })

  it("ends a retry without limits, with a message that says why", () => {
    const endless = failing(Infinity).pipe(Stamina.retry({ on, attempts: Infinity, timeout: Infinity }))
    const { exit } = runs(endless, { mostSleeps: 100 })
    expect(String(exit)).toContain("more than 100 sleeps")
  })

  it("runs a retry that was made of options alone", () => {
    expect(runs(retry(failing(9))).attempts).toBe(4)
  })

  it("refuses options that it does not know", () => {
    expect(() => RetryTest.retries(Effect.void, { randoms: [0] } as RetryTest.Options)).toThrow(
      "unknown option \"randoms\""
    )
  })
})

describe("RetryTest.expectRetries", () => {
  const result = runs(
    failing(9).pipe(Stamina.retry({ on, name: "stock", attempts: 3, waitExpBase: 1.1, waitJitter: 0 }))
  )

  it("accepts what is so, to the thousandth of a millisecond, and does not look at what is left out", () => {
    for (
      const expected of [
        {},
        { attempts: 3, waits: [100, 110], elapsed: 210, outcome: "GaveUp", reason: "AttemptsExhausted" },
        { waits: [100, 110.0005] }
      ] satisfies ReadonlyArray<RetryTest.Expected>
    ) expect(() => RetryTest.expectRetries(result, expected)).not.toThrow()
  })

  it.each<[RetryTest.Expected, string]>([
    [{ attempts: 4 }, "attempts: expected 4, got 3"],
    [{ waits: [100] }, "waits: expected [100], got [100,110"],
    [{ waits: [100, 110.002] }, "waits: expected [100,110.002], got [100,110"],
    [{ elapsed: 209 }, "elapsed: expected 209, got 210"],
    [{ outcome: "Recovered" }, "outcome: expected \"Recovered\", got \"GaveUp\""],
    [{ reason: undefined }, "reason: expected undefined, got \"AttemptsExhausted\""]
  ])("throws where it is not so: %o", (expected, message) => {
    expect(() => RetryTest.expectRetries(result, expected)).toThrow(message)
  })

  it("says what happened", () => {
    expect(() => RetryTest.expectRetries(result, { attempts: 2, outcome: "Recovered" })).toThrow(
      [
        "attempts: expected 2, got 3",
        "outcome: expected \"Recovered\", got \"GaveUp\"",
        "what happened:",
        "  stock: attempt 1 failed with Down after 0 ms, waits 100 ms",
        "  stock: attempt 2 failed with Down after 100 ms, waits 110 ms",
        "  stock: gave up (AttemptsExhausted) after 210 ms, 3 attempts",
        "  the effect failed with Down after 210 ms"
      ].join("\n")
    )
  })

  it("refuses a field that it does not know", () => {
    expect(() => RetryTest.expectRetries(result, { attempt: 3 } as RetryTest.Expected)).toThrow(
      "unknown option \"attempt\""
    )
  })
})
