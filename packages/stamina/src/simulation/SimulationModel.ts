/**
 * What is simulated, and what comes out: the types of `RetrySimulation`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { Answer, FailedCall, Request } from "../around/Admission.ts"
import type * as RetryBudget from "../around/RetryBudget.ts"
import type { GiveUpReason } from "../run/Decision.ts"

// ---------------------------------------------------------------------------------------------------------------------
// what both simulations take
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Which attempts fail.
 *
 * - `"always"`: all of them. The dependency never recovers.
 * - `{ outage }`: those that begin before so much time has passed since the first attempt.
 * - `{ chance }`: each with this probability, whatever became of others.
 *
 * @category models
 * @since 0.1.0
 */
export type Failures = "always" | { readonly outage: Duration.Input } | { readonly chance: number }

/**
 * How long an attempt takes: always the same, or log-normal with this median and 99th percentile.
 *
 * @category models
 * @since 0.1.0
 */
export type Latency = Duration.Input | { readonly median: Duration.Input; readonly p99: Duration.Input }

/**
 * What the other side asks for when an attempt fails, as by a `Retry-After`: at least `wait`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hints {
  readonly wait: Duration.Input
  /** The longest wait that is granted; a longer one ends the run. Default 1 minute, as in `RetryOn.atLeast`. */
  readonly max?: Duration.Input | undefined
  /** The probability that a failure carries the hint: from 0 to 1. Default 1. */
  readonly chance?: number | undefined
}

/**
 * A retry budget of your own, on paper: an `Admission` that gets the time in milliseconds in place of a fiber.
 *
 * @category models
 * @since 0.1.0
 */
export interface Budget {
  /** A call begins: its first attempt is about to be made. */
  readonly called: (now: number) => void
  /** An attempt has failed with something that is retried. */
  readonly failed: (failure: FailedCall, now: number) => void
  /** Whether a retry may be made. */
  readonly ask: (request: Request, now: number) => Answer
  /** The retry that was granted last has succeeded. */
  readonly succeeded: (now: number) => void
  /** The retry that was granted last was never made. */
  readonly unused: (now: number) => void
}

/**
 * A retry budget: the options of a `RetryBudget`, or a function that makes one of your own.
 *
 * @category models
 * @since 0.1.0
 */
export type BudgetInput = RetryBudget.Options | (() => Budget)

/**
 * Hears now and then which share of a simulation is done, from 0 to 1: for a progress bar, where the simulation runs in a
 * thread of its own. It does not change the result.
 *
 * The share is an estimate of the work done, as nobody knows beforehand how often calls fail. It never falls, and the last
 * is 1.
 *
 * @category models
 * @since 0.1.0
 */
export type OnProgress = (share: number) => void

// ---------------------------------------------------------------------------------------------------------------------
// one call, many times
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What happens to the calls of `RetrySimulation.run`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Scenario {
  /** Which attempts fail. Default `"always"`. */
  readonly failures?: Failures | undefined
  /** How long an attempt takes. Default 0. */
  readonly latency?: Latency | undefined
  /** How long an attempt may take; one that takes longer fails then, and is retried. Default: no limit. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** The deadline around the run, from just before the first attempt. Default: none. */
  readonly deadline?: Duration.Input | undefined
  /** What failures ask for. Default: nothing. */
  readonly hints?: Hints | undefined
  /** The budget that the calls share, one after the other. Default: none. */
  readonly budget?: BudgetInput | undefined
  /** How many calls are simulated: an integer from 1 to 10 000 000. Default 10 000. */
  readonly runs?: number | undefined
  /** The seed of all random numbers: an integer. Default 1. */
  readonly seed?: number | undefined
  /** How many attempts of one call are looked at: an integer ≥ 1. Default 1000. */
  readonly horizon?: number | undefined
  /** Hears how far the simulation is. Default: nobody. */
  readonly onProgress?: OnProgress | undefined
}

/**
 * A number for each run, as a distribution. Times are in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Distribution {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** The number that a share `q` of the runs does not exceed: `quantile(0.5)` is the median. */
  readonly quantile: (q: number) => number
  /** The share of the runs whose number is less than `limit`. */
  readonly shareBelow: (limit: number) => number
  /** How many runs fall in each of `bins` equal parts between the smallest and the largest number. */
  readonly histogram: (bins: number) => ReadonlyArray<Bin>
}

/**
 * A part of a histogram: `from` ≤ number < `to`, where the last part includes its end.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bin {
  readonly from: number
  readonly to: number
  readonly count: number
}

/**
 * What became of the calls.
 *
 * @category models
 * @since 0.1.0
 */
export interface Simulated {
  readonly runs: number
  /** How many runs ended in success. */
  readonly succeeded: number
  /** How many runs made as many attempts as are looked at, and would have gone on. */
  readonly unfinished: number
  /** How many runs gave up, by reason. */
  readonly reasons: Readonly<Partial<Record<GiveUpReason, number>>>
  /** How many attempts a run made. */
  readonly attempts: Distribution
  /** How long a run waited in all. */
  readonly totalWait: Distribution
  /** How long a run took in all. */
  readonly duration: Distribution
  /**
   * When the last attempt of a run began that could have succeeded, had the dependency been well: one that takes no
   * longer than it may. -1 where there was none.
   */
  readonly lastChance: Distribution
}

/**
 * One call, attempt by attempt. Times are milliseconds since just before the first attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sample {
  readonly attempts: ReadonlyArray<SampledAttempt>
  readonly outcome: "Succeeded" | "Unfinished" | GiveUpReason
  readonly duration: number
}

/**
 * An attempt of a {@link Sample}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SampledAttempt {
  readonly begins: number
  readonly took: number
  /** The wait after it; undefined for the last. */
  readonly waitAfter: number | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// many clients, one server
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The server of a fleet. It serves one attempt after the other, each for `1 / capacity` of a second, in the order in
 * which they came. Whoever no longer waits for an answer is served all the same.
 *
 * @category models
 * @since 0.1.0
 */
export interface Server {
  /** How many attempts it serves per second: a number > 0. */
  readonly capacity: number
  /** How many attempts may stand in its queue; beyond it, it refuses. Default: no limit. */
  readonly queue?: number | undefined
  /** Whether it passes over attempts that nobody waits for. Default `false`. */
  readonly skipsAbandoned?: boolean | undefined
}

/**
 * What is wrong with the server for a while.
 *
 * - `"refuses"`: every attempt fails at once.
 * - `"hangs"`: attempts are accepted, and none is served.
 * - `"slow"`: it serves `factor` of its capacity, by default half.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trouble {
  readonly kind: "refuses" | "hangs" | "slow"
  /** When it begins. */
  readonly from: Duration.Input
  /** How long it lasts. */
  readonly lasts: Duration.Input
  /** What is left of the capacity of a slow server: a number > 0 and ≤ 1. Default 0.5. */
  readonly factor?: number | undefined
}

/**
 * The clients of `RetrySimulation.fleet`, their server, and what happens to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fleet {
  /** How many clients there are: an integer from 1 to 10 000 000. */
  readonly clients: number
  /** How many calls each client begins per second, at random, or `"herd"`: each makes one call, all at time 0. */
  readonly rate: number | "herd"
  readonly server: Server
  /** Default: nothing is wrong. */
  readonly trouble?: Trouble | undefined
  /** How long is looked at. Default 2 minutes. */
  readonly lasts?: Duration.Input | undefined
  /** How long a client waits for an answer, before the attempt has failed. Default: no limit. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** The probability that an attempt fails though it was served. Default 0. */
  readonly failures?: number | undefined
  /** The retry budget of each client. Default: none. */
  readonly budget?: BudgetInput | undefined
  /** Whether all clients share one budget. Default `false`. */
  readonly sharedBudget?: boolean | undefined
  /** The width of a step of time in the result. Default 1 second. */
  readonly step?: Duration.Input | undefined
  /** The seed of all random numbers: an integer. Default 1. */
  readonly seed?: number | undefined
  /** Hears how far the simulation is. Default: nobody. */
  readonly onProgress?: OnProgress | undefined
}

/**
 * What happened in one step of time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  /** When it begins, in milliseconds. */
  readonly from: number
  /** Calls begun. */
  readonly calls: number
  /** Attempts begun, first ones and retries. */
  readonly attempts: number
  /** Calls that ended in success. */
  readonly succeeded: number
  /** Calls that gave up. */
  readonly gaveUp: number
  /** Of the calls begun in this step: how many ended in success. */
  readonly willSucceed: number
  /** Of the calls begun in this step: how many had not ended at the end. */
  readonly open: number
  /** The longest queue of the server. */
  readonly queue: number
}

/**
 * What became of a fleet.
 *
 * @category models
 * @since 0.1.0
 */
export interface FleetResult {
  readonly steps: ReadonlyArray<Step>
  readonly calls: number
  readonly attempts: number
  readonly succeeded: number
  /** How many calls gave up, by reason. */
  readonly reasons: Readonly<Partial<Record<GiveUpReason, number>>>
  /** How many attempts the server served, and how many of these for nobody. */
  readonly served: number
  readonly wasted: number
  /** Attempts per call, over all of the time. */
  readonly amplification: number
  /** Attempts per call after the trouble, as long as calls end; `NaN` where there was no trouble. */
  readonly amplificationAfter: number
  /**
   * Milliseconds from the end of the trouble until calls succeed again, at least 95 % of those begun in any step from
   * then on. `Infinity` where that does not come, and 0 where there was no trouble.
   */
  readonly recoveredAfter: number
  /** How long calls took that succeeded. */
  readonly latency: Distribution
  /** How many events were simulated. */
  readonly events: number
}
