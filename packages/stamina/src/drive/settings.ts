/**
 * Options made ready: checked once, when a retry is built, and then only read.
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Decision from "../run/Decision.ts"
import type { Nesting } from "../around/Nesting.ts"
import * as RetryOn from "../verdict/RetryOn.ts"
import type { RetryOptions, ScheduleOptions, StreamOptions } from "./RetryOptions.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import { checkAttempts, checkBoolean, checkEither, checkKnown, checkTimeout, refuse } from "../tools/check.ts"
import { isName } from "../tools/errors.ts"

/**
 * Options, checked and made ready, once.
 */
export interface Settings {
  readonly policy: RetryPolicy.RetryPolicy
  /** The policy made ready, once somebody asks: see {@link rulesOf}. */
  rules: Decision.Rules | undefined
  readonly judge: (error: unknown) => RetryOn.Verdict
  readonly name: string | undefined
  readonly nested: Nesting | undefined
  readonly spans: boolean
  /** How long one attempt may take, in milliseconds. */
  readonly attemptTimeout: number
  /** Whether `judge` is asked about an attempt that took too long. Default: it is retried without asking. */
  readonly judgesTimeouts?: boolean | undefined
  /** What to do, once a retry is certain, about what the failed attempt has left behind; ahead of the wait. */
  readonly cleanUp?: ((error: unknown) => Effect.Effect<void>) | undefined
}

/**
 * The rules of a policy: made at the first failure, since a call that succeeds needs none.
 */
export const rulesOf = (settings: Settings): Decision.Rules => settings.rules ??= Decision.fromPolicy(settings.policy)

/**
 * Options of a stream, checked and made ready, once.
 */
export interface StreamSettings extends Settings {
  /** In milliseconds. */
  readonly resetAfter: number
  readonly attemptsInAll: number
}

/**
 * Checks the options of a schedule and makes them ready, on behalf of the function named `caller`.
 */
export const fromScheduleOptions = (caller: string, options: ScheduleOptions<unknown>): Settings =>
  fromOptions(caller, options, scheduleFields)

/**
 * Checks the options of a combinator and makes them ready, on behalf of the function named `caller`.
 */
export const fromRetryOptions = (caller: string, options: RetryOptions<unknown, Duration.Input>): Settings =>
  fromOptions(caller, options, retryFields)

/**
 * Checks the options of a stream and makes them ready, on behalf of the function named `caller`.
 */
export const fromStreamOptions = (caller: string, options: StreamOptions<unknown>): StreamSettings => {
  const settings = fromOptions(caller, options, streamFields)
  return {
    ...settings,
    resetAfter: limit(caller, "resetAfter", options.resetAfter),
    attemptsInAll: options.attemptsInAll === undefined
      ? Math.max(1000, settings.policy.attempts)
      : checkAttempts(caller, options.attemptsInAll, "attemptsInAll")
  }
}

const scheduleFields: ReadonlyArray<string> = /*#__PURE__*/ ["on", "name", "nested"].concat(
  /*#__PURE__*/ Object.keys(RetryPolicy.defaults)
)

/**
 * The names of the options of a combinator.
 */
export const retryFields: ReadonlyArray<string> = /*#__PURE__*/ scheduleFields.concat("attemptTimeout", "spans")
const streamFields: ReadonlyArray<string> = /*#__PURE__*/ scheduleFields.concat("resetAfter", "attemptsInAll")

/** What is not among the `known` is not read either: an object may inherit what it does not own. */
const fromOptions = (
  caller: string,
  options: RetryOptions<unknown, Duration.Input>,
  known: ReadonlyArray<string>
): Settings => {
  checkKnown(caller, options, known)
  const { name, nested, on } = options
  const { attemptTimeout, spans = false } = known === retryFields ? options : {}
  checkBoolean(caller, spans, "spans")
  if (nested !== undefined) checkNesting(caller, nested, "nested")
  if (name !== undefined && !isName(name)) return refuse(caller, "name", "a non-empty string", name)
  const policy = RetryPolicy.fromInput(caller, options)
  return {
    policy,
    rules: undefined,
    judge: RetryOn.fromInput(caller, on, policy),
    name,
    nested,
    spans,
    attemptTimeout: limit(caller, "attemptTimeout", attemptTimeout)
  }
}

const checkNesting = /*#__PURE__*/ checkEither("allow", "once")

/** A limit in time that may be left out, in milliseconds. */
const limit = (caller: string, field: string, value: Duration.Input | undefined): number =>
  value === undefined ? Infinity : Duration.toMillis(checkTimeout(caller, value, field))
