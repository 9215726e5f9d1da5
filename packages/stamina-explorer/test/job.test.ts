import { describe, expect, it } from "@effect/vitest"
import { RetryPolicy } from "effect-stamina"
import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import * as Backoff from "effect-stamina/Backoff"
import * as Result from "effect/Result"
import { encode } from "../src/model/policy.ts"
import { read } from "../src/model/setting.ts"
import { argumentsOf, variants, withoutJitter } from "../src/model/variants.ts"
import { type Job, run } from "../src/work/job.ts"

const jobOf = (policy: RetryPolicy.RetryPolicy, texts: Parameters<typeof read>[0] = {}, outage?: number): Job => {
  const { herd, use } = Result.getOrThrow(read({ clients: "50", lasts: "20 seconds", ...texts }))
  return { policy: encode(policy), use, outage, herd }
}

const silent = () => {}

describe("a job", () => {
  const policies = [
    RetryPolicy.defaults,
    RetryPolicy.make({ backoff: "full" }),
    RetryPolicy.make({ attempts: Infinity, timeout: Infinity })
  ]

  it.each(policies)("finds what RetryExplanation finds: %#", (policy) => {
    const [outcome] = run([jobOf(policy, {}, 2500)], silent)
    const { givesUp, outlasts } = RetryExplanation.explain(policy, { outage: 2500 })
    expect(outcome?.ends.outlasts).toEqual(outlasts)
    if (givesUp === undefined) expect(outcome?.ends.unfinished).toBeGreaterThan(0)
    else {
      expect(outcome?.ends).toMatchObject({ duration: givesUp.duration, attempts: givesUp.attempts, unfinished: 0 })
      expect(outcome?.ends.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(outcome?.ends.runs)
    }
  })

  it("finds what RetrySimulation finds of a herd in four ways", () => {
    const policy = RetryPolicy.make({ attempts: 5 })
    const job = jobOf(policy)
    const [outcome] = run([job], silent)
    expect(outcome?.herds.map(({ variant }) => variant)).toEqual(variants)
    for (const { steps, variant } of outcome?.herds ?? []) {
      expect(steps).toEqual(RetrySimulation.fleet(...argumentsOf(variant, policy, job.herd)).steps)
    }
    expect(argumentsOf({ jitter: true, budget: false }, policy, job.herd)[1].budget).toBeUndefined()
    expect(argumentsOf({ jitter: true, budget: true }, policy, job.herd)[1]).toBe(job.herd)
  })

  it("has a curve that falls from all runs to none", () => {
    const curve = run([jobOf(RetryPolicy.defaults)], silent)[0]?.ends.curve ?? []
    expect(curve[0]).toEqual({ outage: 0, share: 1 })
    expect(curve.at(-1)?.share).toBe(0)
    expect(curve.every(({ share }, i) => share <= (curve[i - 1]?.share ?? 1))).toBe(true)
  })

  it("says how far it is, of all jobs together, and more each time", () => {
    const shares: Array<number> = []
    const jobs = [jobOf(RetryPolicy.defaults), jobOf(RetryPolicy.make({ attempts: 3 }))]
    run(jobs, (share) => void shares.push(share))
    expect(shares.length).toBeGreaterThan(10)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
    expect(shares.filter((share) => share < 0.5).length).toBeGreaterThan(5)
  })

  it("can be sent to another thread, and what it finds back", () => {
    const jobs = [jobOf(RetryPolicy.defaults, { latency: "50", latencyP99: "1 second" }, 100)]
    const outcomes = run(structuredClone(jobs), silent)
    expect(structuredClone(outcomes)).toEqual(outcomes)
  })
})

describe("a policy without jitter", () => {
  it.each(
    [...RetryPolicy.shapeNames, ["1 second", "2 seconds"]] as const
  )(
    "has waits that are sure, and within what they were: %s",
    (backoff) => {
      const policy = RetryPolicy.make({ backoff, attempts: 8, timeout: Infinity })
      const [before, after] = [policy, withoutJitter(policy)].map(Backoff.fromPolicy)
      if (before === undefined || after === undefined) throw new Error("there are two")
      for (let retry = 1; retry < 8; retry++) {
        expect(Backoff.shortest(after, retry)).toBe(Backoff.longest(after, retry))
        expect(Backoff.longest(after, retry)).toBeLessThanOrEqual(Backoff.longest(before, retry))
        expect(Backoff.longest(after, retry)).toBeGreaterThanOrEqual(Backoff.shortest(before, retry))
      }
    }
  )
})
