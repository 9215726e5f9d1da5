import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import { aws, finagle, grpc } from "../kit/otherBudgets.ts"

const { make } = RetryPolicy
const { fleet } = RetrySimulation

/** A server at 70 % of its capacity; clients wait a second for an answer. */
const base = {
  clients: 25,
  rate: 7,
  lasts: "4 minutes",
  server: { capacity: 250 },
  attemptTimeout: "1 second",
  trouble: { kind: "hangs", from: "30 seconds", lasts: "10 seconds" }
} as const satisfies RetrySimulation.Fleet

const refuses = { ...base, trouble: { ...base.trouble, kind: "refuses" } } as const
const slow = { ...base, trouble: { ...base.trouble, kind: "slow" } } as const
const refusing = { capacity: 50, whenEmpty: "refuse" } as const
const brief = { lasts: "140 seconds" } as const
const long = { lasts: "400 seconds" } as const

/** What research has found of such fleets: attempts per call after the trouble, and seconds until calls succeed again. */
const table: ReadonlyArray<
  readonly [string, RetryPolicy.Input, RetrySimulation.Fleet, amplification: number, recovers: number]
> = [
  ["hangs, no retries", { attempts: 1 }, base, 1, 21],
  ["hangs, 3 attempts, full jitter", { attempts: 3, backoff: "full" }, { ...base, ...brief }, 3, Infinity],
  ["hangs, 3 attempts, no jitter", { attempts: 3, waitJitter: 0 }, { ...base, ...brief }, 3, Infinity],
  ["hangs, the default", {}, base, 9.6, Infinity],
  ["hangs, 20 % + 10/s", {}, { ...base, ...brief, budget: finagle(0.2, 10) }, 2.58, Infinity],
  ["hangs, 20 % + 0/s", {}, { ...base, budget: finagle(0.2, 0) }, 1.07, 49],
  ["hangs, gRPC's budget", {}, { ...base, budget: grpc(10, 0.1) }, 1, 22],
  ["hangs, AWS's budget", {}, { ...base, budget: aws }, 1, 32],
  ["hangs, this library's budget, refusing", {}, { ...base, budget: refusing }, 1, 37],
  ["hangs, this library's budget", {}, { ...base, budget: {} }, 1.09, 20],
  ["hangs at 30 %, 20 % + 10/s", {}, { ...base, ...brief, rate: 3, budget: finagle(0.2, 10) }, 4.4, Infinity],
  ["refuses, 3 attempts", { attempts: 3 }, refuses, 1, 0],
  ["refuses, the default", {}, { ...refuses, ...brief }, 8.7, Infinity],
  ["refuses at 40 %, the default", {}, { ...refuses, ...brief, rate: 4 }, 8.5, Infinity],
  ["refuses at 30 %, the default", {}, { ...refuses, rate: 3 }, 1.05, 0],
  ["refuses, equal jitter", { backoff: "equal" }, { ...refuses, ...brief }, 9.1, Infinity],
  ["refuses, decorrelated jitter", { backoff: "decorrelated" }, { ...refuses, ...brief }, 9.2, Infinity],
  ["refuses, 20 % + 0/s", {}, { ...refuses, budget: finagle(0.2, 0) }, 1, 0],
  ["refuses, this library's budget, refusing", {}, { ...refuses, budget: refusing }, 1, 0],
  ["refuses, this library's budget", {}, { ...refuses, budget: {} }, 1.07, 0],
  ["half as fast, the default", {}, { ...slow, ...brief }, 8.9, Infinity],
  ["half as fast, 20 % + 0/s", {}, { ...slow, budget: finagle(0.2, 0) }, 1.01, 13],
  ["half as fast, no retries", { attempts: 1 }, slow, 1, 3.5],
  ["hangs, a short queue", {}, { ...base, server: { capacity: 250, queue: 125 } }, 1.27, 0],
  ["80 %, 20 % + 0/s", {}, { ...base, ...long, rate: 8, budget: finagle(0.2, 0) }, 1.11, 200],
  ["83 %, 20 % + 0/s", {}, { ...base, ...long, rate: 8.3, budget: finagle(0.2, 0) }, 1.2, Infinity],
  ["85 %, 10 % + 0/s", {}, { ...base, ...long, rate: 8.5, budget: finagle(0.1, 0) }, 1.03, 127],
  ["90 %, 10 % + 0/s", {}, { ...base, ...long, rate: 9, budget: finagle(0.1, 0) }, 1.1, Infinity]
]

describe("RetrySimulation.fleet", () => {
  it.each(table)("finds what keeps an overload going: %s", (_, policy, options, amplification, recovers) => {
    const result = fleet(make(policy), options)
    assert.closeTo(result.amplificationAfter / amplification, 1, 0.05)
    if (recovers === Infinity) assert.strictEqual(result.recoveredAfter, Infinity)
    else assert.closeTo(result.recoveredAfter / 1000, recovers, Math.max(3, 0.06 * recovers))
  })

  it("agrees with the linter on which budgets keep a server down", () => {
    for (const [utilisation, share] of [[0.8, 0.2], [0.84, 0.2], [0.85, 0.1], [0.92, 0.1]] as const) {
      const result = fleet(make(), { ...base, ...long, rate: 10 * utilisation, budget: finagle(share, 0) })
      const findings = RetryLint.check(make(), { utilisation, budgetedRetries: share })
      assert.strictEqual(findings.some(({ rule }) => rule === "can-keep-down"), result.recoveredAfter === Infinity)
    }
  })

  it.each(
    [
      ["the default", {}, 2.8],
      ["more jitter", { waitInitial: 1000, waitMax: "20 seconds", waitJitter: 2000 }, 6.2],
      ["linear", { backoff: "linear", waitInitial: 500, waitJitter: 500 }, 4.6],
      ["a list", { backoff: [200, 1000, 5000], waitJitter: 800 }, 6.1]
    ] as const
  )("shows a herd that comes in waves, as the linter foresees: %s", (_, input, peak) => {
    const policy = make({ attempts: Infinity, timeout: "10 minutes", ...input })
    const { message } = RetryLint.check(policy).find(({ rule }) => rule === "jitter-lost-at-cap")!
    assert.include(message, `peak is ${peak.toFixed(1)} times the average`)
    assert.closeTo(peakOfHerd(policy), peak, 0.15 * peak)
  })

  it.each(
    [
      ["equal", 1.15],
      ["full", 1.14],
      ["decorrelated", 1.11]
    ] as const
  )("shows a herd that %s jitter has parted", (backoff, peak) => {
    assert.closeTo(peakOfHerd(make({ attempts: Infinity, timeout: "10 minutes", backoff })), peak, 0.08)
  })

  /** The load of a herd at its peak over its average, once all waits are at the cap. */
  const peakOfHerd = (policy: RetryPolicy.RetryPolicy): number => {
    const { steps } = fleet(policy, {
      clients: 10_000,
      rate: "herd",
      lasts: "2 minutes",
      server: { capacity: 1e9 },
      trouble: { kind: "refuses", from: 0, lasts: "1 hour" },
      step: 100
    })
    const late = steps.slice(600).map(({ attempts }) => attempts)
    return Math.max(...late) / (late.reduce((sum, attempts) => sum + attempts) / late.length)
  }

  it("counts each call once, and each attempt", () => {
    const { attempts, calls, latency, reasons, served, steps, succeeded, wasted } = fleet(make({ attempts: 2 }), base)
    const sum = (field: "calls" | "attempts" | "succeeded" | "gaveUp" | "willSucceed" | "open") =>
      steps.reduce((sum, step) => sum + step[field], 0)
    assert.deepStrictEqual([sum("calls"), sum("attempts"), sum("succeeded")], [calls, attempts, succeeded])
    assert.strictEqual(sum("willSucceed"), succeeded)
    assert.strictEqual(succeeded + sum("gaveUp") + sum("open"), calls)
    assert.strictEqual(reasons.AttemptsExhausted, sum("gaveUp"))
    assert.strictEqual(served, succeeded + wasted)
    assert.strictEqual(latency.count, succeeded)
    assert.lengthOf(steps, 240)
    assert.closeTo(calls, 25 * 7 * 240, 1000)
  })

  it("serves in order, each for its time, and a slow server longer", () => {
    const herd = { clients: 4, rate: "herd", server: { capacity: 10 } } as const
    const { latency } = fleet(make(), herd)
    assert.deepStrictEqual([latency.min, latency.quantile(0.5), latency.max], [100, 200, 400])
    const slowed = fleet(make(), { ...herd, trouble: { kind: "slow", from: 0, lasts: 150, factor: 0.25 } })
    assert.deepStrictEqual([slowed.latency.min, slowed.latency.max], [400, 700])
  })

  it("passes over attempts that nobody waits for, if told so", () => {
    const late = { clients: 4, rate: "herd", server: { capacity: 10 }, attemptTimeout: 250 } as const
    const one = fleet(make({ attempts: 1 }), late)
    assert.deepStrictEqual([one.succeeded, one.served, one.wasted], [2, 4, 2])
    const other = fleet(make({ attempts: 1 }), { ...late, server: { capacity: 10, skipsAbandoned: true } })
    assert.deepStrictEqual([other.succeeded, other.served, other.wasted], [2, 3, 1])
  })

  it("lets attempts fail by chance", () => {
    const lucky = fleet(make({ attempts: 2 }), { clients: 50, rate: 10, server: { capacity: 1e6 }, failures: 0.2 })
    assert.closeTo(lucky.amplification, 1.2, 0.02)
    assert.closeTo(lucky.succeeded / lucky.calls, 0.96, 0.01)
  })

  it("shares one budget among all clients, if told so", () => {
    const down = {
      clients: 10,
      rate: "herd",
      server: { capacity: 1000 },
      trouble: { kind: "refuses", from: 0, lasts: "1 hour" },
      budget: { capacity: 2, refill: 0, whenEmpty: "refuse" }
    } as const
    assert.strictEqual(fleet(make({ attempts: 5 }), down).attempts, 10 * 3)
    assert.strictEqual(fleet(make({ attempts: 5 }), { ...down, sharedBudget: true }).attempts, 10 + 2)
  })

  it("knows of no recovery where nothing was wrong, and of none where nothing ends", () => {
    const { amplificationAfter, recoveredAfter } = fleet(make(), { clients: 1, rate: 1, server: { capacity: 10 } })
    assert.isNaN(amplificationAfter)
    assert.strictEqual(recoveredAfter, 0)
    const stuck = fleet(make(), {
      ...base,
      attemptTimeout: Duration.infinity,
      trouble: { ...base.trouble, lasts: "1 hour" }
    })
    assert.isNaN(stuck.recoveredAfter)
  })

  it("is the same for the same seed, and another for another", () => {
    const attempts = [1, 1, 2].map((seed) => fleet(make(), { ...base, lasts: "40 seconds", seed }).attempts)
    assert.strictEqual(attempts[0], attempts[1])
    assert.notStrictEqual(attempts[0], attempts[2])
  })

  it.each([
    [{ clients: 0 }, "clients must be an integer >= 1 and <= 10000000, got 0"],
    [{ rate: 0 }, "rate must be a number > 0, got 0"],
    [{ server: { capacity: 0 } }, "server.capacity must be a number > 0, got 0"],
    [{ server: { capacity: 1, queue: -1 } }, "server.queue must be a number > 0, got -1"],
    [{ server: { capacity: 1, queu: 1 } }, "unknown option \"queu\""],
    [
      { trouble: { kind: "slow", from: 0, lasts: 1, factor: 2 } },
      "trouble.factor must be a number > 0 and <= 1, got 2"
    ],
    [
      { trouble: { kind: "late", from: 0, lasts: 1 } },
      "trouble.kind must be one of refuses, hangs, slow, got \"late\""
    ],
    [{ trouble: { kind: "hangs", from: 0, lasts: 0 } }, "trouble.lasts must be a finite duration > 0"],
    [{ lasts: Duration.infinity }, "lasts must be a finite duration >= 0"],
    [{ step: 0 }, "step must be a finite duration > 0"],
    [{ failures: 2 }, "failures must be a number from 0 to 1, got 2"],
    [{ budget: { refill: 2 } }, "refill must be a number from 0 to 1, got 2"],
    [{ client: 1 }, "unknown option \"client\""]
  ])("refuses %j", (options, message) => {
    assert.throws(
      () => fleet(make(), { ...base, ...options } as RetrySimulation.Fleet),
      RangeError,
      `RetrySimulation.fleet: ${message}`
    )
  })
})
