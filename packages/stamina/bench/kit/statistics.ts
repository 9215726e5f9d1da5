/**
 * What is said about many values: the one in the middle, and how far apart the quarters around it lie.
 */

export interface Figure {
  readonly median: number
  /** A quarter of all values is below, */
  readonly low: number
  /** and a quarter above. */
  readonly high: number
}

export const figure = (values: ReadonlyArray<number>): Figure => ({
  median: quantile(values, 0.5),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75)
})

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const quantile = (values: ReadonlyArray<number>, q: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}
