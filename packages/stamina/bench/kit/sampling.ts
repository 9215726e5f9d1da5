/**
 * Sampling: the subjects of a comparison by turns, round after round, so that what slows the machine down for a while
 * slows all of them, and a ratio within a round means something.
 */
import { Bench } from "tinybench"
import { type Ratio, ratio, written } from "./result.ts"
import { figure, median } from "./statistics.ts"

/** For each subject one value per round: nanoseconds per call. */
export type Samples<Name extends string> = Readonly<Record<Name, ReadonlyArray<number>>>

export interface Options {
  /** How many calls one run of a subject makes. */
  readonly calls: number | Readonly<Record<string, number>>
  /** How many rounds count; before them come half as many to get warm. */
  readonly rounds?: number
  /** How many runs a subject has in a round, whose median is its value. */
  readonly runs?: number
}

/** Times subjects, each of which is one run, that is, many calls. */
export const sample = <Name extends string>(
  subjects: Readonly<Record<Name, () => unknown>>,
  { calls, rounds = 60, runs = 9 }: Options
): Samples<Name> => {
  // an object with exactly these keys
  const names = Object.keys(subjects) as Array<Name>
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Array<number>>
  const warmUp = Math.ceil(rounds / 2)
  for (let round = -warmUp; round < rounds; round++) {
    const bench = new Bench({ iterations: runs, time: 0, warmup: false, retainSamples: true, throws: true })
    // who comes first differs from round to round
    const first = (round + warmUp) % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) bench.add(name, subjects[name])
    for (const { name, result } of bench.runSync()) {
      if (!("latency" in result)) throw new Error(`${name} came to no result: ${result.state}`)
      const each = typeof calls === "number" ? calls : calls[name] ?? Number.NaN
      if (round >= 0) samples[name as Name].push(median(result.latency.samples ?? []) * 1e6 / each)
    }
  }
  return samples
}

export const sampleColumns = ["", "median", "quarters"]

/** Samples as rows for people. */
export const sampleRows = <Name extends string>(
  samples: Samples<Name>,
  names: Readonly<Record<Name, string>>
): ReadonlyArray<ReadonlyArray<string>> =>
  (Object.keys(names) as Array<Name>).map((name) => [names[name], ...written(figure(samples[name]))])

/** A ratio within each round, over all rounds. */
export const sampleRatio = <Name extends string>(
  samples: Samples<Name>,
  what: string,
  of: (round: Readonly<Record<Name, number>>) => number,
  target?: number
): Ratio => {
  const names = Object.keys(samples) as Array<Name>
  const rounds = samples[names[0]!].map((_, i) =>
    of(Object.fromEntries(names.map((name) => [name, samples[name][i]])) as Record<Name, number>)
  )
  return ratio(what, rounds, target)
}
