/**
 * Options, checked once when a retry is built, and then only read.
 */
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import * as Formatter from "effect/Formatter"
import type { Defaults } from "../ambient/defaults.ts"
import type { Nesting } from "../ambient/layerDefaults.ts"
import type { Door } from "../budget/Door.ts"
import { isDoor, isRetryBudget } from "../budget/ids.ts"
import { complete, type Given, given } from "../policy/input.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import * as Decision from "../run/Decision.ts"
import { inMode, type Mode } from "../run/mode.ts"
import { checkHooks } from "../telemetry/checkHooks.ts"
import type { AttemptLimits } from "../telemetry/notRetried.ts"
import type { RetryHook } from "../telemetry/RetryHook.ts"
import { checkAttempts, checkBoolean, checkEither, checkKnown, checkTimeout, refuse } from "../tools/check.ts"
import { isName } from "../tools/errors.ts"
import { fromInput, type Naming } from "../verdict/forms.ts"
import type { FailedAttempt } from "../verdict/model.ts"
import type { Verdict } from "../verdict/model.ts"
import type { RetryOptions, ScheduleOptions, StreamOptions } from "./model.ts"

/** Checked options. */
export interface Settings {
  /** Makes the plan of a run. */
  readonly plan: (mode: Mode, defaults: Defaults) => Decision.Plan
  readonly judge: (error: unknown, attempt: FailedAttempt, fiber: Fiber.Fiber<unknown, unknown>) => Verdict
  readonly name: string | undefined
  /** The option `on`, for people; `undefined` if there is none. */
  readonly on: unknown
  /** Whether the driver has logged by itself why it does not retry an error. */
  readonly isExplained?: ((error: unknown) => boolean) | undefined
  /**
   * The verdict on the last attempt, if it is not retried only because that is not safe. Its door has to know of the failure all
   * the same.
   */
  readonly unsent?: (() => Exclude<Verdict, false> | undefined) | undefined
  /** The limits of attempts as they were set, also if another part enforces them. */
  readonly ofAttempts: AttemptLimits
  readonly nested: Nesting | undefined
  readonly spans: boolean
  /** The door that is asked before each retry begins. */
  readonly door: Door | undefined
  /** Which part of its dependency the retry calls, such as the path of a request. Hints are remembered by that. */
  readonly about?: string | undefined
  /** The hooks of this retry alone, in place of those around. */
  readonly hooks: ReadonlyArray<RetryHook> | undefined
  /** How long one attempt may take, in milliseconds. */
  readonly attemptTimeout: number
  /** How long an attempt must be healthy for its failure to begin a new run, in milliseconds. */
  readonly resetAfter: number
  /** How many attempts there may be over all fresh starts; by default, see `steps.ts`. */
  readonly attemptsInAll: number | undefined
  /** Whether `on` names `AttemptTimedOut`. If not, an attempt that took too long is retried without calling `judge`. */
  readonly namesTimeouts: boolean
  /** Whether `judge` looks at the attempt that it is given. */
  readonly looksAtAttempts: boolean
}

/** Checks the options of a schedule, on behalf of the function named `caller`. */
export const fromScheduleOptions = (caller: string, options: ScheduleOptions<unknown>): Settings =>
  fromOptions(caller, options, scheduleFields)

/** Checks the options of a combinator, on behalf of the function named `caller`. */
export const fromRetryOptions = (
  caller: string,
  options: RetryOptions<unknown, Duration.Input | undefined>,
  defaults?: RetryPolicy.RetryPolicy
): Settings => fromOptions(caller, options, retryFields, defaults)

/**
 * Checks the options of a combinator that has further ones, which `known` names beside those above, and that knows errors
 * by other names than their tags.
 */
export const fromNamedOptions = (
  caller: string,
  options: RetryOptions<unknown, Duration.Input | undefined>,
  known: ReadonlyArray<string>,
  naming: Naming
): Settings => fromOptions(caller, options, known, RetryPolicy.defaults, naming)

/** Checks the options of a stream, on behalf of the function named `caller`. */
export const fromStreamOptions = (
  caller: string,
  options: StreamOptions<unknown>,
  defaults?: RetryPolicy.RetryPolicy
): Settings => {
  const settings = fromOptions(caller, options, streamFields, defaults)
  // a stream lives longer than any timeout: what counts is the time of trouble, not of health
  return options.resetAfter === undefined
    ? {
      ...settings,
      resetAfter: streamResetAfter,
      ofAttempts: { ...settings.ofAttempts, resetAfter: streamResetAfter }
    }
    : settings
}

/** How long a stream must last by default for its failure to be a new one, in milliseconds. */
const streamResetAfter = 5000

const scheduleFields: ReadonlyArray<string> = /*#__PURE__*/ ["on", "name", "nested", "hooks"].concat(
  /*#__PURE__*/ Object.keys(RetryPolicy.defaults)
)

/** The names of the options of a combinator. */
export const retryFields: ReadonlyArray<string> = /*#__PURE__*/ scheduleFields.concat(
  "attemptTimeout",
  "spans",
  "resetAfter",
  "attemptsInAll",
  "budget",
  "door"
)

/** The names of the options of a stream. */
export const streamFields: ReadonlyArray<string> = /*#__PURE__*/ scheduleFields.concat(
  "resetAfter",
  "attemptsInAll",
  "budget",
  "door"
)

/** Reads known fields only, so inherited ones are ignored. */
const fromOptions = (
  caller: string,
  options: RetryOptions<unknown, Duration.Input | undefined>,
  known: ReadonlyArray<string>,
  defaults: RetryPolicy.RetryPolicy = RetryPolicy.defaults,
  naming?: Naming
): Settings => {
  checkKnown(caller, options, known)
  const { hooks, name, nested, on } = options
  const { attemptTimeout, spans = false } = known === scheduleFields || known === streamFields ? {} : options
  const { attemptsInAll, budget, door, resetAfter } = known === scheduleFields ? {} : options
  checkBoolean(caller, spans, "spans")
  if (nested !== undefined) checkNesting(caller, nested, "nested")
  if (name !== undefined && !isName(name)) return refuse(caller, "name", "a non-empty string", name)
  if (hooks !== undefined) checkHooks(caller, hooks)
  const { hasHooks, judge, namesTimeouts } = fromInput(caller, on, naming)
  const policy = given(caller, options)
  const limits = {
    attemptTimeout: limit(caller, "attemptTimeout", attemptTimeout, policy, options.timeout),
    resetAfter: limit(caller, "resetAfter", resetAfter, policy, options.timeout)
  }
  return {
    plan: planner(policy, defaults),
    judge,
    namesTimeouts,
    looksAtAttempts: hasHooks,
    name,
    on,
    ofAttempts: { ...limits, isTold: false },
    nested,
    spans,
    door: checkDoor(caller, door, budget),
    hooks,
    ...limits,
    attemptsInAll: attemptsInAll === undefined ? undefined : checkAttempts(caller, attemptsInAll, "attemptsInAll")
  }
}

/**
 * Makes plans: of what was given, then of the defaults around, then of the `base`. It keeps the last one, since almost
 * all runs of a retry share it.
 */
const planner = (given: Given, base: RetryPolicy.RetryPolicy): Settings["plan"] => {
  let last: { readonly plan: Decision.Plan; readonly mode: Mode; readonly defaults: Defaults } | undefined
  return (mode, defaults) => {
    if (last === undefined || last.mode !== mode || last.defaults !== defaults) {
      const said = { ...defaults.policy, ...given }
      const plan = Decision.fromPolicy(complete(said, base))
      const attempts = Math.min(plan.attempts, defaults.maxAttempts)
      last = { plan: inMode({ ...plan, attempts, hasOwnWaitMax: said.waitMax !== undefined }, mode), mode, defaults }
    }
    return last.plan
  }
}

/** Joins `door` and `budget`; `door` first, since it takes no token. */
const checkDoor = (caller: string, given: unknown, budget: unknown): Door | undefined => {
  if (given !== undefined && !isDoor(given)) return refuse(caller, "door", "a Door", given)
  const door = given as Door | undefined // it has the mark of one
  if (budget === undefined) return door
  if (!isRetryBudget(budget)) return refuse(caller, "budget", "a RetryBudget", budget)
  const own = budget as Door // likewise
  return door === undefined ? own : own.both(door, own)
}

const checkNesting = /*#__PURE__*/ checkEither("allow", "once")

/**
 * A limit of attempts, in milliseconds, that may be left out. As long as the timeout beside it, it would have no effect:
 * what has reached it is not retried any more.
 */
const limit = (
  caller: string,
  field: string,
  value: Duration.Input | undefined,
  { attempts, timeout }: Given,
  given: unknown
): number => {
  if (value === undefined) return Infinity
  const limit = checkTimeout(caller, value, field)
  return timeout !== undefined && attempts !== 1 && Duration.isFinite(limit) &&
      Duration.isGreaterThanOrEqualTo(limit, timeout)
    ? refuse(caller, field, `shorter than the timeout, ${Formatter.format(given)}`, value)
    : Duration.toMillis(limit)
}
