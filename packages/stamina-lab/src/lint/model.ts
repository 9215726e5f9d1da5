/**
 * What can be found in a policy: the types of `RetryLint`.
 */
import type { Curve, Limits } from "effect-stamina/RetryPolicy"
import type * as Duration from "effect/Duration"

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
 * The names of the rules. `RetryLint.explain` and `stamina lint --rules` say what each finds, why, and when to ignore it.
 *
 * The rules from `"attempt-timeout-too-long"` on need the part of the {@link Context} that they are about.
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
  /** A change after which the rule finds nothing, and no other rule anything as bad that it did not find before. */
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
  /** Rules that are not to be checked, because what they find is meant. */
  readonly ignore?: ReadonlyArray<Rule> | undefined
}
