/**
 * Laws of the fixes that `RetryLint.check` offers: over policies that were written by chance, and over some that were not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import * as random from "../../src/tools/random.ts"
import { type Used, usedPolicies } from "../kit/randomPolicies.ts"

const { make } = RetryPolicy

const count = 200
const rank: Readonly<Record<RetryLint.Severity, number>> = { info: 1, warning: 2, error: 3 }

const fixed = (policy: RetryPolicy.RetryPolicy, fix: RetryLint.Fix | undefined) => make({ ...policy, ...fix })

const wordsOf = (policy: RetryPolicy.RetryPolicy): string =>
  Object.values(policy).map((value) => Array.isArray(value) ? value.map(String).join() : String(value)).join("; ")

/** Applies one fix after the other, each chosen by `choose`, and returns the policies, the first one included. */
const walk = ({ context, policy }: Used, choose: (count: number) => number): ReadonlyArray<string> => {
  const policies = [wordsOf(policy)]
  for (let now = policy; policies.length <= 50;) {
    const offers = RetryLint.check(now, context).filter(({ fix }) => fix !== undefined)
    if (offers.length === 0) break
    now = fixed(now, offers[choose(offers.length)]?.fix)
    policies.push(wordsOf(now))
  }
  return policies
}

const chance = random.make(3)
const orders: ReadonlyArray<readonly [string, (count: number) => number]> = [
  ["the first", () => 0],
  ["the last", (count) => count - 1],
  ["any", (count) => Math.floor(chance() * count)]
]

/** Policies whose fixes once undid one another, or did nothing. */
const undone: ReadonlyArray<readonly [string, Used]> = [
  ["a fix that was the policy itself", {
    policy: make({
      attempts: 50,
      timeout: "1 minute",
      overshoot: "refuse",
      backoff: [0, "1 minute"],
      waitJitter: 0,
      waitMax: "1 hour"
    }),
    context: { outage: 30_000 }
  }],
  ["list-unused and attempts-unreachable", {
    policy: make({ attempts: 2, timeout: 1, backoff: ["1 second", "5 seconds"] }),
    context: {}
  }],
  ["attempts-unreachable and outage-outlasts", {
    policy: make({ attempts: 50, overshoot: "refuse", waitExpBase: 10, waitMax: "1 hour" }),
    context: { outage: 30_000 }
  }],
  ["can-keep-down and outage-outlasts", {
    policy: make({ attempts: 20, timeout: Duration.infinity }),
    context: { outage: 30_000, utilisation: 0.3 }
  }],
  ["can-keep-down and list-unused", {
    policy: make({ attempts: 5, backoff: [1000, 2000, 3000, 4000] }),
    context: { utilisation: 0.3 }
  }]
]

describe("a fix", () => {
  it("silences its rule, and no rule finds anything as bad that it did not find before", () => {
    let fixes = 0
    for (const { context, policy } of usedPolicies(1, count)) {
      const before = RetryLint.check(policy, context)
      for (const { fix, rule, severity } of before) {
        if (fix === undefined) continue
        fixes++
        const after = RetryLint.check(fixed(policy, fix), context)
        const worse = after.filter((one) =>
          one.rule === rule || (rank[one.severity] >= rank[severity] &&
            !before.some((other) => other.rule === one.rule && rank[other.severity] >= rank[one.severity]))
        )
        assert.deepStrictEqual(worse, [], `${rule} ${JSON.stringify([fix, policy, context])}`)
        assert.deepStrictEqual(JSON.parse(JSON.stringify(fix)), fix)
      }
    }
    assert.isAbove(fixes, count)
  })

  it("outlasts what the policy outlasted, up to the longest outage that half of its runs do", () => {
    let compared = 0
    for (const { context, policy } of usedPolicies(5, count)) {
      const { attemptTimeout, deadline } = context
      const scenario = { attemptTimeout, deadline, runs: 400, seed: 9, horizon: 400 }
      const offers = RetryLint.check(policy, context).flatMap(({ fix, rule }) =>
        fix === undefined ? [] : [{ fix, rule }]
      )
      if (offers.length === 0) continue
      const before = RetrySimulation.run(policy, scenario)
      // of a policy that never ends, ten minutes are asked for
      const most = before.unfinished > 0 ? 600_000 : Infinity
      for (const { fix, rule } of offers) {
        const after = RetrySimulation.run(fixed(policy, fix), scenario)
        for (const q of [0.1, 0.3, 0.5]) {
          const outage = Math.min(most, before.lastChance.quantile(q))
          if (outage <= 0) continue
          compared++
          const share = Math.max(RetrySimulation.outlast(after, outage), after.unfinished / after.runs)
          assert.isAtLeast(share, 1 - q - 0.2, `${rule} ${JSON.stringify([fix, policy, context, outage])}`)
        }
      }
    }
    assert.isAbove(compared, count)
  })

  it("has words beside it that hold no number which is none", () => {
    for (const { context, policy } of usedPolicies(4, count)) {
      for (const { message } of RetryLint.check(policy, context)) {
        assert.notMatch(message, /NaN|undefined|Infinity|null/, JSON.stringify([policy, context]))
        assert.match(message, /\.$/)
      }
    }
  })

  it.each(orders)("is one of few, where %s of those offered is applied again and again", (_, choose) => {
    for (const used of usedPolicies(2, 60)) {
      const policies = walk(used, choose)
      assert.isAtMost(policies.length - 1, 10, policies.join("\n"))
      assert.strictEqual(new Set(policies).size, policies.length, policies.join("\n"))
    }
  })

  it.each(undone.flatMap(([name, used]) => orders.map(([order, choose]) => [name, order, used, choose] as const)))(
    "leads to an end: %s, %s",
    (_, __, used, choose) => {
      const policies = walk(used, choose)
      assert.isAtMost(policies.length - 1, 5, policies.join("\n"))
      assert.strictEqual(new Set(policies).size, policies.length, policies.join("\n"))
    }
  )
})

describe("the fix of the defaults", () => {
  it("is equal jitter with 13 attempts, which last as long", () => {
    assert.deepStrictEqual(RetryLint.check(make()).map(({ fix }) => fix), [{ backoff: "equal", attempts: 13 }])
  })
})

describe("what is said of an outage", () => {
  it("agrees with a simulation, whatever the deadline", () => {
    let found = 0
    for (const { context, policy } of usedPolicies(6, count)) {
      const { attemptTimeout, deadline, outage } = context
      if (outage === undefined || policy.attempts === 1) continue
      const finding = RetryLint.check(policy, context).find(({ rule }) => rule === "outage-outlasts")
      const always = RetrySimulation.run(policy, { attemptTimeout, deadline, runs: 500, seed: 5, horizon: 400 })
      const share = RetrySimulation.outlast(always, Duration.toMillis(Duration.fromInputUnsafe(outage)))
      const words = JSON.stringify([policy, context, share])
      if (finding?.severity === "error") assert.strictEqual(share, 0, words)
      else if (finding !== undefined) assert.isBelow(share, 1, words)
      else if (always.unfinished === 0) assert.isAbove(share, 0.93, words)
      if (finding !== undefined) found++
    }
    assert.isAbove(found, 20)
  })

  it.each(
    [
      [{ backoff: "equal" }, { outage: 21_000 }, "warning"],
      [{}, { outage: 26_000 }, "warning"],
      [{}, { outage: 20_000, deadline: 10_000 }, "error"]
    ] as const
  )("is a finding where hardly a run outlasts it: %j, %j", (input, context, severity) => {
    const found = RetryLint.check(make(input), context).find(({ rule }) => rule === "outage-outlasts")
    assert.strictEqual(found?.severity, severity)
  })
})

describe("a policy in the wrong unit", () => {
  it("is mended by its unit first, and by nothing that follows from it", () => {
    const policy = make({ attempts: 50, timeout: 45, waitJitter: 0 })
    const found = RetryLint.check(policy, { deadline: "10 seconds" })
    assert.strictEqual(found[0]?.rule, "timeout-below-wait")
    assert.deepInclude(found[0]?.fix, { timeout: 45_000 })
    assert.isTrue(found.slice(1).every(({ fix }) => fix === undefined))
  })
})

describe("the fix of", () => {
  const fixOf = (rule: RetryLint.Rule, policy: RetryPolicy.RetryPolicy, context: RetryLint.Context = {}) =>
    RetryLint.check(policy, context).find((finding) => finding.rule === rule)

  it("list-unused takes waits out that the timeout leaves no room for", () => {
    const policy = make({ attempts: 2, timeout: 1000, backoff: ["1 second", "5 seconds"] })
    assert.deepStrictEqual(fixOf("list-unused", policy)?.fix, { backoff: [1000] })
    assert.deepStrictEqual(fixOf("list-unused", make({ attempts: 2, backoff: [1000, 5000] }))?.fix, { attempts: 3 })
  })

  it("attempts-unreachable takes the waits along that are then no longer waited", () => {
    const policy = make({ attempts: 10, timeout: 1500, backoff: [1000, 2000, 3000, 4000] })
    assert.deepStrictEqual(fixOf("attempts-unreachable", policy)?.fix, { attempts: 3, backoff: [1000, 2000] })
  })

  it("outage-outlasts makes room for the wait that outlasts it", () => {
    const policy = make({ attempts: 50, overshoot: "refuse", waitExpBase: 10, waitMax: "1 hour" })
    const { attempts, timeout } = fixOf("outage-outlasts", policy, { outage: 30_000 })?.fix ?? {}
    // 100 ms, 1 s, 10 s and 100 s, with half a second of jitter each on average
    assert.deepStrictEqual([attempts, timeout], [5, 115_101])
  })

  it("wait-capped cuts what was asked for, where longer waits would do harm", () => {
    const policy = make({ waitInitial: "2 minutes", waitMax: "10 seconds" })
    assert.deepStrictEqual(fixOf("wait-capped", policy)?.fix, { waitInitial: 10_000 })
  })

  it("endless lasts longer than the outage", () => {
    const policy = make({ attempts: Infinity, timeout: Duration.infinity, backoff: "full", waitMax: "1 minute" })
    assert.deepStrictEqual(fixOf("endless", policy, { outage: "20 minutes" })?.fix, { timeout: 2_400_000 })
  })

  it("a rule is none where it would do as much harm, and the message names that", () => {
    const found = fixOf("outage-outlasts", make({ attempts: 3 }), { outage: "20 seconds", utilisation: 0.2 })
    assert.isUndefined(found?.fix)
    assert.match(
      found?.message ?? "",
      /\. \{"attempts":\d+,"timeout":45000\} would change that, and bring can-keep-down\.$/
    )
  })

  it("outage-outlasts is none where the waits are too short for any number of attempts, and the message says so", () => {
    const found = fixOf("outage-outlasts", make({ waitMax: 10 }), { outage: "1 minute" })
    assert.isUndefined(found?.fix)
    assert.match(found?.message ?? "", /The waits have to be longer: on average, 999 of them take 9\.9\d*s\.$/)
  })
})
