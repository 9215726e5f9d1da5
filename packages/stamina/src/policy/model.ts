/**
 * What a policy is: its fields, what each means, and the shapes that a backoff can have.
 */
import type * as Duration from "effect/Duration"
import { decodeDuration, isWait, refuse } from "../tools/check.ts"

/**
 * How waits grow from one retry to the next, and how chance changes them.
 *
 * **Details**
 *
 * The wait before retry `n` (1 = the first retry), with `u` drawn uniformly from [0, 1) and
 * `e = min(waitMax, waitInitial · waitExpBase^(n−1))`:
 *
 * | shape | wait |
 * | --- | --- |
 * | `"additive"` | `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`, as in Python's stamina; the default |
 * | `"full"` | `u · e`, the "full jitter" of AWS |
 * | `"equal"` | `e/2 + u · e/2`, the "equal jitter" of AWS |
 * | `"decorrelated"` | `f + u · (max(f, min(waitMax, 3 · p)) − f)`, with `f = min(waitInitial, waitMax)` and `p` the wait before, at first `waitInitial` |
 * | `"constant"` | `min(waitMax, waitInitial + u · waitJitter)` |
 * | `"linear"` | `min(waitMax, waitInitial · n + u · waitJitter)` |
 * | `"fibonacci"` | `min(waitMax, waitInitial · F(n) + u · waitJitter)`, `F` = 1, 1, 2, 3, 5, … |
 * | a list | `min(waitMax, list[n] + u · waitJitter)`, counted from 1; the last of the list for all further retries |
 *
 * The names and formulas of the second to fourth are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS
 * Architecture Blog, 2015), but for one thing: there the decorrelated wait is cut off at the cap, which makes many waits
 * the cap itself; here the cap bounds the range that is drawn from.
 *
 * No wait is ever longer than `waitMax`. Only `"additive"`, `"full"` and `"equal"` look at `waitExpBase`, and a list does
 * not look at `waitInitial`. In `"full"`, `"equal"` and `"decorrelated"`, chance has its own place and `waitJitter` has
 * none, so that waits still differ once they have come to the cap. Where jitter is added, it vanishes there: all who
 * wait for `waitMax` wait equally long.
 *
 * **Gotchas**
 *
 * The decorrelated wait follows the one that was really waited, also where `on` had asked for that one: after a minute
 * that a server asked for, it is drawn from a wide range. With a `waitInitial` of 0 it stays 0 until then.
 *
 * @category models
 * @since 0.1.0
 */
export type BackoffShape<Wait = Duration.Duration> = (typeof shapeNames)[number] | ReadonlyArray<Wait>

/** The shapes that have a name. */
export const shapeNames = ["additive", "full", "equal", "decorrelated", "constant", "linear", "fibonacci"] as const

/** A name or a list of waits, each of them given as any `Duration.Input`. */
export const checkShape = (caller: string, value: unknown): BackoffShape => {
  const name = shapeNames.find((name) => name === value)
  if (name !== undefined) return name
  if (Array.isArray(value) && value.length > 0) {
    // not `map`, which leaves out what was never set
    const waits = Array.from(value, decodeDuration)
    if (waits.every(isWait)) return Object.freeze(waits)
  }
  return refuse(
    caller,
    "backoff",
    `one of ${shapeNames.join(", ")}, or a non-empty array of finite durations >= 0`,
    value
  )
}

/**
 * The part of a policy that decides how long waits are.
 *
 * @category models
 * @since 0.1.0
 */
export interface Curve {
  /** How waits grow, and how chance changes them: a name, or a list of waits. Default `"additive"`. */
  readonly backoff: BackoffShape
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
 * What decides how often and how long to retry, all of it present and all of it valid.
 *
 * **Details**
 *
 * The wait before retry `n` (1 = the first retry), with `u` uniform in [0, 1), is by default
 * `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`: the formula of Python's stamina. Jitter is added
 * first and the cap applies last, so no wait is ever longer than `waitMax`. `BackoffShape` has the other formulas.
 *
 * A run ends as soon as *either* limit is reached: `attempts` calls in all, or `timeout` since just before the first
 * call.
 *
 * @see `RetryPolicy.make` to build one
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy extends Curve {
  /** Total number of calls, the first one included: an integer ≥ 1, or `Infinity`. Default 10, that is 9 retries. */
  readonly attempts: number
  /**
   * Time after which a failure is final, counted from just before the first call and compared with `>=` when a call
   * has failed: longer than 0, or `Duration.infinity`. It neither cuts a call short nor shortens a wait. Default 45 s.
   */
  readonly timeout: Duration.Duration
  /**
   * Whether a wait may be begun that would end at or past the timeout: `"allow"`, as in stamina, or `"refuse"`, which
   * gives up instead. Default `"allow"`.
   */
  readonly overshoot: "allow" | "refuse"
}

/**
 * A policy as JSON: see `RetryPolicy.Schema`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded {
  readonly attempts?: number | "unlimited" | undefined
  readonly timeout?: number | string | undefined
  readonly waitInitial?: number | string | undefined
  readonly waitMax?: number | string | undefined
  readonly waitJitter?: number | string | undefined
  readonly waitExpBase?: number | undefined
  readonly backoff?: BackoffShape<number | string> | undefined
  readonly overshoot?: "allow" | "refuse" | undefined
}
