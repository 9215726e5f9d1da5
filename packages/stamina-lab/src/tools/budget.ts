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

/** Checks a budget, and returns what makes them; `undefined` where there is none. */
export const makerOf = (caller: string, input: BudgetInput | undefined): (() => PaperRun.Budget) | undefined => {
  if (input === undefined || typeof input === "function") return input
  onBehalfOf(caller, () => PaperRun.makeBudget(input))
  return () => PaperRun.makeBudget(input)
}
