import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { Backoff, RetryPolicy, Stamina } from "effect-stamina"
import * as arbitraries from "../kit/arbitraries.ts"
import { unlogged } from "../kit/unlogged.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const almost1 = 1 - 2 ** -53

describe("jitter in percent", () => {
  it("makes a wait shorter or longer by that part, below the cap", () => {
    const backoff = Backoff.fromPolicy(RetryPolicy.make({ waitJitter: "20%" }))
    const waits = (u: number) => [1, 2, 6, 7].map((n) => Math.round(Backoff.wait(backoff, n, () => u)))
    expect(waits(0)).toEqual([80, 160, 2560, 4000])
    expect(waits(0.5)).toEqual([100, 200, 3200, 5000])
    expect(waits(almost1)).toEqual([120, 240, 3840, 5000])
  })

  it.prop(
    "stays within that part of the wait, and within waitMax, in every shape that uses jitter",
    [
      RetryPolicy.Schema,
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })),
      arbitraries.numberBelow1
    ],
    ([policy, percent, n, u]) => {
      const { backoff } = policy
      if (Backoff.traitsOf(backoff).isRandom) return
      const at = (waitJitter: RetryPolicy.Input["waitJitter"]) =>
        Backoff.wait(Backoff.fromPolicy(RetryPolicy.make({ waitJitter }, policy)), n, () => u)
      const bare = at(0)
      const wait = at(`${percent}%`)
      const slack = 1e-9 * bare
      expect(wait).toBeGreaterThanOrEqual(bare * (1 - percent / 100) - slack)
      expect(wait).toBeLessThanOrEqual(Math.min(Duration.toMillis(policy.waitMax), bare * (1 + percent / 100) + slack))
    }
  )

  it.prop("changes nothing in the shapes that use none", [arbitraries.numberBelow1], ([u]) => {
    for (const backoff of RetryPolicy.shapeNames.filter((name) => Backoff.traitsOf(name).isRandom)) {
      const at = (waitJitter: RetryPolicy.Input["waitJitter"]) =>
        Backoff.wait(Backoff.fromPolicy(RetryPolicy.make({ backoff, waitJitter })), 3, () => u, 400)
      expect(at("50%")).toBe(at(0))
    }
  })

  it("draws one number for a wait, and none where it is 0% or the wait is 0", () => {
    const draws = (input: RetryPolicy.Input) => {
      let count = 0
      Backoff.wait(Backoff.fromPolicy(RetryPolicy.make(input)), 1, () => ++count / 10)
      return count
    }
    expect([draws({ waitJitter: "1%" }), draws({ waitJitter: "0%" }), draws({ waitJitter: "1%", waitInitial: 0 })])
      .toEqual([1, 0, 0])
  })

  it("saturates, at any retry number", () => {
    const wait = (n: number, u: number) =>
      Backoff.wait(Backoff.fromPolicy(RetryPolicy.make({ waitJitter: "100%", waitExpBase: 1e308 })), n, () => u)
    expect([wait(1e6, 0), wait(1e6, 0.5), wait(1e6, almost1)]).toEqual([0, 5000, 5000])
    expect(wait(3, 0.25)).toBe(2500)
  })

  it.each([["20%", "20%"], ["0%", "0%"], ["100%", "100%"], ["2.50%", "2.5%"], ["007%", "7%"], ["0.0000001%", "1e-7%"]])(
    "is kept as it is meant: %s as %s",
    (said, kept) => {
      // as plain JavaScript would call it
      expect(RetryPolicy.make({ waitJitter: said as "20%" }).waitJitter).toBe(kept)
      expect(RetryPolicy.make({ waitJitter: kept as "20%" }).waitJitter).toBe(kept)
    }
  )

  it("is the wait of a run, and no part of the next wait that an attempt is told", () => {
    const time = new VirtualTime([0.75])
    const next: Array<number> = []
    Effect.runSync(
      Stamina.retryContext({ on: () => true, attempts: 3, waitJitter: "20%" }, (attempt) => {
        next.push(Duration.toMillis(attempt.nextWait))
        return Effect.fail("down")
      }).pipe(Effect.ignore, unlogged, time.provide)
    )
    expect(next).toEqual([100, 200, 400])
    expect(time.sleeps.map(Math.round)).toEqual([110, 220])
  })
})
