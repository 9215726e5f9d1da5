/**
 * What is simulated for a policy, as data that goes to another thread and back.
 */
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import type { Bin, FleetResult, OnProgress, Quantiles, Simulated } from "effect-stamina-lab/RetrySimulation"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Schema from "effect/Schema"
import type { Herd, Use } from "../model/setting.ts"
import { argumentsOf, type Variant, variants } from "../model/variants.ts"

export interface Job {
  readonly policy: RetryPolicy.Encoded
  readonly use: Use
  /** The outage in question, in milliseconds. */
  readonly outage: number | undefined
  readonly herd: Herd
}

/** What becomes of a policy. Times are in milliseconds. */
export interface Outcome {
  readonly ends: Ends
  readonly herds: ReadonlyArray<HerdOutcome>
}

/** How runs end where every attempt fails. */
export interface Ends extends Pick<Simulated, "runs" | "unfinished" | "reasons"> {
  readonly duration: Quantiles
  readonly attempts: Quantiles
  /** How many runs took how long. */
  readonly histogram: ReadonlyArray<Bin>
  /** The share of runs that outlast an outage, as far as it is known: a curve, and the outages that people ask about. */
  readonly curve: ReadonlyArray<Outlasted>
  readonly outlasts: ReadonlyArray<Outlasted>
}

export interface Outlasted {
  readonly outage: number
  readonly share: number
}

export interface HerdOutcome extends Omit<FleetResult, "latency"> {
  readonly variant: Variant
}

const decode = Schema.decodeSync(RetryPolicy.Schema)

/** Does some jobs, one after the other. Throws a `RangeError` if the library does. */
export const run = (jobs: ReadonlyArray<Job>, onProgress: OnProgress): ReadonlyArray<Outcome> => {
  const parts = jobs.length * (1 + variants.length)
  let done = 0
  const part = <A>(simulate: (onProgress: OnProgress) => A): A => {
    const result = simulate((share) => onProgress((done + share) / parts))
    onProgress(++done / parts)
    return result
  }
  return jobs.map(({ herd, outage, policy: encoded, use }) => {
    const policy = decode(encoded)
    return {
      ends: part((onProgress) => endsOf(policy, { ...use, onProgress }, outage)),
      herds: variants.map((variant) =>
        part((onProgress) => {
          const [simulated, options] = argumentsOf(variant, policy, herd)
          const { latency: _, ...result } = RetrySimulation.fleet(simulated, { ...options, onProgress })
          return { variant, ...result }
        })
      )
    }
  })
}

/** As many as `RetryExplanation.explain` simulates. */
const runsOf = (policy: RetryPolicy.RetryPolicy): number => RetryPolicy.bounds(policy).attempts > 1000 ? 1000 : 10_000

const endsOf = (
  policy: RetryPolicy.RetryPolicy,
  use: Use & { readonly onProgress: OnProgress },
  outage: number | undefined
): Ends => {
  const always = RetrySimulation.run(policy, { ...use, runs: use.runs ?? runsOf(policy) })
  const { attempts, duration, lastChance, reasons, runs, unfinished } = always
  // what comes after the attempts that were looked at is not known
  const known = (outages: ReadonlyArray<number>) => outages.filter((at) => unfinished === 0 || at <= lastChance.min)
  const shares = (outages: ReadonlyArray<number>) =>
    known(outages).map((outage) => ({ outage, share: RetrySimulation.outlast(always, outage) }))
  const end = Math.max(1, lastChance.max * 1.1)
  return {
    runs,
    unfinished,
    reasons,
    duration: RetrySimulation.quantiles(duration),
    attempts: RetrySimulation.quantiles(attempts),
    histogram: duration.histogram(bins),
    curve: shares(Array.from({ length: points + 1 }, (_, i) => end * i / points)),
    outlasts: shares(
      [...new Set([...common, ...(outage === undefined ? [] : [outage])])].toSorted((a, b) => a - b)
    )
  }
}

const bins = 40
const points = 240

/** The outages of `RetryExplanation.explain`. */
const common = [100, 1000, 5000, 10_000, 30_000, 60_000, 300_000]
