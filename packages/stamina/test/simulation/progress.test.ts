import { assert, describe, it } from "@effect/vitest"
import { RetryPolicy } from "effect-stamina"
import * as RetrySimulation from "effect-stamina/RetrySimulation"

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

const full = RetryPolicy.make({ backoff: "full" })
const outage = { kind: "refuses", from: 0, lasts: "20 seconds" } as const
const forEver = { from: 0, lasts: "5 minutes" } as const
const second = { attemptTimeout: "1 second" } as const

type Herd = Omit<RetrySimulation.Fleet, "rate" | "onProgress">

const herds: ReadonlyArray<readonly [string, RetryPolicy.RetryPolicy, Herd]> = [
  ["all succeed at once", defaults, { clients: 120_000, server: { capacity: 120_000 } }],
  ["all succeed, and might have timed out", defaults, { clients: 80_000, server: { capacity: 1e6 }, ...second }],
  ["half of the attempts fail", defaults, { clients: 60_000, server: { capacity: 1e6 }, failures: 0.5 }],
  ["the server is overloaded", defaults, { clients: 20_000, server: { capacity: 1000 }, attemptTimeout: "5 seconds" }],
  ["the queue is full", defaults, { clients: 40_000, server: { capacity: 4000, queue: 100 } }],
  ["the server hangs", defaults, {
    clients: 20_000,
    server: { capacity: 1 },
    trouble: { kind: "hangs", ...forEver },
    ...second
  }],
  ["the server refuses for a while", full, { clients: 20_000, server: { capacity: 20_000 }, trouble: outage }],
  ["the server refuses for ever", full, {
    clients: 20_000,
    server: { capacity: 1 },
    trouble: { kind: "refuses", ...forEver }
  }],
  ["most are still in the queue at the end", defaults, { clients: 200_000, server: { capacity: 200 } }],
  [
    "attempts are unlimited",
    RetryPolicy.make({ attempts: Infinity, timeout: Infinity }),
    { clients: 30_000, server: { capacity: 3000, queue: 100 } }
  ]
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

  it.each(herds)("hears of a herd by the work that is done: %s", (_, policy, options) => {
    const shares: Array<number> = []
    const { events } = RetrySimulation.fleet(policy, {
      rate: "herd",
      ...options,
      onProgress: (share) => void shares.push(share)
    })
    assert.isAtLeast(shares.length, 12)
    assert.strictEqual(shares[0], 0)
    assert.strictEqual(shares.at(-1), 1)
    assert.deepStrictEqual(shares, shares.toSorted((a, b) => a - b))
    // all but the last come after as many events each
    const each = 0x4000 / events
    const few = Math.ceil(0.1 / each)
    shares.slice(0, -1).forEach((share, i) => {
      assert.closeTo(share, i * each, 0.45, `after ${i} reports: ${shares.join()}`)
      const before = shares[i - few]
      if (before !== undefined) assert.isAbove(share - before, 0.01, `stands after ${i} reports: ${shares.join()}`)
    })
    // the last report may stand for more: the time ends a simulation whatever is still to do
    shares.forEach((share, i) =>
      assert.isBelow(share - (shares[i - 1] ?? 0), i < shares.length - 1 ? 0.3 : 0.5, `${i} leaps: ${shares.join()}`)
    )
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
