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
export interface RetryOptions<out On> extends RetryPolicy.Input {
  /** What is retried: see `RetryOn.On`. Required: nothing is retried that is not named. */
  readonly on: On
  /**
   * What is retried, for people: the label `callable` in metrics and logs. Default: the name of the span around the
   * retry, else `"<unnamed>"`.
   */
  readonly name?: string | undefined
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
}

/**
 * Checks options and makes them ready, on behalf of the function named `caller`.
 *
 * @internal
 */
export const toSettings = (caller: string, options: RetryOptions<unknown>): Settings => {
  checkKnown(caller, options, known)
  const { name } = options
  if (name !== undefined && typeof name !== "string") return refuse(caller, "name", "a string", name)
  return {
    rules: Decision.fromPolicy(RetryPolicy.fromInput(caller, options)),
    judge: RetryOn.fromInput(caller, options.on),
    name
  }
}

const known: ReadonlyArray<string> = ["on", "name", ...Object.keys(RetryPolicy.defaults)]
