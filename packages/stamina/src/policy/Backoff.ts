/**
 * How long to wait before a retry: pure arithmetic on numbers of milliseconds.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { BackoffShape, Curve, RetryPolicy } from "./model.ts"

/**
 * The numbers of a backoff, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backoff {
  /** How waits grow from one retry to the next, and how chance changes them. */
  readonly shape: Shape
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
 * The shapes of a backoff; see `RetryPolicy.BackoffShape` for the formula of each. A list holds the waits themselves, in
 * milliseconds, and is not empty.
 *
 * @category models
 * @since 0.1.0
 */
export type Shape = BackoffShape<number>

/**
 * Takes a policy's backoff out of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPolicy = (policy: Pick<RetryPolicy, keyof Curve>): Backoff => ({
  shape: typeof policy.backoff === "string" ? policy.backoff : policy.backoff.map((wait) => Duration.toMillis(wait)),
  initial: Duration.toMillis(policy.waitInitial),
  max: Duration.toMillis(policy.waitMax),
  jitter: Duration.toMillis(policy.waitJitter),
  base: policy.waitExpBase
})

/**
 * The wait before retry `retryNum` (1 = the first), in milliseconds; by default
 * `min(max, initial · base^(retryNum−1) + u · jitter)`, with `u` the number that `random` draws from [0, 1).
 *
 * **Details**
 *
 * The default formula is that of Python's stamina, jitter first and the cap last; `RetryPolicy.BackoffShape` has the
 * others. Every shape saturates: at a retry number however large, the wait is a number between 0 and `max`. Where the
 * power is more than a number can hold, it counts as `max` also if `initial` is 0, as in stamina.
 *
 * `random` is asked once, and not at all where chance has no part: where `jitter` is 0 in a shape that adds it.
 *
 * `previous` is the wait before the attempt that failed, in milliseconds; only the decorrelated shape looks at it. Left
 * out, it is the initial wait.
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
  const { max } = backoff
  switch (backoff.shape) {
    case "full":
      return random() * exponential(backoff, retryNum)
    case "equal": {
      const half = exponential(backoff, retryNum) / 2
      return half + random() * half
    }
    case "decorrelated": {
      const floor = Math.min(backoff.initial, max)
      const ceiling = Math.max(floor, Math.min(max, 3 * previous))
      return floor + random() * (ceiling - floor)
    }
    case "additive":
    case "constant":
    case "linear":
    case "fibonacci":
    default:
      return Math.min(max, steady(backoff, retryNum) + (backoff.jitter === 0 ? 0 : random() * backoff.jitter))
  }
}

/**
 * The shortest wait before retry `retryNum`, in milliseconds: the one where `u` is 0, which is no jitter in a shape that
 * adds it, nothing in `"full"`, half in `"equal"`, and the initial wait in `"decorrelated"`.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const shortest = (backoff: Backoff, retryNum: number): number =>
  // the decorrelated floor is the same after every wait
  wait(backoff, retryNum, () => 0)

/**
 * The longest wait before retry `retryNum`, in milliseconds: the one that all jitter would give, approached where `u`
 * comes close to 1.
 *
 * **Details**
 *
 * In `"decorrelated"`, where each wait follows the one before, it is that of a run in which all waits were as long as
 * can be: `min(max, 3^retryNum · initial)`. It does not know of waits that `on` has asked for.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const longest = (backoff: Backoff, retryNum: number): number =>
  backoff.shape === "decorrelated"
    // with an initial wait of 0 there is nothing to triple, not even where the power overflows
    ? backoff.initial === 0 ? 0 : exponential({ ...backoff, base: 3 }, retryNum + 1)
    : wait(backoff, retryNum, () => 1)

/** The part of a wait that has nothing to do with chance, not yet capped. */
const steady = ({ base, initial, max, shape }: Backoff, retryNum: number): number => {
  switch (shape) {
    case "constant":
      return initial
    case "linear":
      return initial * retryNum
    case "fibonacci":
      return initial === 0 ? 0 : initial * fibonacci(retryNum)
    case "additive":
    case "full":
    case "equal":
    case "decorrelated": {
      const factor = Math.pow(base, retryNum - 1)
      // 0 · Infinity would be NaN; stamina, whose power overflows here, waits for the maximum too
      return factor === Infinity ? max : initial * factor
    }
    default:
      return shape[Math.min(retryNum, shape.length) - 1] ?? 0
  }
}

const exponential = (backoff: Backoff, retryNum: number): number => Math.min(backoff.max, steady(backoff, retryNum))

/** The Fibonacci numbers 1, 1, 2, 3, 5, …; past the 1476th, the last that a number can hold, infinite. */
const fibonacci = (n: number): number => {
  let a = 1
  let b = 1
  while (--n > 0 && a < Infinity) [a, b] = [b, a + b]
  return a
}
