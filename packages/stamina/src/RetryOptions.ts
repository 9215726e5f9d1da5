/**
 * What every function that retries takes: the policy's fields, what to retry, and a name.
 *
 * @since 0.1.0
 */
import * as Decision from "./Decision.ts"
import { checkKnown, refuse } from "./internal/check.ts"
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
}

/**
 * The options of what makes the attempts itself: `Stamina.retry`, `retried` and `retryContext`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions<out On> extends ScheduleOptions<On> {
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
  readonly spans: boolean
}

/**
 * Checks the options of a schedule and makes them ready, on behalf of the function named `caller`.
 *
 * @internal
 */
export const fromScheduleOptions = (caller: string, options: ScheduleOptions<unknown>): Settings => {
  checkKnown(caller, options, scheduleFields)
  return { ...common(caller, options), spans: false }
}

/**
 * Checks the options of a combinator and makes them ready, on behalf of the function named `caller`.
 *
 * @internal
 */
export const fromRetryOptions = (caller: string, options: RetryOptions<unknown>): Settings => {
  checkKnown(caller, options, retryFields)
  const { spans = false } = options
  if (typeof spans !== "boolean") return refuse(caller, "spans", "true or false", spans)
  return { ...common(caller, options), spans }
}

const scheduleFields: ReadonlyArray<string> = ["on", "name", ...Object.keys(RetryPolicy.defaults)]
const retryFields: ReadonlyArray<string> = [...scheduleFields, "spans"]

const common = (caller: string, options: ScheduleOptions<unknown>): Omit<Settings, "spans"> => {
  const { name } = options
  if (name !== undefined && typeof name !== "string") return refuse(caller, "name", "a string", name)
  return {
    rules: Decision.fromPolicy(RetryPolicy.fromInput(caller, options)),
    judge: RetryOn.fromInput(caller, options.on),
    name
  }
}
