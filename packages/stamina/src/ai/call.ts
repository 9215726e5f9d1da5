/**
 * One call of a model: its name, its budget, and what is retried of it.
 */
import { ModelName, ProviderName } from "effect/ai/Model"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Door } from "../budget/Door.ts"
import * as RetryBudget from "../budget/RetryBudget.ts"
import type { Settings } from "../drive/settings.ts"
import { callableOf } from "../telemetry/eventsOf.ts"
import { errorType } from "../telemetry/RetryEvent.ts"
import { logLine } from "../tools/logLine.ts"
import { toVerdict } from "../verdict/forms.ts"
import { mistake, threw } from "../verdict/mistakes.ts"
import type { FailedAttempt, Verdict } from "../verdict/model.ts"
import { isAiError, verdictOf } from "./classify.ts"
import type { AiSettings } from "./options.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The budgets of models, by provider and model. */
export const Budgets: Context.Reference<(model: string) => RetryBudget.RetryBudget> = /*#__PURE__*/ Context.Reference(
  "effect-stamina/AiRetry/Budgets",
  {
    defaultValue: RetryBudget.ofProcess
  }
)

/** The settings of one call. `delivered` says whether its consumer has got a part of the answer. */
export const settingsOf = (ai: AiSettings, fiber: AnyFiber, delivered?: () => boolean): Settings => {
  const model = modelOf(fiber)
  const name = ai.settings.name ?? model
  const failures = new Map<string, number>()
  let explained: unknown
  let unsent: Exclude<Verdict, false> | undefined
  return {
    ...ai.settings,
    name,
    door: doorOf(ai, model, fiber),
    isExplained: (error) => explained !== undefined && error === explained,
    unsent: () => unsent,
    judge: (error, attempt) => {
      const verdict = counted(ai, failures, error, answer(ai, error, attempt))
      if (verdict === false || delivered === undefined || !delivered()) return verdict
      explained = error
      unsent = verdict
      const labels = { callable: callableOf(name, fiber), why: "a part of the answer was delivered" }
      logLine(fiber, { level: "Warn", message: "stamina.not_retried", labels }, {
        annotations: () => ({ ...labels, caused_by: errorType(error) })
      })
      return false
    }
  }
}

/** Provider and model around a call: few of them, and no secrets. */
const modelOf = ({ context }: AnyFiber): string | undefined => {
  const provider = Context.getOption(context, ProviderName)
  const model = Context.getOption(context, ModelName)
  return Option.isSome(provider) && Option.isSome(model) ? `${provider.value} ${model.value}` : undefined
}

const doorOf = (
  { budgetOf, settings: { door } }: AiSettings,
  model: string | undefined,
  fiber: AnyFiber
): Door | undefined => {
  const budget = budgetOf === undefined ? model && fiber.getRef(Budgets)(model) : budgetOf(model)
  return budget === undefined || budget === "" ? door : door === undefined ? budget : budget.both(door, budget)
}

/** What the user says of an error, else what its kind says. */
const answer = ({ caller, classify, maxHint }: AiSettings, error: unknown, attempt: FailedAttempt): Verdict => {
  if (classify !== undefined) {
    let override: unknown
    try {
      override = classify(error, attempt)
    } catch (thrown) {
      throw mistake(thrown, error, threw(caller, "classify", thrown))
    }
    if (override !== undefined) return toVerdict(caller, override, error, "classify")
  }
  return verdictOf(error, maxHint)
}

/** Counts the failures for each reason. */
const counted = (
  { limits }: AiSettings,
  failures: Map<string, number>,
  error: unknown,
  verdict: Verdict
): Verdict => {
  if (!isAiError(error)) return verdict
  const reason = error.reason._tag
  const count = (failures.get(reason) ?? 0) + 1
  failures.set(reason, count)
  return count < (limits.get(reason) ?? Infinity) && verdict
}
