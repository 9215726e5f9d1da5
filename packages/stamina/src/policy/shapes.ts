/**
 * The shapes of a backoff, one row each. `PolicyModel.BackoffShape` documents their formulas.
 */
import type { Backoff, BackoffShape, ShapeName } from "./PolicyModel.ts"

/**
 * Every shape is a place and a width: the wait is `min(max, low + u · width)`, with `u` drawn from [0, 1). Where the
 * width is 0, no number is drawn.
 */
export interface Row {
  /** The place and the width of the wait before retry `retryNum`, in milliseconds. `previous` is the wait before it. */
  readonly range: (backoff: Backoff, retryNum: number, previous: number) => readonly [low: number, width: number]
  /** From this retry on, waits only grow or only shrink. */
  readonly monotoneFrom: number
  /** The longest wait before retry `retryNum`, for a shape in which it depends on the waits before. */
  readonly longest?: (backoff: Backoff, retryNum: number) => number
}

/** Finds the row of a shape. */
export const rowOf = (shape: BackoffShape<number>): Row => typeof shape === "string" ? shapes[shape] : listed(shape)

// ---------------------------------------------------------------------------------------------------------------------
// two families
// ---------------------------------------------------------------------------------------------------------------------

type Curve = (backoff: Backoff, retryNum: number) => number

/** Waits that follow a curve, with jitter on top or, where it is a part of the wait, both ways. */
const jittered = (curve: Curve, monotoneFrom = 1): Row => ({
  range: (backoff, retryNum) => {
    const { jitter, max, spread = 0 } = backoff
    const wait = Math.min(max, curve(backoff, retryNum))
    return [wait * (1 - spread), jitter + 2 * spread * wait]
  },
  monotoneFrom
})

/** Waits that are random from `part` of the exponential wait up to all of it. */
const randomFrom = (part: number): Row => ({
  range: (backoff, retryNum) => {
    const whole = exponential(backoff, retryNum)
    return [whole * part, whole * (1 - part)]
  },
  monotoneFrom: 1
})

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

const shapes: Readonly<Record<ShapeName, Row>> = {
  additive: /*#__PURE__*/ jittered(power),
  full: /*#__PURE__*/ randomFrom(0),
  equal: /*#__PURE__*/ randomFrom(1 / 2),
  decorrelated: {
    range: ({ initial, max }, _, previous) => {
      const low = Math.min(initial, max)
      return [low, Math.max(low, Math.min(max, 3 * previous)) - low]
    },
    monotoneFrom: 1,
    // an initial wait of 0 stays 0 when tripled, even where the power overflows
    longest: (backoff, retryNum) => backoff.initial === 0 ? 0 : exponential({ ...backoff, base: 3 }, retryNum + 1)
  },
  constant: /*#__PURE__*/ jittered(({ initial }) => initial),
  linear: /*#__PURE__*/ jittered(({ initial }, retryNum) => initial * retryNum),
  // 0 · Infinity would be NaN
  fibonacci: /*#__PURE__*/ jittered(({ initial }, retryNum) => initial === 0 ? 0 : initial * fibonacci(retryNum))
}

/** A list goes up and down as it likes until its last wait, which repeats. */
const listed = (waits: ReadonlyArray<number>): Row =>
  jittered((_, retryNum) => waits[Math.min(retryNum, waits.length) - 1] ?? 0, waits.length)
