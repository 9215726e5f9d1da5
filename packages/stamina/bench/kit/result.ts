/**
 * What a measurement comes to: rows for people, and ratios, some of them with a target.
 */
import { type Figure, figure } from "./statistics.ts"

export interface Result {
  readonly title: string
  /** What was done, and in which unit the rows are. */
  readonly about: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly ratios: ReadonlyArray<Ratio>
}

export interface Ratio {
  readonly what: string
  readonly value: Figure
  /** The most that it should be; without one it is there to be known. */
  readonly target?: number | undefined
}

/** How far past its target a ratio may lie before `bench:check` fails: what machines differ by, and no more. */
export const margin = 0.1

export const isPast = ({ target, value }: Ratio): boolean =>
  // as a negation, so that a ratio that is no number is past any target
  target !== undefined && !(value.median <= target * (1 + margin))

/** A ratio of two figures of a round, over all rounds. */
export const ratio = (what: string, values: ReadonlyArray<number>, target?: number): Ratio => ({
  what,
  value: figure(values),
  target
})

const digits = (value: number): string =>
  value >= 1000 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3)

/** The median, and the quarters around it. */
export const written = ({ high, low, median }: Figure): ReadonlyArray<string> => [
  digits(median),
  low === high ? "–" : `${digits(low)} … ${digits(high)}`
]
