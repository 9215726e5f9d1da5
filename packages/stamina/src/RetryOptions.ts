/**
 * What every function that retries takes: the policy's fields, what to retry, and a name.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Decision from "./Decision.ts"
import { checkKnown, checkTimeout, refuse } from "./internal/check.ts"
import type { Nesting } from "./Nesting.ts"
import * as RetryOn from "./RetryOn.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

/**
 * The options of everything that retries: what to retry, how, and under which name.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScheduleOptions<out On> extends RetryPolicy.Input {
  /** What is retried: see `RetryOn.On`. Required: nothing is retried that is not named. */
  readonly on: On
  /**
   * What is retried, for people: the label `callable` in metrics and logs. Default: the name of the span around the
   * retry, else `"<unnamed>"`.
   */
  readonly name?: string | undefined
  /**
   * What to do about an error on which a run inside this one has given up: retry it all the same (`"allow"`), or stop
   * with `AlreadyRetried` (`"once"`). Default: what `Nesting.CurrentNesting` says, which is `"allow"`.
   */
  readonly nested?: Nesting | undefined
}

/**
 * The options of what makes the attempts itself: `Stamina.retry`, `retried` and `retryContext`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions<out On, out Timeout extends Duration.Input = never> extends ScheduleOptions<On> {
  /**
   * How long one attempt may take: longer than 0. It is then interrupted and counts as failed, with `AttemptTimedOut`,
   * which is retried whatever `on` says. Never longer than the deadline around leaves. Default: as long as it takes.
   */
  readonly attemptTimeout?: Timeout | undefined
  /**
   * Whether each attempt and each wait gets a span of its own, `stamina.attempt` and `stamina.wait`, below the current
   * one. Default `false`.
   */
  readonly spans?: boolean | undefined
}

/**
 * Options, checked and made ready, once.
 *
 * @internal
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
}

/**
 * Checks the options of a schedule and makes them ready, on behalf of the function named `caller`.
 *
 * @internal
 */
export const fromScheduleOptions = (caller: string, options: ScheduleOptions<unknown>): Settings => {
  checkKnown(caller, options, scheduleFields)
  return { ...common(caller, options), spans: false, attemptTimeout: Infinity, isPlain: true }
}

/**
 * Checks the options of a combinator and makes them ready, on behalf of the function named `caller`.
 *
 * @internal
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

const scheduleFields: ReadonlyArray<string> = ["on", "name", "nested", ...Object.keys(RetryPolicy.defaults)]
const retryFields: ReadonlyArray<string> = [...scheduleFields, "attemptTimeout", "spans"]

const common = (
  caller: string,
  options: ScheduleOptions<unknown>
): Omit<Settings, "spans" | "attemptTimeout" | "isPlain"> => {
  const { name, nested } = options
  if (nested !== undefined && nested !== "allow" && nested !== "once") {
    return refuse(caller, "nested", "\"allow\" or \"once\"", nested)
  }
  if (name !== undefined && typeof name !== "string") return refuse(caller, "name", "a string", name)
  const policy = RetryPolicy.fromInput(caller, options)
  return { rules: Decision.fromPolicy(policy), judge: RetryOn.fromInput(caller, options.on, policy), name, nested }
}
