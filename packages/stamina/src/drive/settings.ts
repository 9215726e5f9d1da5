/**
 * Options, checked once when a retry is built, and then only read.
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { type Admission, both } from "../around/Admission.ts"
import type { Nesting } from "../around/Nesting.ts"
import { isRetryBudget } from "../around/RetryBudget.ts"
import { complete, type Given, given } from "../policy/given.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import * as Decision from "../run/Decision.ts"
import { inMode, type Mode } from "../run/Plan.ts"
import { checkAttempts, checkBoolean, checkEither, checkKnown, checkTimeout, refuse } from "../tools/check.ts"
import { isName, read } from "../tools/errors.ts"
import { fromInput } from "../verdict/forms.ts"
import type { Verdict } from "../verdict/Verdict.ts"
import type { RetryOptions, ScheduleOptions, StreamOptions } from "./RetryOptions.ts"

/** Checked options. */
export interface Settings {
  /** Makes the plan of a run. */
  readonly plan: (mode: Mode) => Decision.Plan
  readonly judge: (error: unknown, fiber: Fiber.Fiber<unknown, unknown>) => Verdict
  readonly name: string | undefined
  readonly nested: Nesting | undefined
  readonly spans: boolean
  /** Whom retries that the limits allow are asked of. */
  readonly admission: Admission | undefined
  /** How long one attempt may take, in milliseconds. */
  readonly attemptTimeout: number
  /** Judges successes, where some of them are to be retried too. */
  readonly rejects?: ((value: unknown) => Rejected | undefined) | undefined
  /** Whether `judge` is asked about an attempt that took too long. Default: it is retried without asking. */
  readonly judgesTimeouts?: boolean | undefined
  /** Cleans up after a failed attempt, before the wait and only if a retry follows. */
  readonly cleanUp?: ((error: unknown) => Effect.Effect<void>) | undefined
}

/** A success that is to be retried like a failure. */
export interface Rejected {
  readonly verdict: Exclude<Verdict, false>
  /** The error that hooks and reports see. */
  readonly error: unknown
}

/** Checked options of a stream. */
export interface StreamSettings extends Settings {
  /** In milliseconds. */
  readonly resetAfter: number
  readonly attemptsInAll: number
}

/** Checks the options of a schedule, on behalf of the function named `caller`. */
export const fromScheduleOptions = (caller: string, options: ScheduleOptions<unknown>): Settings =>
  fromOptions(caller, options, scheduleFields)

/** Checks the options of a combinator, on behalf of the function named `caller`. */
export const fromRetryOptions = (
  caller: string,
  options: RetryOptions<unknown, Duration.Input>,
  defaults?: RetryPolicy.RetryPolicy
): Settings => fromOptions(caller, options, retryFields, defaults)

/** Checks the options of a stream, on behalf of the function named `caller`. */
export const fromStreamOptions = (caller: string, options: StreamOptions<unknown>): StreamSettings => {
  const settings = fromOptions(caller, options, streamFields)
  return {
    ...settings,
    resetAfter: limit(caller, "resetAfter", options.resetAfter),
    attemptsInAll: options.attemptsInAll === undefined
      ? Math.max(1000, options.attempts ?? 0)
      : checkAttempts(caller, options.attemptsInAll, "attemptsInAll")
  }
}

const scheduleFields: ReadonlyArray<string> = /*#__PURE__*/ ["on", "name", "nested"].concat(
  /*#__PURE__*/ Object.keys(RetryPolicy.defaults)
)

/** The names of the options of a combinator. */
export const retryFields: ReadonlyArray<string> = /*#__PURE__*/ scheduleFields.concat(
  "attemptTimeout",
  "spans",
  "budget",
  "admission"
)
const streamFields: ReadonlyArray<string> = /*#__PURE__*/ scheduleFields.concat(
  "resetAfter",
  "attemptsInAll",
  "budget",
  "admission"
)

/** Reads known fields only, so inherited ones are ignored. */
const fromOptions = (
  caller: string,
  options: RetryOptions<unknown, Duration.Input>,
  known: ReadonlyArray<string>,
  defaults: RetryPolicy.RetryPolicy = RetryPolicy.defaults
): Settings => {
  checkKnown(caller, options, known)
  const { name, nested, on } = options
  const { attemptTimeout, spans = false } = known === retryFields ? options : {}
  const { admission, budget } = known === scheduleFields ? {} : options
  checkBoolean(caller, spans, "spans")
  if (nested !== undefined) checkNesting(caller, nested, "nested")
  if (name !== undefined && !isName(name)) return refuse(caller, "name", "a non-empty string", name)
  return {
    plan: planner(given(caller, options), defaults),
    judge: fromInput(caller, on),
    name,
    nested,
    spans,
    admission: checkAdmission(caller, admission, budget),
    attemptTimeout: limit(caller, "attemptTimeout", attemptTimeout)
  }
}

/** Makes plans of what was given. It keeps the last one, since almost all runs of a retry share it. */
const planner = (given: Given, defaults: RetryPolicy.RetryPolicy): Settings["plan"] => {
  let plan: Decision.Plan | undefined
  let planned: Mode
  return (mode) => {
    if (plan === undefined || mode !== planned) {
      plan = inMode(Decision.fromPolicy(complete(given, defaults)), mode)
      planned = mode
    }
    return plan
  }
}

/** The one door of a retry: who is asked without taking anything comes first. */
const checkAdmission = (caller: string, admission: unknown, budget: unknown): Admission | undefined => {
  if (admission !== undefined && !isAdmission(admission)) return refuse(caller, "admission", "an Admission", admission)
  if (budget === undefined) return admission
  if (!isRetryBudget(budget)) return refuse(caller, "budget", "a RetryBudget", budget)
  return admission === undefined ? budget : both(admission, budget)
}

const isAdmission = (value: unknown): value is Admission =>
  ["called", "failed", "ask", "succeeded", "unused"].every((name) => typeof read(value, name) === "function")

const checkNesting = /*#__PURE__*/ checkEither("allow", "once")

/** A limit in time that may be left out, in milliseconds. */
const limit = (caller: string, field: string, value: Duration.Input | undefined): number =>
  value === undefined ? Infinity : Duration.toMillis(checkTimeout(caller, value, field))
