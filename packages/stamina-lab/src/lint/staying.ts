/**
 * What a policy is there for: how long an outage its runs outlast. Limits, chance and a deadline work together there, so it
 * is not computed but simulated, with the same numbers each time.
 */
import type * as RetryPolicy from "effect-stamina/RetryPolicy"
import type { Scenario } from "../simulate/model.ts"
import { outlast, run } from "../simulate/monteCarlo.ts"

/** How long runs go on in which every attempt fails. Times are in milliseconds. */
export interface Staying {
  /** The share of runs that outlast an outage. Where that is not known of a run, it counts as one that does. */
  readonly outlasts: (outage: number) => number
  /** The outage that a share `1 - q` of the runs outlasts. */
  readonly quantile: (q: number) => number
  /** Whether some run makes more attempts than are looked at. */
  readonly isCut: boolean
}

/** So many attempts of a run are looked at, and about so many of all runs: about a millisecond. */
const horizon = 300
const decisions = 8000

/** Simulates a policy where it is used. */
export const stayingOf = (
  policy: RetryPolicy.RetryPolicy,
  { attemptTimeout, deadline, latency }: Pick<Scenario, "latency" | "attemptTimeout" | "deadline">
): Staying => {
  const scenario = { latency, attemptTimeout, deadline, horizon }
  // limits of time often end runs long before their attempts are used up
  const runs = Math.min(500, Math.ceil(decisions / run(policy, { ...scenario, runs: 10 }).attempts.mean))
  const always = run(policy, { ...scenario, runs })
  return {
    outlasts: (outage) => Math.max(outlast(always, outage), always.unfinished / runs),
    quantile: always.lastChance.quantile,
    isCut: always.unfinished > 0
  }
}

/** What is lost by chance alone, where two simulations are compared. */
const noise = 0.05

/** A policy that never ends has no median. It has to last so long, in milliseconds. */
const longEnough = 600_000

/** Whether a policy outlasts each outage as well as another one, up to the longest that half of the runs of that outlast, and a little beyond: chance moves it. */
export const lastsAsLong = (after: Staying, before: Staying): boolean =>
  [0.02, 0.25, 0.5, 0.6].every((q) => {
    const median = before.quantile(q)
    const outage = before.isCut ? Math.min(median, longEnough) : median
    return outage <= 0 || after.outlasts(outage) >= Math.min(before.outlasts(outage), 1 - q) - noise
  })
