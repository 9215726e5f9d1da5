/**
 * The options and types of `RetryPromise`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type { RetryOptions } from "../drive/model.ts"
import type { Answer, BackoffHook, BackoffOptions, ErrorClass } from "../verdict/RetryOn.ts"

/**
 * The forms of `on` for promises. There is no default: an error that is not named is not retried.
 *
 * **Details**
 *
 * - a name: the error's `code`, its `_tag` or its `name`, such as `"ECONNRESET"`, `"HttpError"` or `"TimeoutError"`. A
 *   code may also stand on what the error was caused by: `fetch` rejects with a `TypeError` whose `cause` has the code.
 * - an error class, checked with `instanceof`
 * - a backoff hook, that is a function of the error and of the failed attempt
 * - a record of names, each with an answer, a backoff of its own, or a hook. Codes go before tags, and tags before names.
 * - a list of names, classes and hooks. The first that does not say no decides.
 *
 * A promise can reject with anything, so a hook is handed an `unknown`, and names are not checked.
 *
 * **Gotchas**
 *
 * A class that extends `Error` and sets no `name` is called `"Error"`: name it by the class itself.
 *
 * @category models
 * @since 0.1.0
 */
export type On = string | ErrorClass<unknown> | BackoffHook<unknown> | OnNames | ReadonlyArray<OnItem>

/**
 * A member of the list form of `on`.
 *
 * @category models
 * @since 0.1.0
 */
export type OnItem = string | ErrorClass<unknown> | BackoffHook<unknown>

/**
 * The record form of `on`: an answer for each name; errors that are not named are not retried.
 *
 * @category models
 * @since 0.1.0
 */
export interface OnNames {
  readonly [name: string]: Answer | BackoffOptions | BackoffHook<unknown> | undefined
}

/**
 * What both functions take: every option of `Stamina.retry`, with an `on` for promises.
 *
 * @category models
 * @since 0.1.0
 */
export interface PromiseOptions extends RetryOptions<On, Duration.Input | undefined> {}

/**
 * The options of `RetryPromise.retry`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends PromiseOptions {
  /**
   * Cancels the call: an attempt is abandoned and a wait ends at once, and the promise rejects with `signal.reason`. Where
   * it is aborted already, no attempt is made. Default: nothing cancels it.
   */
  readonly signal?: AbortSignal | undefined
}

/**
 * The options of `RetryPromise.retried`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetriedOptions<in Args extends ReadonlyArray<unknown>> extends PromiseOptions {
  /** Finds the signal that cancels a call among its arguments. Default: nothing cancels it. */
  readonly signal?: ((...args: Args) => AbortSignal | undefined) | undefined
}

/**
 * What a retried function knows about the attempt that it makes.
 *
 * @category models
 * @since 0.1.0
 */
export interface PromiseAttempt {
  /** The number of this attempt, 1 = the first. */
  readonly num: number
  /**
   * How long the wait will be, without jitter, if this attempt fails and is retried. Zero if retries are switched off or
   * in test mode.
   */
  readonly nextWait: Duration.Duration
  /** How many attempts may follow this one; 0 if retries are switched off. `Infinity` without a limit. */
  readonly attemptsLeft: number
  /** What the attempt before this one rejected with; none in the first. */
  readonly previous: Option.Option<unknown>
  /**
   * Aborted when the option `attemptTimeout` ends the attempt, and when the caller's own signal is aborted: also after the
   * call, since what it resolved with may still be reading, as the body of a response is. Nothing else aborts it once the
   * attempt has ended.
   */
  readonly signal: AbortSignal
}

/**
 * A function that returns a value or a promise.
 *
 * **Gotchas**
 *
 * `any`, since a generic function fits no narrower constraint and would lose its type parameters.
 *
 * @category type-level
 * @since 0.1.0
 */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type AnyFunction = (...args: any) => any

/**
 * The type of a wrapped function: its own if it returns a promise, else the same with a promise of what it returns.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Retried<F extends AnyFunction> = Promise<Awaited<ReturnType<F>>> extends ReturnType<F> ? F
  : (this: ThisParameterType<F>, ...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>>

/**
 * `unknown` if the function in the option `signal` can be called with the arguments of the wrapped function, else a
 * text that says why not.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Takes<Args extends ReadonlyArray<unknown>, F extends AnyFunction> = Parameters<F> extends Args ? unknown
  : "the function in `signal` takes other arguments than this one"
