/**
 * Simulations as data: what goes in and what comes out can be sent to another thread, and printed as JSON.
 */
import { RetryPolicy } from "effect-stamina"
import * as Schema from "effect/Schema"
import * as RetrySimulation from "../simulate/RetrySimulation.ts"
import type { Bin, Fleet, FleetResult, Quantiles, Scenario, Simulated } from "../simulate/RetrySimulation.ts"

export type Job =
  | { readonly kind: "calls"; readonly policy: RetryPolicy.Encoded; readonly scenario: Scenario }
  | { readonly kind: "crowd"; readonly policy: RetryPolicy.Encoded; readonly options: Fleet }

/** What comes out of a job. */
export type Outcome<J extends Job> = J extends { readonly kind: "calls" } ? Calls : Crowd

/** What became of calls. Times are in milliseconds. */
export interface Calls extends Pick<Simulated, "runs" | "succeeded" | "unfinished" | "reasons"> {
  readonly attempts: Quantiles
  readonly totalWait: Quantiles
  readonly duration: Quantiles
  /** How many calls took how long. */
  readonly histogram: ReadonlyArray<Bin>
}

/** What became of a fleet. Times are in milliseconds. JSON has neither `Infinity` nor `NaN`: these are words here. */
export interface Crowd extends Omit<FleetResult, "amplificationAfter" | "latency" | "recoveredAfter"> {
  readonly amplificationAfter: number | null
  readonly recoveredAfter: number | "never" | null
  readonly latency: Quantiles | null
}

const decode = Schema.decodeSync(RetryPolicy.Schema)

const bins = 12

/** Does a job. Throws a `RangeError` if the library does. */
export const run = (job: Job): Calls | Crowd => job.kind === "calls" ? calls(job) : crowd(job)

const calls = ({ policy, scenario }: Extract<Job, { readonly kind: "calls" }>): Calls => {
  const { attempts, duration, reasons, runs, succeeded, totalWait, unfinished } = RetrySimulation.run(
    decode(policy),
    scenario
  )
  return {
    runs,
    succeeded,
    unfinished,
    reasons,
    attempts: RetrySimulation.quantiles(attempts),
    totalWait: RetrySimulation.quantiles(totalWait),
    duration: RetrySimulation.quantiles(duration),
    histogram: duration.histogram(bins)
  }
}

const crowd = ({ options, policy }: Extract<Job, { readonly kind: "crowd" }>): Crowd => {
  const { amplificationAfter, latency, recoveredAfter, ...rest } = RetrySimulation.fleet(decode(policy), options)
  return {
    ...rest,
    amplificationAfter: Number.isFinite(amplificationAfter) ? amplificationAfter : null,
    recoveredAfter: recoveredAfter === Infinity ? "never" : Number.isNaN(recoveredAfter) ? null : recoveredAfter,
    latency: latency.count === 0 ? null : RetrySimulation.quantiles(latency)
  }
}
