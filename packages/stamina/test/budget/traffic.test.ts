/**
 * The short form of `bench/budget/tables.ts`: what the budget is for.
 */
import { assert, describe, it } from "@effect/vitest"
import { none, waits } from "../../bench/budget/players.ts"
import * as scenarios from "../../bench/budget/scenarios.ts"

const setting = (seed = 1): scenarios.Setting => ({ make: waits(), seed, spread: 100 })
const p99 = (list: ReadonlyArray<number>) => list.toSorted((a, b) => a - b)[Math.floor(0.99 * (list.length - 1))] ?? NaN

describe("a budget that waits", () => {
  for (const lasts of [500, 2000, 5000, 15_000]) {
    it(`saves the calls of a blip of ${lasts / 1000} s, within 1.5 times the time without a budget`, () => {
      const it = scenarios.blip(setting(), 70, 20, lasts)
      const plain = scenarios.blip({ ...setting(), make: none }, 70, 20, lasts)
      assert.isAtLeast(it.saved / it.hit, 0.99)
      assert.isAtMost(p99(it.latencies) / p99(plain.latencies), 1.5)
    })
  }

  it("makes hardly any retries in an outage", () => {
    for (const rate of [1, 70]) assert.isAtMost(scenarios.outage(setting(), rate, 20).all, 1.1)
  })

  it("lets calls through that fail by chance", () => {
    assert.isAtLeast(scenarios.byChance(setting(), 70, 1000, 0.3).ok, 0.999)
  })

  it("lets a server recover from a hang", () => {
    assert.isAtMost(scenarios.hang(setting(), 1, 700).recovered, 18)
    assert.isAtMost(scenarios.hang(setting(), 100, 7).recovered, 25)
    assert.isAtMost(scenarios.hang(setting(), 700, 1).recovered, 45)
  })

  it("saves batches and workers, which make no calls while they wait", () => {
    for (const size of [50, 500]) {
      const it = scenarios.batch(setting(), size, 2000)
      assert.strictEqual(it.saved, it.hit)
    }
    for (const workers of [1, 10, 50]) {
      const it = scenarios.loop(setting(), workers, 2000)
      assert.strictEqual(it.saved, it.hit)
      assert.isAtMost(it.slow, scenarios.loop({ ...setting(), make: none }, workers, 2000).slow + 5)
    }
  })

  it("lets no broken route hold up the others", () => {
    const it = scenarios.brokenRoute(setting(), 70)
    assert.isAtMost(p99(it.latencies) / p99(scenarios.brokenRoute({ ...setting(), make: none }, 70).latencies), 2)
  })
})
