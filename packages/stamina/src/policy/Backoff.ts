/**
 * How long to wait before a retry: pure arithmetic on numbers of milliseconds.
 *
 * @since 0.1.0
 */
import { backoffOf } from "./input.ts"
import type { Backoff, BackoffShape, Curve, Traits } from "./model.ts"
import * as shapes from "./shapes.ts"

export type { Backoff, Traits } from "./model.ts"

/**
 * The shapes of a backoff; `RetryPolicy.BackoffShape` has the formula of each. A list holds the waits themselves, in
 * milliseconds, and is not empty.
 *
 * @category models
 * @since 0.1.0
 */
export type Shape = BackoffShape<number>

/**
 * Takes the backoff out of a policy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPolicy = (policy: Curve): Backoff => backoffOf(policy) as Backoff // a policy has every field

/**
 * The wait before retry `retryNum` (1 = the first), in milliseconds. By default it is
 * `min(max, initial · base^(retryNum−1) + u · jitter)`, where `random` draws `u` from [0, 1).
 *
 * **Details**
 *
 * The default formula is that of Python's stamina: jitter first, the cap last. `RetryPolicy.BackoffShape` has the
 * others. Every shape saturates: at any retry number, however large, the wait is a number between 0 and `max`. A power
 * too large for a number counts as `max`, even if `initial` is 0, as in stamina.
 *
 * `random` is called at most once, and not at all if the wait does not depend on chance: if `jitter` and `spread`
 * are 0 in a shape that uses them, or if the range of a random wait has no width.
 *
 * `previous` is the wait before the attempt that failed, in milliseconds. Only the decorrelated shape uses it. The
 * default is the initial wait.
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
export const wait = (
  backoff: Backoff,
  retryNum: number,
  random: () => number,
  previous: number = backoff.initial
): number => {
  const [low, width] = shapes.rowOf(backoff.shape).range(backoff, retryNum, previous)
  return Math.min(backoff.max, width === 0 ? low : low + random() * width)
}

/**
 * The shortest wait before retry `retryNum`, in milliseconds: the one where `u` is 0. In a shape that uses jitter, that is
 * the wait without it, less the part that is its `spread`; 0 in `"full"`, half in `"equal"`, and the initial wait in
 * `"decorrelated"`.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const shortest = (backoff: Backoff, retryNum: number): number =>
  // a shape may depend on the wait before, but where it begins does not
  wait(backoff, retryNum, () => 0)

/**
 * The longest wait before retry `retryNum`, in milliseconds: the limit that the wait approaches as `u` approaches 1.
 *
 * **Details**
 *
 * In `"decorrelated"`, where each wait depends on the one before, it is that of a run in which every wait was as long as
 * possible: `min(max, 3^retryNum · initial)`. Waits that `on` chooses are not considered.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const longest = (backoff: Backoff, retryNum: number): number =>
  shapes.rowOf(backoff.shape).longest?.(backoff, retryNum) ?? wait(backoff, retryNum, () => 1)

/**
 * What there is to know of a shape beside its formula. A list of waits has the traits of a constant wait.
 *
 * **Example** (The same policy without chance)
 *
 * ```ts
 * import { Backoff, RetryPolicy } from "effect-stamina"
 *
 * const policy = RetryPolicy.make({ backoff: "full" })
 * const { withoutChance } = Backoff.traitsOf(policy.backoff)
 * const steady = RetryPolicy.make({ ...policy, waitJitter: 0, ...withoutChance })
 *
 * console.log(steady.backoff) // additive
 * ```
 *
 * @category arithmetic
 * @since 0.2.0
 */
export const traitsOf = (shape: BackoffShape<unknown>): Traits => shapes.traitsOf(shape)
