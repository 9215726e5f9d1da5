import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"

const crowd: RetrySimulation.Fleet = { clients: 1, rate: "herd", server: { capacity: 1 } }

const tools: ReadonlyArray<readonly [string, (policy: RetryPolicy.RetryPolicy) => unknown]> = [
  ["RetryLint.check", (policy) => RetryLint.check(policy)],
  ["RetrySimulation.run", (policy) => RetrySimulation.run(policy, { runs: 3 }).duration.mean],
  ["RetrySimulation.samples", (policy) => RetrySimulation.samples(policy, { runs: 3 })],
  ["RetrySimulation.fleet", (policy) => RetrySimulation.fleet(policy, crowd).steps],
  ["RetryExplanation.explain", (policy) => RetryExplanation.explain(policy, { runs: 3 })]
]

/** What the types let pass, and some of what they do not. */
const bad: ReadonlyArray<readonly [object, string]> = [
  [{ attempts: -1 }, "attempts must be an integer >= 1 or Infinity, got -1"],
  [{ attempts: 2.5 }, "attempts must be an integer >= 1 or Infinity, got 2.5"],
  [{ attempts: NaN }, "attempts must be an integer >= 1 or Infinity, got NaN"],
  [{ timeout: Duration.zero }, "timeout must be a duration > 0 or Duration.infinity, got 0 millis"],
  [{ waitInitial: Duration.infinity }, "waitInitial must be a finite duration >= 0, got Infinity"],
  [{ waitMax: Duration.millis(-1) }, "waitMax must be a finite duration >= 0, got -1 millis"],
  [{ waitJitter: "300%" }, "waitJitter must be a finite duration >= 0 or a percentage from 0% to 100%, got \"300%\""],
  [{ waitExpBase: NaN }, "waitExpBase must be a finite number >= 0, got NaN"],
  [{ backoff: [] }, "backoff must be one of additive"],
  [{ backoff: "ful" }, "backoff must be one of additive"],
  [{ overshoot: "maybe" }, "overshoot must be \"allow\" or \"refuse\", got \"maybe\""],
  [{ attempts: undefined }, "policy must be a policy with all fields, as RetryPolicy.make makes it"]
]

describe.each(tools)("a policy that was spread by hand, in %s", (name, tool) => {
  it.each(bad)("is refused with %o", (fields, message) => {
    // most of these are mistakes that TypeScript would find
    const policy = { ...RetryPolicy.defaults, ...fields } as RetryPolicy.RetryPolicy
    assert.throws(() => tool(policy), RangeError, `${name}: ${message}`)
  })

  it("is as good as one that was made, whatever else is in it", () => {
    const policy = { ...RetryPolicy.defaults, attempts: 3, on: "HttpError" }
    assert.deepStrictEqual(tool(policy), tool(RetryPolicy.make({ attempts: 3 })))
  })

  it("is refused where it is none", () => {
    // a mistake that TypeScript would find
    assert.throws(
      () => tool(null as unknown as RetryPolicy.RetryPolicy),
      RangeError,
      `${name}: policy must be a policy`
    )
  })
})
