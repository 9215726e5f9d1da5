/**
 * What can be found in a policy: the types of `RetryLint`.
 */
import type { Curve, Limits } from "effect-stamina/RetryPolicy"
import type * as Duration from "effect/Duration"
import type * as RetrySimulation from "../simulate/RetrySimulation.ts"

/**
 * How bad a finding is.
 *
 * - `"error"`: nobody can mean this.
 * - `"warning"`: it is likely to do harm.
 * - `"info"`: good to know.
 *
 * @category models
 * @since 0.1.0
 */
export type Severity = "error" | "warning" | "info"

/**
 * The rules.
 *
 * **Details**
 *
 * Rules about a policy alone. "Never" and "always" mean: for all random numbers, and however long calls take.
 *
 * | rule | severity | finds |
 * | --- | --- | --- |
 * | `single-attempt` | info | One attempt: nothing is retried, and no other field counts. |
 * | `no-wait` | error above 10 attempts, else warning | Every wait is 0, and there are more than 3 attempts. |
 * | `endless` | warning | Neither attempts nor time are limited. |
 * | `runaway` | error | More than 1000 calls fit in the timeout, and nothing else limits them. |
 * | `attempts-unreachable` | warning | The timeout ends every run before all attempts are made. |
 * | `attempts-unlikely` | info | With average waits, the timeout ends a run after less than 80 % of the attempts. |
 * | `timeout-unreachable` | info | No run gets to the timeout, or only where calls take more than a minute on average. |
 * | `timeout-below-wait` | error | The timeout is no longer than the first wait. |
 * | `unit-suspect` | warning | Times too short for a network: seconds may be meant. |
 * | `no-jitter` | warning | No wait depends on chance: clients that fail together come back together. |
 * | `jitter-lost-at-cap` | warning, or info | Waits at the cap are all equal: clients that failed together come in waves. |
 * | `jitter-thin` | warning, or info up to 3 retries | Jitter that makes up less than a tenth of most waits, and less than a second. |
 * | `jitter-swamps` | info | Jitter as long as the longest wait: growth does not show. |
 * | `field-unused` | info | A field that the shape of the backoff does not use. |
 * | `wait-capped` | error | A wait that was asked for is longer than `waitMax`. |
 * | `list-unused` | warning | The list has more waits than there are retries. |
 * | `list-repeats` | info | The list has fewer waits than there can be retries, so the last repeats. |
 * | `waits-shrink` | error, warning or info | Later waits are shorter than earlier ones. |
 * | `no-growth` | info | An exponential shape with base 1. |
 * | `no-growth-many` | warning | More than 5 retries with equal waits of less than a second. |
 * | `growth-steep` | info | A base above 10. |
 * | `window-short` | info | All waits together take less than half a second. |
 * | `wait-max-unreached` | info | A `waitMax` other than the default that no wait comes to. |
 * | `overshoots` | warning | A run can end long after its timeout. |
 *
 * Rules about a policy where it is used: they need the part of the {@link Context} that they name.
 *
 * | rule | severity | finds |
 * | --- | --- | --- |
 * | `attempt-timeout-too-long` | error | `attemptTimeout` is no shorter than the timeout: calls that hang are never retried. |
 * | `attempts-starved` | warning at half or less, else info | Where every call hangs for `attemptTimeout`, not all attempts fit. |
 * | `beyond-deadline` | error, warning or info | The `deadline` leaves no room for the attempts, or for the waits. |
 * | `nested` | warning above 25 calls, info above 9 | Retries in other layers (`otherAttempts`) multiply the calls. |
 * | `can-keep-down` | error, or warning with a budget | At this `utilisation`, retries can keep an overloaded server down. |
 * | `outage-outlasts` | error or warning | No run outlasts the `outage`, or less than 99 % of the runs do. |
 *
 * @category models
 * @since 0.1.0
 */
export type Rule =
  | "single-attempt"
  | "no-wait"
  | "endless"
  | "runaway"
  | "attempts-unreachable"
  | "attempts-unlikely"
  | "timeout-unreachable"
  | "timeout-below-wait"
  | "unit-suspect"
  | "no-jitter"
  | "jitter-lost-at-cap"
  | "jitter-thin"
  | "jitter-swamps"
  | "field-unused"
  | "wait-capped"
  | "list-unused"
  | "list-repeats"
  | "waits-shrink"
  | "no-growth"
  | "no-growth-many"
  | "growth-steep"
  | "window-short"
  | "wait-max-unreached"
  | "overshoots"
  | "attempt-timeout-too-long"
  | "attempts-starved"
  | "beyond-deadline"
  | "nested"
  | "can-keep-down"
  | "outage-outlasts"

/**
 * Fields of a policy to change, with times in milliseconds: input for `RetryPolicy.make`, and plain JSON.
 *
 * @category models
 * @since 0.1.0
 */
export type Fix = { readonly [K in keyof (Limits & Curve)]?: (Limits<number> & Curve<number>)[K] }

/**
 * A field that a finding is about: of the policy, or of the {@link Context}.
 *
 * @category models
 * @since 0.1.0
 */
export type Field = keyof (Limits & Curve) | Exclude<keyof Context, "ignore">

/**
 * Something found in a policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finding {
  readonly rule: Rule
  readonly severity: Severity
  readonly fields: ReadonlyArray<Field>
  /** What is wrong, in a sentence. The wording may change between versions. */
  readonly message: string
  /**
   * A change after which the rule finds nothing, no other rule finds anything as bad that it did not find before, and runs
   * outlast at least the outages that they outlast now.
   */
  readonly fix: Fix | undefined
}

/**
 * Where a policy is used. Each part that is known adds findings.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context {
  /** The option `attemptTimeout`: how long one attempt may take. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** How long the caller waits for the whole run. */
  readonly deadline?: Duration.Input | undefined
  /** How often layers above or below make a call: 3 for a client library that makes 3 attempts of its own. */
  readonly otherAttempts?: ReadonlyArray<number> | undefined
  /** The share of the server's capacity in use on a good day: from 0 to 1. */
  readonly utilisation?: number | undefined
  /**
   * How many retries per call a budget grants while everything fails: 0 for a `RetryBudget`, which only successes fill;
   * for others the percentage as a fraction, plus the guaranteed retries per second over the calls per second. Default:
   * there is no budget.
   */
  readonly budgetedRetries?: number | undefined
  /** How long an outage lasts that should be outlasted. */
  readonly outage?: Duration.Input | undefined
  /** How long an attempt takes, where that decides which outage a run outlasts. Default 0. */
  readonly latency?: RetrySimulation.Latency | undefined
  /** Rules that are not to be checked, because what they find is meant. */
  readonly ignore?: ReadonlyArray<Rule> | undefined
}
