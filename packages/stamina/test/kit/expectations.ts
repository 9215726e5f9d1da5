/**
 * Comparing runs. Durations are whole nanoseconds, sums of numbers are not: a thousandth of a millisecond is the same.
 */
import { expect } from "@effect/vitest"
import { type Case, expected, type Replay, type Seen } from "./conformance.ts"
import type { Driver } from "./drivers.ts"

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

/** Expects a replay to show what the real stamina did, as far as we do the same. */
export const expectConforms = (c: Case, driver: Driver, { nextWaits, sameErrors, seen }: Replay): void => {
  const { attempts, details, elapsed, final, nextWaits: nextExpected, starts, waits } = expected(c)
  expect({ attempts: seen.attempts, final: seen.final }).toEqual({ attempts, final })
  expectClose(seen.waits, waits)
  expectClose(seen.starts, starts)
  expectClose([seen.elapsed], [elapsed])
  expect(seen.details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
    .toEqual(details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
  for (const field of ["waitFor", "waitedSoFar", "at"] as const) {
    expectClose(seen.details.map((d) => d[field]), details.map((d) => d[field]))
  }
  if (driver.knowsAttempt) expectClose(nextWaits, nextExpected)
  expect(sameErrors).toBe(true)
}
