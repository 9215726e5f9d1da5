/**
 * How often and how long to retry, as plain data: the retry options without `on` and `name`.
 *
 * A policy is made once, named, shared, read from JSON or the environment, described in a sentence, and spread into
 * the options of whatever retries: `Stamina.retry({ ...patient, on: "HttpError" })`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { checkAttempts, checkBase, checkKnown, checkTimeout, checkWait } from "./internal/check.ts"

/**
 * The six numbers that decide how often and how long to retry, all present and all valid.
 *
 * **Details**
 *
 * The wait before retry `n` (1 = the first retry), with `u` uniform in [0, 1), is
 * `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`: the formula of Python's stamina. Jitter is added
 * first and the cap applies last, so no wait is ever longer than `waitMax`.
 *
 * A run ends as soon as *either* limit is reached: `attempts` calls in all, or `timeout` since just before the first
 * call.
 *
 * @see {@link make} to build one
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy {
  /** Total number of calls, the first one included: an integer ≥ 1, or `Infinity`. Default 10, that is 9 retries. */
  readonly attempts: number
  /**
   * Time after which a failure is final, counted from just before the first call and compared with `>=` when a call
   * has failed: longer than 0, or `Duration.infinity`. It neither cuts a call short nor shortens a wait. Default 45 s.
   */
  readonly timeout: Duration.Duration
  /** The wait before the first retry, without jitter: finite, ≥ 0. Default 100 ms. */
  readonly waitInitial: Duration.Duration
  /** The longest wait, jitter included: finite, ≥ 0. Default 5 s. */
  readonly waitMax: Duration.Duration
  /** The most that jitter adds to a wait: finite, ≥ 0. 0 means none, and then no random number is drawn. Default 1 s. */
  readonly waitJitter: Duration.Duration
  /** What the wait is multiplied by from one retry to the next: a finite number ≥ 0. Default 2. */
  readonly waitExpBase: number
}

/**
 * What {@link make} takes: every field may be left out, and `undefined` means the default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly attempts?: number | undefined
  readonly timeout?: Duration.Input | undefined
  readonly waitInitial?: Duration.Input | undefined
  readonly waitMax?: Duration.Input | undefined
  readonly waitJitter?: Duration.Input | undefined
  readonly waitExpBase?: number | undefined
}

/**
 * The defaults of Python's stamina: 10 attempts, 45 s, waits of `min(5 s, 100 ms · 2^(n−1) + u · 1 s)`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: RetryPolicy = Object.freeze({
  attempts: 10,
  timeout: Duration.seconds(45),
  waitInitial: Duration.millis(100),
  waitMax: Duration.seconds(5),
  waitJitter: Duration.seconds(1),
  waitExpBase: 2
})

/** The names of a policy's fields, in the order in which they are documented. */
const fields: ReadonlyArray<string> = Object.keys(defaults)

/**
 * Makes a policy: what is given, and the defaults for the rest.
 *
 * **Gotchas**
 *
 * Throws a `RangeError` that names the field, the rule and the value when something is out of range or unknown.
 *
 * **Example** (A policy for a slow but cheap call)
 *
 * ```ts
 * import { Duration } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const patient = RetryPolicy.make({ attempts: 20, timeout: "5 minutes", waitMax: "30 seconds" })
 *
 * console.log(patient.attempts, Duration.format(patient.timeout)) // 20 5m
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (input: Input = {}): RetryPolicy => {
  checkKnown("RetryPolicy.make", input, fields)
  return fromInput("RetryPolicy.make", input)
}

/**
 * {@link make} on behalf of another function, whose name errors then carry; fields that are not the policy's are left
 * to that function.
 *
 * @internal
 */
export const fromInput = (caller: string, input: Input): RetryPolicy =>
  Object.freeze({
    attempts: input.attempts === undefined ? defaults.attempts : checkAttempts(caller, input.attempts),
    timeout: input.timeout === undefined ? defaults.timeout : checkTimeout(caller, input.timeout),
    waitInitial: input.waitInitial === undefined
      ? defaults.waitInitial
      : checkWait(caller, "waitInitial", input.waitInitial),
    waitMax: input.waitMax === undefined ? defaults.waitMax : checkWait(caller, "waitMax", input.waitMax),
    waitJitter: input.waitJitter === undefined
      ? defaults.waitJitter
      : checkWait(caller, "waitJitter", input.waitJitter),
    waitExpBase: input.waitExpBase === undefined ? defaults.waitExpBase : checkBase(caller, input.waitExpBase)
  })
