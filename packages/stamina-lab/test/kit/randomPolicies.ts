/**
 * Random policies and where they are used, for laws of the linter: mostly values that people write, the same on each run.
 */
import { RetryPolicy } from "effect-stamina"
import type * as RetryLint from "effect-stamina-lab/RetryLint"
import * as random from "../../src/tools/random.ts"

/** A policy and where it is used. */
export interface Used {
  readonly policy: RetryPolicy.RetryPolicy
  readonly context: RetryLint.Context
}

/** Policies where they are used, as many as asked for. */
export function* usedPolicies(seed: number, count: number): Generator<Used> {
  const chance = random.make(seed)
  const below = (limit: number): number => Math.floor(chance() * limit)
  const pick = <A>(values: ReadonlyArray<A>): A => values[below(values.length)] as A // there is one at each place
  /** From 1 ms to 3 hours, each order of magnitude as often; or a value that people write. */
  const span = (): number =>
    chance() < 0.5
      ? pick([1, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 3_600_000])
      : Math.max(1, Math.round(10 ** (7 * chance())))
  const wait = (): number => chance() < 0.15 ? 0 : span()
  const some = <A>(probability: number, value: () => A): A | undefined => chance() < probability ? value() : undefined
  const list = (): ReadonlyArray<number> => Array.from({ length: 1 + below(6) }, wait)

  for (let i = 0; i < count; i++) {
    const policy = RetryPolicy.make({
      attempts: some(0.9, () => pick([2, 3, 5, 10, 50, 1000, Infinity, 1 + below(30)])),
      timeout: some(0.7, () => pick([Infinity, span(), span(), span(), span()])),
      waitInitial: some(0.6, wait),
      waitMax: some(0.6, wait),
      waitJitter: some(0.6, () => pick([0, wait(), wait(), "0%", "3%", "20%", "100%"] as const)),
      waitExpBase: some(0.4, () => pick([0, 0.5, 0.9, 1, 1.1, 1.5, 3, 10, 20, 4 * chance()])),
      backoff: some(0.7, () => pick([...RetryPolicy.shapeNames, list(), list(), list()])),
      overshoot: some(0.5, () => pick(["allow", "refuse"]))
    })
    const context = {
      attemptTimeout: some(0.3, span),
      deadline: some(0.3, span),
      otherAttempts: some(0.3, () => pick([[], [2], [3], [3, 3]])),
      utilisation: some(0.3, chance),
      budgetedRetries: some(0.2, chance),
      outage: some(0.6, span)
    }
    yield { policy, context: chance() < 0.3 ? {} : context }
  }
}
