/**
 * Checks the options of `AiRetry`, once.
 */
import type { AiErrorReason } from "effect/ai/AiError"
import type * as Duration from "effect/Duration"
import type { Door } from "../budget/Door.ts"
import * as RetryBudget from "../budget/RetryBudget.ts"
import { fromRetryOptions, fromStreamOptions, retryFields, type Settings, streamFields } from "../drive/settings.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import { checkAttempts, checkKnown, checkMaxHint, refuse } from "../tools/check.ts"
import { defaultLimits } from "./classify.ts"
import type { Options, StreamOptions } from "./model.ts"

/** Checked options. */
export interface AiSettings {
  /** Without a `judge` that makes sense. */
  readonly settings: Settings
  readonly caller: string
  /** By the tags of reasons. */
  readonly limits: ReadonlyMap<string, number>
  /** In milliseconds. */
  readonly maxHint: number
  /** The budget of a model; `undefined` for the one that holds around the call. */
  readonly budgetOf: ((model: string | undefined) => Door | undefined) | undefined
  readonly classify: Options["classify"]
}

/** The longest wait that a provider may ask for by default, in milliseconds. */
export const defaultMaxHint = 60_000

export const defaults: RetryPolicy.RetryPolicy = /*#__PURE__*/ RetryPolicy.make({
  timeout: "5 minutes",
  waitInitial: "500 millis",
  waitMax: "20 seconds"
})

export const fromEffectOptions = (caller: string, options: Options<Duration.Input | undefined>): AiSettings => {
  const { own, rest } = parted(caller, options, retryFields)
  return { ...own, settings: ready(fromRetryOptions(caller, { ...rest, on: () => false }, defaults)) }
}

export const fromStream = (caller: string, options: StreamOptions): AiSettings => {
  const { own, rest } = parted(caller, options, ofStreams)
  return { ...own, settings: ready(fromStreamOptions(caller, { ...rest, on: () => false }, defaults)) }
}

/** A stream is never restarted once it has delivered something, so nothing starts afresh. */
const ofStreams = /*#__PURE__*/ streamFields.filter((field) => field !== "resetAfter" && field !== "attemptsInAll")

/** All errors have one judge, and timeouts of attempts are retried without asking it. */
const ready = (settings: Settings): Settings => ({ ...settings, on: undefined, looksAtAttempts: true })

const parted = <O extends Options<Duration.Input | undefined>>(
  caller: string,
  options: O,
  known: ReadonlyArray<string>
) => {
  checkKnown(caller, options, [...known.filter((field) => field !== "on"), "limits", "maxHint", "classify"])
  const { budget, classify, limits, maxHint = defaultMaxHint, ...rest } = options
  if (classify !== undefined && typeof classify !== "function") {
    return refuse(caller, "classify", "a function", classify)
  }
  const own = {
    caller,
    limits: limits === undefined ? defaultLimits : checkLimits(caller, limits),
    maxHint: checkMaxHint(caller, maxHint),
    budgetOf: budget === undefined ? undefined : checkBudget(caller, budget),
    classify
  }
  return { own, rest }
}

const checkLimits = (caller: string, limits: object): ReadonlyMap<string, number> => {
  if (typeof limits !== "object" || limits === null) return refuse(caller, "limits", "a record of numbers", limits)
  const checked = new Map(defaultLimits)
  for (const [reason, limit] of Object.entries(limits)) {
    if (!Object.hasOwn(reasons, reason)) {
      return refuse(caller, `limits.${reason}`, "the tag of a reason of AiError", limit)
    }
    if (limit !== undefined) checked.set(reason, checkAttempts(caller, limit, `limits.${reason}`))
  }
  return checked
}

/** All reasons of `AiError`. The compiler finds what is missing. */
const reasons: { readonly [Reason in AiErrorReason["_tag"]]: true } = {
  RateLimitError: true,
  QuotaExhaustedError: true,
  AuthenticationError: true,
  ContentPolicyError: true,
  InvalidRequestError: true,
  InvalidResponseError: true,
  InternalProviderError: true,
  NetworkError: true,
  InvalidOutputError: true,
  StructuredOutputError: true,
  UnsupportedSchemaError: true,
  UnknownError: true,
  ToolNotFoundError: true,
  ToolParameterValidationError: true,
  InvalidToolResultError: true,
  ToolResultEncodingError: true,
  ToolConfigurationError: true,
  ToolkitRequiredError: true,
  InvalidUserInputError: true
}

const checkBudget = (caller: string, budget: unknown): (model: string | undefined) => Door | undefined => {
  if (budget === "none") return () => undefined
  if (RetryBudget.isRetryBudget(budget)) return () => budget
  if (typeof budget !== "function") {
    return refuse(caller, "budget", "a RetryBudget, a function from a model to one, or \"none\"", budget)
  }
  return (model) => {
    if (model === undefined) return undefined
    const found: unknown = budget(model)
    return RetryBudget.isRetryBudget(found) ? found : refuse(caller, `budget(${model})`, "a RetryBudget", found)
  }
}
