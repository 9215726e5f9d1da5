/**
 * A fleet of clients and its server, and what comes out: types of `RetrySimulation`.
 */
import type { GiveUpReason } from "effect-stamina/Decision"
import type * as Duration from "effect/Duration"
import type { BudgetInput } from "../tools/budget.ts"
import type { Distribution } from "../tools/distribution.ts"
import type { OnProgress } from "../tools/progress.ts"

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
  /** How many attempts may wait in its queue; beyond it, it refuses. Default: no limit. */
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
  /** Is called with how far the simulation is. Default: nothing is. */
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
  /** The width of a step, in milliseconds. */
  readonly step: number
  readonly calls: number
  readonly attempts: number
  /** How many calls ended in success, how many gave up, and how many had not ended at the end: together, all calls. */
  readonly succeeded: number
  readonly gaveUp: number
  readonly open: number
  /** How many calls gave up, by reason. */
  readonly reasons: Readonly<Partial<Record<GiveUpReason, number>>>
  /** How many attempts the server served, and how many of these for nobody. */
  readonly served: number
  readonly wasted: number
  /** Attempts per call, over all of the time. */
  readonly amplification: number
  /** Attempts per call after the trouble, as long as calls end; `NaN` if there was no trouble. */
  readonly amplificationAfter: number
  /**
   * Milliseconds from the end of the trouble until calls succeed again, at least 95 % of those begun in any step from
   * then on. `Infinity` if that does not come, 0 if there was no trouble, and `NaN` if no call that began after it
   * was decided, so that nobody knows.
   */
  readonly recoveredAfter: number
  /** How long calls took that succeeded. */
  readonly latency: Distribution
  /** How many events were simulated. */
  readonly events: number
}
