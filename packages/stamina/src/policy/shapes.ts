/**
 * The shapes of a backoff, one row each. `RetryPolicy.BackoffShape` documents their formulas.
 */
import type { Backoff, BackoffShape, ShapeName } from "./model.ts"

/**
 * Every shape is a place and a width: the wait is `min(max, low + u · width)`, with `u` drawn from [0, 1). Where the
 * width is 0, no number is drawn. In milliseconds, before retry `retryNum`; `previous` is the wait before that one.
 */
type Range = (backoff: Backoff, retryNum: number, previous: number) => readonly [low: number, width: number]

/** Finds the range of a shape. */
export const rangeOf = (shape: BackoffShape<number>): Range => typeof shape === "string" ? shapes[shape] : listed(shape)

/** From which retry on the waits of a shape only grow or only shrink. A list goes up and down as it likes until its end. */
export const monotoneFrom = (shape: BackoffShape<number>): number => typeof shape === "string" ? 1 : shape.length

/** The longest wait before retry `retryNum` of a decorrelated run, in which every wait was as long as possible. */
export const longestDecorrelated = (backoff: Backoff, retryNum: number): number =>
  // an initial wait of 0 stays 0 when tripled, even where the power overflows
  backoff.initial === 0 ? 0 : exponential({ ...backoff, base: 3 }, retryNum + 1)

// ---------------------------------------------------------------------------------------------------------------------
// two families
// ---------------------------------------------------------------------------------------------------------------------

type Curve = (backoff: Backoff, retryNum: number) => number

/** Waits that follow a curve, with jitter on top or, where it is a part of the wait, both ways. */
const jittered = (curve: Curve): Range => (backoff, retryNum) => {
  const { jitter, max, spread = 0 } = backoff
  const wait = Math.min(max, curve(backoff, retryNum))
  return [wait * (1 - spread), jitter + 2 * spread * wait]
}

/** Waits that are random from `part` of the exponential wait up to all of it. */
const randomFrom = (part: number): Range => (backoff, retryNum) => {
  const whole = exponential(backoff, retryNum)
  return [whole * part, whole * (1 - part)]
}

// ---------------------------------------------------------------------------------------------------------------------
// the rows
// ---------------------------------------------------------------------------------------------------------------------

const power: Curve = ({ base, initial, max }, retryNum) => {
  const factor = Math.pow(base, retryNum - 1)
  // 0 · Infinity would be NaN; stamina, whose power overflows here, waits for the maximum too
  return factor === Infinity ? max : initial * factor
}

const exponential: Curve = (backoff, retryNum) => Math.min(backoff.max, power(backoff, retryNum))

/** The Fibonacci numbers 1, 1, 2, 3, 5, …; infinite past the 1476th, the last that a number can hold. */
const fibonacci = (n: number): number => {
  let a = 1
  let b = 1
  while (--n > 0 && a < Infinity) [a, b] = [b, a + b]
  return a
}

const shapes: Readonly<Record<ShapeName, Range>> = {
  additive: /*#__PURE__*/ jittered(power),
  full: /*#__PURE__*/ randomFrom(0),
  equal: /*#__PURE__*/ randomFrom(1 / 2),
  decorrelated: ({ initial, max }, _, previous) => {
    const low = Math.min(initial, max)
    return [low, Math.max(low, Math.min(max, 3 * previous)) - low]
  },
  constant: /*#__PURE__*/ jittered(({ initial }) => initial),
  linear: /*#__PURE__*/ jittered(({ initial }, retryNum) => initial * retryNum),
  // 0 · Infinity would be NaN
  fibonacci: /*#__PURE__*/ jittered(({ initial }, retryNum) => initial === 0 ? 0 : initial * fibonacci(retryNum))
}

/** The last wait of a list repeats. */
const listed = (waits: ReadonlyArray<number>): Range =>
  jittered((_, retryNum) => waits[Math.min(retryNum, waits.length) - 1] ?? 0)
