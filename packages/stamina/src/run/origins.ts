/**
 * Which run an error came out of, for as long as somebody holds the error (R9).
 */
import * as Predicate from "effect/Predicate"
import type { Run } from "./Run.ts"

const runs = /*#__PURE__*/ new WeakMap<object, Run>()

/** Remembers that an error came out of a run. */
export const remember = (error: unknown, run: Run): void => {
  if (Predicate.isObjectKeyword(error)) runs.set(error, run)
}

/** The run that an error came out of last. */
export const runOf = (error: unknown): Run | undefined => Predicate.isObjectKeyword(error) ? runs.get(error) : undefined

/** Lets what comes out in an error's place tell of the run that the error came out of. */
export const standsFor = (value: object, error: unknown): void => {
  const run = runOf(error)
  if (run !== undefined) runs.set(value, run)
}

/**
 * The run that an error came out of, or what it keeps as its `cause`, as `mapError` does well to do, or its `response`,
 * as errors do that are made of one.
 */
export const runBehind = (error: unknown): Run | undefined => {
  for (let depth = 0; depth < maxCauses && Predicate.isObjectKeyword(error); depth++) {
    const run = runs.get(error)
    if (run !== undefined) return run
    error = "cause" in error ? error.cause : "response" in error ? error.response : undefined
  }
  return undefined
}

/** How far the causes of an error are followed: they may lead back to where they began. */
const maxCauses = 16
