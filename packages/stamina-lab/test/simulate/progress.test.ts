import { assert, describe, it } from "@effect/vitest"
import { RetryPolicy } from "effect-stamina"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"

const { defaults } = RetryPolicy

const crowd: RetrySimulation.Fleet = {
  clients: 200,
  rate: 10,
  lasts: "1 minute",
  server: { capacity: 10_000 },
  trouble: { kind: "refuses", from: 0, lasts: "20 seconds" }
}

const simulations: ReadonlyArray<readonly [string, (onProgress?: RetrySimulation.OnProgress) => unknown]> = [
  ["run", (onProgress) => RetrySimulation.run(defaults, { onProgress }).duration.mean],
  [
    "run, where one call makes all the attempts",
    (onProgress) =>
      RetrySimulation.run(RetryPolicy.make({ attempts: Infinity, timeout: Infinity }), {
        runs: 3,
        horizon: 50_000,
        onProgress
      }).unfinished
  ],
  ["fleet", (onProgress) => RetrySimulation.fleet(defaults, { ...crowd, onProgress }).steps]
]

describe("onProgress", () => {
  it.each(simulations)("hears of %s several times, and of more each time", (_, simulate) => {
    const shares: Array<number> = []
    simulate((share) => void shares.push(share))
    assert.isAtLeast(shares.length, 4)
    assert.deepStrictEqual(shares, shares.toSorted((a, b) => a - b))
    assert.strictEqual(shares.at(-1), 1)
    assert.isTrue(shares.slice(0, -1).every((share) => share >= 0 && share < 1))
    assert.isAbove(shares.at(-2) ?? 0, 0.5)
  })

  it("hears of a call that makes all the attempts while it makes them", () => {
    const shares: Array<number> = []
    const policy = RetryPolicy.make({ attempts: Infinity, timeout: Infinity })
    RetrySimulation.run(policy, { runs: 1, horizon: 200_000, onProgress: (share) => void shares.push(share) })
    assert.isTrue(shares.every((share, i) => share - (shares[i - 1] ?? 0) < 0.1), shares.join())
  })

  it.each(simulations)("does not change what becomes of %s", (_, simulate) => {
    assert.deepStrictEqual(simulate(() => {}), simulate())
  })

  it("must be a function", () => {
    // a mistake that TypeScript would find
    const onProgress = "often" as unknown as RetrySimulation.OnProgress
    assert.throws(() => RetrySimulation.run(defaults, { onProgress }), "onProgress must be a function, got \"often\"")
    assert.throws(() => RetrySimulation.fleet(defaults, { ...crowd, onProgress }), "onProgress must be a function")
  })
})
