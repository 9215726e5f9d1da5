/**
 * How long to wait before a retry: pure arithmetic on numbers of milliseconds.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { RetryPolicy } from "./internal/policyFields.ts"

/**
 * The numbers of an exponential backoff with additive jitter, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backoff {
  /** The wait before the first retry, without jitter, in milliseconds. */
  readonly initial: number
  /** The longest wait, jitter included, in milliseconds. */
  readonly max: number
  /** The most that jitter adds, in milliseconds. */
  readonly jitter: number
  /** What the wait is multiplied by from one retry to the next. */
  readonly base: number
}

/**
 * Takes a policy's backoff out of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPolicy = (policy: RetryPolicy): Backoff => ({
  initial: Duration.toMillis(policy.waitInitial),
  max: Duration.toMillis(policy.waitMax),
  jitter: Duration.toMillis(policy.waitJitter),
  base: policy.waitExpBase
})

/**
 * The wait before retry `retryNum` (1 = the first), in milliseconds:
 * `min(max, initial · base^(retryNum−1) + u · jitter)`, with `u` the number that `random` draws from [0, 1).
 *
 * **Details**
 *
 * The formula is that of Python's stamina, jitter first and the cap last. It saturates: once `base^(retryNum−1)` is
 * more than a number can hold, the wait is `max` exactly, also where `initial` is 0, as in stamina.
 *
 * `random` is asked once, and not at all where `jitter` is 0.
 *
 * **Example** (The default waits, without chance)
 *
 * ```ts
 * import { Backoff, RetryPolicy } from "effect-stamina"
 *
 * const backoff = Backoff.fromPolicy(RetryPolicy.defaults)
 *
 * console.log([1, 2, 3, 10].map((retryNum) => Backoff.wait(backoff, retryNum, () => 0.5)))
 * // [ 600, 700, 900, 5000 ]
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const wait = (backoff: Backoff, retryNum: number, random: () => number): number =>
  capped(backoff, retryNum, backoff.jitter === 0 ? 0 : random() * backoff.jitter)

/**
 * The shortest wait before retry `retryNum`, in milliseconds: the wait without any jitter.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const shortest = (backoff: Backoff, retryNum: number): number => capped(backoff, retryNum, 0)

/**
 * The longest wait before retry `retryNum`, in milliseconds: the wait with all of the jitter.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const longest = (backoff: Backoff, retryNum: number): number => capped(backoff, retryNum, backoff.jitter)

const capped = (backoff: Backoff, retryNum: number, jitter: number): number => {
  const factor = Math.pow(backoff.base, retryNum - 1)
  // 0 · Infinity would be NaN; stamina, whose power overflows here, waits for the maximum too
  return factor === Infinity ? backoff.max : Math.min(backoff.max, backoff.initial * factor + jitter)
}
