/**
 * What every function that retries takes: the policy's fields, what to retry, and a name.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Decision from "./Decision.ts"
import { checkAttempts, checkKnown, checkTimeout, refuse } from "./internal/check.ts"
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
 * The options of `Stamina.retryStream`. An attempt is a time that the stream is begun.
 *
 * @category models
 * @since 0.1.0
 */
export interface StreamOptions<out On> extends ScheduleOptions<On> {
  /**
   * How long a stream has to last, longer than 0, from its first element to its failure, for that failure to count as
   * the first one: attempts, timeout and waits then start afresh. Default: they never do.
   */
  readonly resetAfter?: Duration.Input | undefined
  /**
   * How often the stream is begun at most, however often `resetAfter` lets the attempts start afresh: an integer ≥ 1,
   * or `Infinity`. Default: 1000, or `attempts` where that is more.
   */
  readonly attemptsInAll?: number | undefined
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
  /** Whether `judge` is asked about an attempt that took too long. Default: it is retried without asking. */
  readonly judgesTimeouts?: boolean | undefined
  /** What to do, once a retry is certain, about what the failed attempt has left behind; ahead of the wait. */
  readonly cleanUp?: ((error: unknown) => Effect.Effect<void>) | undefined
}

/**
 * Options of a stream, checked and made ready, once.
 *
 * @internal
 */
export interface StreamSettings extends Settings {
  /** In milliseconds. */
  readonly resetAfter: number
  readonly attemptsInAll: number
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

/**
 * Checks the options of a stream and makes them ready, on behalf of the function named `caller`.
 *
 * @internal
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
 *
 * @internal
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
