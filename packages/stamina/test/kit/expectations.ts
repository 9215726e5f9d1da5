/**
 * Comparing runs. Durations are whole nanoseconds, sums of numbers are not: a thousandth of a millisecond is the same.
 */
import { expect } from "@effect/vitest"
import type { Seen } from "./conformance.ts"

/** Expects numbers to be the same. */
export const expectClose = (seen: ReadonlyArray<number>, expected: ReadonlyArray<number>): void => {
  expect(seen).toHaveLength(expected.length)
  expected.forEach((value, i) => expect(Math.abs(seen[i]! - value)).toBeLessThanOrEqual(0.001))
}

/** Expects two replays to show the same. */
export const expectSame = (seen: Seen, expected: Seen): void => {
  expect([seen.attempts, seen.final, seen.draws]).toEqual([expected.attempts, expected.final, expected.draws])
  expect(seen.details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
    .toEqual(expected.details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
  const times = ({ details, elapsed, starts, waits }: Seen) => [
    elapsed,
    ...starts,
    ...waits,
    ...details.flatMap(({ at, waitFor, waitedSoFar }) => [at, waitFor, waitedSoFar])
  ]
  expectClose(times(seen), times(expected))
}
