import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { Backoff, type RetryPolicy } from "effect-stamina"
import * as arbitraries from "../kit/arbitraries.ts"

/** The wait before retry `n`, with the number `u` drawn, after a wait of `p` milliseconds. */
type Formula = (b: Omit<Backoff.Backoff, "shape">, n: number, u: number, p: number) => number

const { max, min } = Math

/** `initial · base^(n−1)`, within the cap, by repeated multiplication. */
const e = ({ base, initial, max }: Omit<Backoff.Backoff, "shape">, n: number): number => {
  let power = 1
  for (let i = 1; i < n; i++) power *= base
  return power === Infinity ? max : min(max, initial * power)
}

/** The wait `w`, of at most the cap, with the jitter. */
const jittered = ({ jitter, max, spread }: Omit<Backoff.Backoff, "shape">, w: number, u: number): number =>
  min(max, spread === undefined ? w + u * jitter : min(max, w) * (1 + spread * (2 * u - 1)))

/** The nth Fibonacci number, by Binet's formula. */
const F = (n: number): number => Math.round(((1 + Math.sqrt(5)) / 2) ** n / Math.sqrt(5))

/** The formulas as `RetryPolicy.BackoffShape` documents them. A shape without one does not compile. */
const formulas: Readonly<Record<RetryPolicy.ShapeName, Formula>> = {
  additive: (b, n, u) => jittered(b, e(b, n), u),
  full: (b, n, u) => u * e(b, n),
  equal: (b, n, u) => e(b, n) / 2 + u * (e(b, n) / 2),
  decorrelated: (b, _, u, p) => {
    const f = min(b.initial, b.max)
    return f + u * (max(f, min(b.max, 3 * p)) - f)
  },
  constant: (b, _, u) => jittered(b, b.initial, u),
  linear: (b, n, u) => jittered(b, b.initial * n, u),
  fibonacci: (b, n, u) => jittered(b, b.initial * F(n), u)
}

const ofList = (waits: ReadonlyArray<number>): Formula => (b, n, u) =>
  jittered(b, (n <= waits.length ? waits[n - 1] : waits.at(-1)) ?? NaN, u)

const millis = Schema.Union([
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 20_000 })),
  Schema.Literals([0, 1, 100, 5000])
])
const fields = {
  initial: millis,
  max: millis,
  base: Schema.Union([
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 4 })),
    Schema.Literals([0, 0.5, 1, 2, 1e308])
  ])
}
/** Jitter is a time, or a part of the wait. */
const numbers = Schema.Union([
  Schema.Struct({ ...fields, jitter: millis }),
  Schema.Struct({
    ...fields,
    jitter: Schema.Literal(0),
    spread: Schema.Union([Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })), Schema.Literals([0, 1])])
  })
])
const retryNum = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 }))
const list = Schema.NonEmptyArray(millis)
const runs = { arbitrary: { runs: 500 } }

/** Equal but for the rounding of a power. */
const expectSame = (actual: number, expected: number) =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * max(1, expected))

describe("the rows of shapes", () => {
  for (const name of arbitraries.shapeNames) {
    it.prop(
      `${name} follows its formula`,
      [numbers, retryNum, arbitraries.numberBelow1, millis],
      ([b, n, u, p]) => expectSame(Backoff.wait({ ...b, shape: name }, n, () => u, p), formulas[name](b, n, u, p)),
      runs
    )

    it.prop(`${name} only grows or only shrinks, as bounds take for granted`, [numbers], ([b]) => {
      for (const wait of [Backoff.shortest, Backoff.longest]) {
        const waits = Array.from({ length: 60 }, (_, i) => wait({ ...b, shape: name }, i + 1))
        const sorted = waits.toSorted((one, other) => one - other)
        expect([sorted, sorted.toReversed()]).toContainEqual(waits)
      }
    }, runs)
  }

  it.prop(
    "a list follows its formula, and stays at its last wait",
    [list, numbers, retryNum, arbitraries.numberBelow1],
    ([shape, b, n, u]) => {
      expectSame(Backoff.wait({ ...b, shape }, n, () => u), ofList(shape)(b, n, u, 0))
      const later = shape.length + n
      expect(Backoff.longest({ ...b, shape }, later)).toBe(Backoff.longest({ ...b, shape }, shape.length))
    },
    runs
  )

  it.prop("the longest wait is that of a run in which every wait was the longest", [
    numbers,
    Schema.Literals(arbitraries.shapeNames),
    retryNum
  ], ([b, shape, n]) => {
    let previous = b.initial
    for (let i = 1; i <= n; i++) previous = Backoff.wait({ ...b, shape }, i, () => 1, previous)
    expectSame(Backoff.longest({ ...b, shape }, n), previous)
  }, runs)
})
