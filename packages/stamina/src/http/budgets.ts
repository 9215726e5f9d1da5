/**
 * The budget of a request, for Effect's client and for `fetch`.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as RetryBudget from "../budget/RetryBudget.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import type { HttpSettings } from "./options.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The budgets of origins, and of other keys. */
export const Budgets: Context.Reference<RetryBudget.Keyed> = /*#__PURE__*/ Context.Reference<RetryBudget.Keyed>(
  "effect-stamina/HttpRetry/Budgets",
  { defaultValue: RetryBudget.ofProcess }
)

/** The budget of a request, if it has one. */
export const budgetOf = <Request>(
  http: HttpSettings<unknown, Request>,
  request: Request,
  fiber: AnyFiber
): RetryBudget.RetryBudget | undefined => {
  const budget = http.budgetOf(request)
  return typeof budget === "string" ? fiber.getRef(Budgets)(budget) : budget
}

/**
 * How long a first attempt is held back, in milliseconds: for as long as the server has asked for, and a little longer, so that
 * not all come at once.
 */
export const holdOf = (
  http: HttpSettings<unknown, never>,
  budget: RetryBudget.RetryBudget | undefined,
  about: string | undefined,
  fiber: AnyFiber
): number => {
  const quiet = http.holdFirst ? budget?.quietFor(about, clock.millis(fiber)) ?? 0 : 0
  return quiet > 0 ? quiet + 1000 * draw(fiber) : 0
}
