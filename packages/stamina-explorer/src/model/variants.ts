/**
 * The herd in four ways: with and without jitter, with and without a budget.
 */
import type { Fleet } from "effect-stamina-lab/RetrySimulation"
import * as Backoff from "effect-stamina/Backoff"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import type { Herd } from "./setting.ts"

export interface Variant {
  readonly jitter: boolean
  readonly budget: boolean
}

export const variants: ReadonlyArray<Variant> = [
  { jitter: true, budget: false },
  { jitter: false, budget: false },
  { jitter: true, budget: true },
  { jitter: false, budget: true }
]

/**
 * The policy without chance. Shapes that are random by themselves become the plain exponential waits below which they
 * draw; a decorrelated wait is at most thrice the one before.
 */
export const withoutJitter = (policy: RetryPolicy.RetryPolicy): RetryPolicy.RetryPolicy =>
  RetryPolicy.make({ ...policy, waitJitter: 0, ...Backoff.traitsOf(policy.backoff).withoutChance })

/** What `RetrySimulation.fleet` is given for a variant. */
export const argumentsOf = (
  { budget, jitter }: Variant,
  policy: RetryPolicy.RetryPolicy,
  herd: Herd
): readonly [RetryPolicy.RetryPolicy, Fleet] => [
  jitter ? policy : withoutJitter(policy),
  budget ? herd : { ...herd, budget: undefined, sharedBudget: false }
]
