/**
 * What is simulated of one call, and what comes out: types of `RetrySimulation`.
 */
import type { GiveUpReason } from "effect-stamina/Decision"
import type * as Duration from "effect/Duration"
import type { BudgetInput } from "../tools/budget.ts"
import type { Distribution } from "../tools/distribution.ts"
import type { OnProgress } from "../tools/progress.ts"

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
  /** How many attempts of one call are looked at: an integer from 1 to 10 000 000. Default 1000. */
  readonly horizon?: number | undefined
  /** Is called with how far the simulation is. Default: nothing is. */
  readonly onProgress?: OnProgress | undefined
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
   * longer than it may. -1 if there was none.
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
