/**
 * The shapes of a backoff, one row each. `RetryPolicy.BackoffShape` documents their formulas.
 */
import type { Backoff, BackoffShape, ShapeName, Traits } from "./model.ts"

/**
 * Every shape is a place and a width: the wait is `min(max, low + u · width)`, with `u` drawn from [0, 1). Where the
 * width is 0, no number is drawn. In milliseconds, before retry `retryNum`; `previous` is the wait before that one.
 */
type Range = (backoff: Backoff, retryNum: number, previous: number) => readonly [low: number, width: number]

/** What there is to know of a shape, but for its words: those are in `text.ts`, which a program that retries does not load. */
interface Row {
  readonly range: Range
  /** The longest wait before retry `retryNum`, if waits depend on the one before. Default: the end of the range. */
  readonly longest?: (backoff: Backoff, retryNum: number) => number
  /** Whether it uses the base. Default `false`. */
  readonly usesBase?: boolean
  /** What makes it the waits below which it draws. Only shapes that are random by themselves have it. */
  readonly withoutChance?: Traits["withoutChance"]
}

/** Finds the row of a shape. */
export const rowOf = (shape: BackoffShape<number>): Row => typeof shape === "string" ? shapes[shape] : listed(shape)

/** What is to know of a shape, or of a list, to which the same applies as to a constant wait. */
export const traitsOf = (shape: BackoffShape<unknown>): Traits => {
  const { usesBase = false, withoutChance } = shapes[typeof shape === "string" ? shape : "constant"]
  return { isRandom: withoutChance !== undefined, usesBase, withoutChance: withoutChance ?? {} }
}

/** From which retry on the waits of a shape only grow or only shrink. A list goes up and down as it likes until its end. */
export const monotoneFrom = (shape: BackoffShape<number>): number => typeof shape === "string" ? 1 : shape.length

// ---------------------------------------------------------------------------------------------------------------------
// two families
// ---------------------------------------------------------------------------------------------------------------------

type Curve = (backoff: Backoff, retryNum: number) => number

/** Waits that follow a curve, with jitter on top or, where it is a part of the wait, both ways. */
const jittered = (curve: Curve, usesBase = false): Row => ({
  range: (backoff, retryNum) => {
    const { jitter, max, spread = 0 } = backoff
    const wait = Math.min(max, curve(backoff, retryNum))
    return [wait * (1 - spread), jitter + 2 * spread * wait]
  },
  usesBase
})

/** Waits that are random from `part` of the exponential wait up to all of it. */
const randomFrom = (part: number): Row => ({
  range: (backoff, retryNum) => {
    const whole = exponential(backoff, retryNum)
    return [whole * part, whole * (1 - part)]
  },
  usesBase: true,
  withoutChance: { backoff: "additive" }
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
  additive: /*#__PURE__*/ jittered(power, true),
  full: /*#__PURE__*/ randomFrom(0),
  equal: /*#__PURE__*/ randomFrom(1 / 2),
  decorrelated: {
    range: ({ initial, max }, _, previous) => {
      const low = Math.min(initial, max)
      return [low, Math.max(low, Math.min(max, 3 * previous)) - low]
    },
    // every wait was as long as possible; an initial wait of 0 stays 0 when tripled, even if the power overflows
    longest: (backoff, retryNum) => backoff.initial === 0 ? 0 : exponential({ ...backoff, base: 3 }, retryNum + 1),
    withoutChance: { backoff: "additive", waitExpBase: 3 }
  },
  constant: /*#__PURE__*/ jittered(({ initial }) => initial),
  linear: /*#__PURE__*/ jittered(({ initial }, retryNum) => initial * retryNum),
  // 0 · Infinity would be NaN
  fibonacci: /*#__PURE__*/ jittered(({ initial }, retryNum) => initial === 0 ? 0 : initial * fibonacci(retryNum))
}

/** The last wait of a list repeats. */
const listed = (waits: ReadonlyArray<number>): Row =>
  jittered((_, retryNum) => waits[Math.min(retryNum, waits.length) - 1] ?? 0)
