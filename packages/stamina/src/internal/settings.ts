/**
 * Options made ready: checked once, when a retry is built, and then only read.
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Decision from "../Decision.ts"
import type { Nesting } from "../Nesting.ts"
import * as RetryOn from "../RetryOn.ts"
import type { RetryOptions, ScheduleOptions, StreamOptions } from "../RetryOptions.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import { checkAttempts, checkKnown, checkTimeout, refuse } from "./check.ts"

/**
 * Options, checked and made ready, once.
 */
export interface Settings {
  readonly rules: Decision.Rules
  readonly judge: (error: unknown) => RetryOn.Verdict
  readonly name: string | undefined
  readonly nested: Nesting | undefined
  readonly spans: boolean
  /** How long one attempt may take, in milliseconds. */
  readonly attemptTimeout: number
  /** Whether attempts are made as they are: neither in a span nor with a timeout. */
  readonly isPlain: boolean
  /** Whether `judge` is asked about an attempt that took too long. Default: it is retried without asking. */
  readonly judgesTimeouts?: boolean | undefined
  /** What to do, once a retry is certain, about what the failed attempt has left behind; ahead of the wait. */
  readonly cleanUp?: ((error: unknown) => Effect.Effect<void>) | undefined
}

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
export const fromScheduleOptions = (caller: string, options: ScheduleOptions<unknown>): Settings => {
  checkKnown(caller, options, scheduleFields)
  return { ...common(caller, options), spans: false, attemptTimeout: Infinity, isPlain: true }
}

/**
 * Checks the options of a combinator and makes them ready, on behalf of the function named `caller`.
 */
export const fromRetryOptions = (caller: string, options: RetryOptions<unknown, Duration.Input>): Settings => {
  checkKnown(caller, options, retryFields)
  const { spans = false } = options
  if (typeof spans !== "boolean") return refuse(caller, "spans", "true or false", spans)
  const attemptTimeout = options.attemptTimeout === undefined
    ? Infinity
    : Duration.toMillis(checkTimeout(caller, options.attemptTimeout, "attemptTimeout"))
  return { ...common(caller, options), spans, attemptTimeout, isPlain: !spans && attemptTimeout === Infinity }
}

/**
 * Checks the options of a stream and makes them ready, on behalf of the function named `caller`.
 */
export const fromStreamOptions = (caller: string, options: StreamOptions<unknown>): StreamSettings => {
  checkKnown(caller, options, streamFields)
  const settings = { ...common(caller, options), spans: false, attemptTimeout: Infinity, isPlain: true }
  return {
    ...settings,
    resetAfter: options.resetAfter === undefined
      ? Infinity
      : Duration.toMillis(checkTimeout(caller, options.resetAfter, "resetAfter")),
    attemptsInAll: options.attemptsInAll === undefined
      ? Math.max(1000, settings.rules.attempts)
      : checkAttempts(caller, options.attemptsInAll, "attemptsInAll")
  }
}

const scheduleFields: ReadonlyArray<string> = ["on", "name", "nested", ...Object.keys(RetryPolicy.defaults)]

/**
 * The names of the options of a combinator.
 */
export const retryFields: ReadonlyArray<string> = [...scheduleFields, "attemptTimeout", "spans"]
const streamFields: ReadonlyArray<string> = [...scheduleFields, "resetAfter", "attemptsInAll"]

const common = (
  caller: string,
  options: ScheduleOptions<unknown>
): Omit<Settings, "spans" | "attemptTimeout" | "isPlain"> => {
  const { name, nested } = options
  if (nested !== undefined && nested !== "allow" && nested !== "once") {
    return refuse(caller, "nested", "\"allow\" or \"once\"", nested)
  }
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    return refuse(caller, "name", "a non-empty string", name)
  }
  const policy = RetryPolicy.fromInput(caller, options)
  return { rules: Decision.fromPolicy(policy), judge: RetryOn.fromInput(caller, options.on, policy), name, nested }
}
