/**
 * Attempts of one run that were made at the same time, in two processes: found in the ledger of what processes have said.
 */
import { type Event, heardOf } from "./durable.ts"

/** Two attempts at once. */
export interface Overlap {
  /** The numbers of the attempt that began first, and of the other. */
  readonly attempts: readonly [number, number]
  /** For how many milliseconds both were made. */
  readonly millis: number
}

interface Made {
  readonly attempt: number
  readonly pid: number
  readonly from: number
  readonly to: number
}

/** When each attempt was made: until its process has said so, or has died. */
const madeIn = (events: ReadonlyArray<Event>, deaths: ReadonlyMap<number, number>): ReadonlyArray<Made> => {
  const ends = [...heardOf(events, "ends")]
  return heardOf(events, "begins").map(({ at, attempt, pid }) => {
    const index = ends.findIndex((end) => end.pid === pid && end.attempt === attempt && end.at >= at)
    const [end] = index < 0 ? [] : ends.splice(index, 1)
    return { attempt, pid, from: at, to: end?.at ?? deaths.get(pid) ?? Date.now() }
  })
}

export const overlapsOf = (
  events: ReadonlyArray<Event>,
  deaths: ReadonlyMap<number, number>
): ReadonlyArray<Overlap> => {
  const made = madeIn(events, deaths).toSorted((a, b) => a.from - b.from)
  return made.flatMap((one, i) =>
    made.slice(i + 1).flatMap((other) => {
      const millis = Math.min(one.to, other.to) - other.from
      return one.pid === other.pid || millis <= 0 ? [] : [{ attempts: [one.attempt, other.attempt] as const, millis }]
    })
  )
}
