/**
 * A number for each run, sorted when somebody asks for an order.
 */
import type { Bin, Distribution } from "./SimulationModel.ts"

/** Takes the numbers over. Of no numbers at all, each answer is `NaN`. */
export const make = (numbers: Float64Array): Distribution => new Numbers(numbers)

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
