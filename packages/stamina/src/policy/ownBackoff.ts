/**
 * The numbers of a backoff that were given, for one that differs from the run's.
 */
import * as Duration from "effect/Duration"
import type { Backoff } from "./Backoff.ts"
import type { Given } from "./given.ts"

/** What was given, in milliseconds. */
export const backoffOf = (given: Given): Partial<Backoff> => {
  const backoff: { -readonly [K in keyof Backoff]?: Backoff[K] } = {}
  if (given.backoff !== undefined) {
    backoff.shape = typeof given.backoff === "string"
      ? given.backoff
      : given.backoff.map((wait) => Duration.toMillis(wait))
  }
  if (given.waitInitial !== undefined) backoff.initial = Duration.toMillis(given.waitInitial)
  if (given.waitMax !== undefined) backoff.max = Duration.toMillis(given.waitMax)
  if (given.waitJitter !== undefined) backoff.jitter = Duration.toMillis(given.waitJitter)
  if (given.waitExpBase !== undefined) backoff.base = given.waitExpBase
  return backoff
}
