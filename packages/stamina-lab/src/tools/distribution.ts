/**
 * A number for each run, sorted when somebody asks for an order.
 */

/**
 * A number for each run, as a distribution. Times are in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Distribution {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** The number that a share `q` of the runs does not exceed: `quantile(0.5)` is the median. */
  readonly quantile: (q: number) => number
  /** The share of the runs whose number is less than `limit`. */
  readonly shareBelow: (limit: number) => number
  /**
   * How many runs fall in each of `bins` equal parts between the smallest and the largest number. Throws a `RangeError` unless
   * `bins` is an integer from 1 to 100 000.
   */
  readonly histogram: (bins: number) => ReadonlyArray<Bin>
}

/**
 * A part of a histogram: `from` ≤ number < `to`, where the last part includes its end.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bin {
  readonly from: number
  readonly to: number
  readonly count: number
}

/**
 * A distribution in a few numbers: the smallest, the mean, what so many percent of the runs do not exceed, the largest.
 *
 * @category models
 * @since 0.2.0
 */
export interface Quantiles {
  readonly min: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** `RetrySimulation.quantiles`. */
export const quantiles = ({ max, mean, min, quantile }: Distribution): Quantiles => ({
  min,
  mean,
  p50: quantile(0.5),
  p90: quantile(0.9),
  p99: quantile(0.99),
  max
})

/** Takes the numbers over. Of no numbers at all, each answer is `NaN`. */
export const make = (numbers: Float64Array): Distribution => new Numbers(numbers)

/** More than anybody can see. */
const mostBins = 100_000

class Numbers implements Distribution {
  readonly count: number
  private readonly numbers: Float64Array
  private isSorted = false

  constructor(numbers: Float64Array) {
    this.count = numbers.length
    this.numbers = numbers
  }

  get min(): number {
    return this.at(0)
  }

  get max(): number {
    return this.at(this.count - 1)
  }

  get mean(): number {
    return this.numbers.reduce((sum, number) => sum + number, 0) / this.count
  }

  readonly quantile = (q: number): number =>
    // ranks are whole numbers, and 0.07 · 100 is a little more than 7
    this.at(Math.min(this.count, Math.max(1, Math.ceil(q * this.count - 1e-9))) - 1)

  readonly shareBelow = (limit: number): number => this.countBelow(limit) / this.count

  readonly histogram = (bins: number): ReadonlyArray<Bin> => {
    if (!(Number.isInteger(bins) && bins >= 1 && bins <= mostBins)) {
      throw new RangeError(`Distribution.histogram: bins must be an integer >= 1 and <= ${mostBins}, got ${bins}`)
    }
    const { max, min } = this
    const edges = Array.from({ length: bins }, (_, i) => min + (max - min) * i / bins)
    return edges.map((from, i) => {
      const isLast = i + 1 === bins
      const to = isLast ? max : edges[i + 1] ?? max
      return { from, to, count: (isLast ? this.count : this.countBelow(to)) - this.countBelow(from) }
    })
  }

  private at(i: number): number {
    return this.sorted[i] ?? NaN
  }

  private get sorted(): Float64Array {
    if (!this.isSorted) this.numbers.sort()
    this.isSorted = true
    return this.numbers
  }

  /** How many numbers are less than `limit`. */
  private countBelow(limit: number): number {
    const { sorted } = this
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sorted[middle] ?? NaN) < limit) low = middle + 1
      else high = middle
    }
    return low
  }
}
