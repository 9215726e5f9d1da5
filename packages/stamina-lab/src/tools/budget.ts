/**
 * The retry budgets of simulations.
 */
import * as PaperRun from "effect-stamina/PaperRun"
import type * as RetryBudget from "effect-stamina/RetryBudget"
import { onBehalfOf } from "./check.ts"

/**
 * A retry budget: the options of a `RetryBudget`, or a function that makes one of your own.
 *
 * @category models
 * @since 0.1.0
 */
export type BudgetInput = RetryBudget.Options | (() => PaperRun.Budget)

/** A budget that is made, and the one whose retries wait, if it is that. */
export interface Made {
  readonly budget: PaperRun.Budget | PaperRun.WaitingBudget
  readonly waiting: PaperRun.WaitingBudget | undefined
}

/** Checks a budget, and returns what makes them; `undefined` if there is none. `random` is for retries that are woken. */
export const makerOf = (
  caller: string,
  input: BudgetInput | undefined,
  random: () => number
): (() => Made) | undefined => {
  if (input === undefined) return undefined
  if (typeof input === "function") return () => ({ budget: input(), waiting: undefined })
  const make = () => PaperRun.makeBudget(input, random)
  onBehalfOf(caller, make)
  return () => {
    const waiting = make()
    return { budget: waiting, waiting }
  }
}
