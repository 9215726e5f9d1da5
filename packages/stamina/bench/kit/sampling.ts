/**
 * Sampling: the subjects of a comparison by turns, round after round, so that what slows the machine down for a while
 * slows all of them, and a ratio within a round means something.
 */
import { Bench, type Task } from "tinybench"
import { type Ratio, ratio, written } from "./result.ts"
import { figure, median } from "./statistics.ts"

/** For each subject one value per round: nanoseconds per call. */
export type Samples<Name extends string> = Readonly<Record<Name, ReadonlyArray<number>>>

export interface Options {
  /** How many calls one run of a subject makes. */
  readonly calls: number | Readonly<Record<string, number>>
  /** How many rounds count; before them come half as many to get warm. */
  readonly rounds?: number
  /** How many runs a subject has in a round. */
  readonly runs?: number
  /**
   * What a subject's value in a round is of its runs. Default: the median. The mean is for runs so long that some of them
   * meet a collection of the heap, and others do not.
   */
  readonly of?: (runs: ReadonlyArray<number>) => number
}

/** Times subjects, each of which is one run, that is, many calls. */
export const sample = <Name extends string>(
  subjects: Readonly<Record<Name, () => unknown>>,
  options: Options
): Samples<Name> => {
  const samples = begin<Name>(subjects)
  for (const round of rounds(subjects, options)) taken(samples, round, options, round.bench.runSync())
  return samples
}

/** The same for runs that are promises. */
export const sampleAsync = async <Name extends string>(
  subjects: Readonly<Record<Name, () => Promise<unknown>>>,
  options: Options
): Promise<Samples<Name>> => {
  const samples = begin<Name>(subjects)
  // by turns, so never two at once
  for (const round of rounds(subjects, options)) {
    taken(samples, round, options, await round.bench.run())
  }
  return samples
}

const begin = <Name extends string>(subjects: Readonly<Record<Name, unknown>>): Record<Name, Array<number>> =>
  // an object with exactly these keys
  Object.fromEntries(Object.keys(subjects).map((name) => [name, []])) as unknown as Record<Name, Array<number>>

interface Round {
  readonly bench: Bench
  /** Whether it only makes the code warm. */
  readonly isWarmUp: boolean
}

/** The rounds, in each of which another subject comes first. */
function* rounds(
  subjects: Readonly<Record<string, () => unknown>>,
  { rounds = 60, runs = 9 }: Options
): Generator<Round> {
  const all = Object.entries(subjects)
  const warmUp = Math.ceil(rounds / 2)
  for (let round = -warmUp; round < rounds; round++) {
    const bench = new Bench({ iterations: runs, time: 0, warmup: false, retainSamples: true, throws: true })
    const first = (round + warmUp) % all.length
    for (const [name, subject] of [...all.slice(first), ...all.slice(0, first)]) bench.add(name, subject)
    yield { bench, isWarmUp: round < 0 }
  }
}

const taken = (
  samples: Record<string, Array<number>>,
  { isWarmUp }: Round,
  { calls, of = median }: Options,
  tasks: ReadonlyArray<Task>
): void => {
  for (const { name, result } of tasks) {
    if (!("latency" in result)) throw new Error(`${name} came to no result: ${result.state}`)
    const each = typeof calls === "number" ? calls : calls[name] ?? Number.NaN
    if (!isWarmUp) samples[name]?.push(of(result.latency.samples ?? []) * 1e6 / each)
  }
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
