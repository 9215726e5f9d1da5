/**
 * The retry combinators.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Attempt } from "../ambient/attempt.ts"
import { isActivity } from "../tools/activity.ts"
import { refuse } from "../tools/check.ts"
import { eager, type Subject } from "../tools/dataFirstOrLast.ts"
import * as wrapping from "../tools/wrapping.ts"
import type {
  AnyOn,
  BackoffHook,
  Checked,
  Names,
  Never,
  NoValue,
  OnFor,
  OnItems,
  OnOf,
  OnTags,
  Retryable,
  Unbound
} from "../verdict/RetryOn.ts"
import { retryBlock, retryEffect } from "./drivers.ts"
import type { EffectFunction, Retried, RetryCombinator, RetryOptions, TimedOut } from "./model.ts"
import { fromRetryOptions, type Settings } from "./settings.ts"

/**
 * Retries an effect when it fails with what `on` names, with backoff and jitter, within the policy's limits.
 *
 * **Details**
 *
 * The wait before retry `n` is `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`, `u` uniform in [0, 1);
 * by default at most 10 calls are made in all, and a failure 45 s or later after the start is final. See
 * `RetryPolicy` for each option's meaning, unit and range.
 *
 * Only typed failures are retried. A cause that holds a defect or an interruption is passed on as it is, and where a
 * cause holds several failures, one that must not be retried decides. When the run ends, the last cause comes out:
 * the same error object, with everything else that the cause holds. If the run gave up, the cause carries a note about it,
 * so in a test compare the error and not the exit.
 *
 * Can be called with the effect first, or with the options alone. Made alone, a combinator is a value: use it on many
 * effects, in many fibers at once; each run counts for itself.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * The timeout is looked at when an attempt has failed. It neither cuts an attempt short nor shortens a wait.
 *
 * An activity of a workflow is refused when the retry is applied: its engine answers each further call with the recorded
 * failure of the first. `DurableRetry.retry` retries activities. An activity inside a longer effect is not seen, and
 * replays its failure as well.
 *
 * `Effect.retry(staminaSchedule(…))` makes the same decisions, but Effect asks a schedule only about the first failure
 * of a cause, and also if an interruption stands beside it.
 *
 * **Example** (Retrying what is worth it)
 *
 * ```ts
 * import { Data, Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
 *
 * let calls = 0
 * const flaky = Effect.suspend(() => ++calls < 3 ? Effect.fail(new HttpError({ status: 503 })) : Effect.succeed("ok"))
 *
 * const program = flaky.pipe(
 *   Stamina.retry({ on: { HttpError: (error) => error.status >= 500 }, attempts: 5, waitJitter: 0 })
 * )
 *
 * Effect.runPromise(program).then((answer) => console.log(answer, "after", calls, "calls")) // ok after 3 calls
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
// The order matters. Names come first: editors offer what the first overload takes. A hook comes before classes: they give
// its parameter no type. Each overload that does not fit costs the compiler 10 to 25 instantiations.
export function retry<
  E = Unbound,
  const N extends Names<E> = Names<E>,
  const T extends Duration.Input | undefined = undefined
>(
  options: RetryOptions<N | Never, T>
): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<E, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<BackoffHook<NoInfer<E>>, T>
): <A, R, E2 = E>(self: Effect.Effect<A, E, R> & Effect.Effect<A, E2, R>) => Effect.Effect<A, E2 | TimedOut<T>, R>
export function retry<E = Unbound, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<OnTags<E>, T>
): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<E = Unbound, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<OnItems<E>, T>
): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<const O extends AnyOn, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<O extends "" ? never : O, T>
): RetryCombinator<O, TimedOut<T>>
export function retry<A, E, R, const T extends Duration.Input | undefined = undefined>(
  self: Effect.Effect<A, E, R>,
  options: RetryOptions<OnFor<E>, T>
): Effect.Effect<A, E | TimedOut<T>, R>
export function retry(...args: ReadonlyArray<unknown>): unknown {
  const ready = (options: RetryOptions<unknown, Duration.Input | undefined>) =>
    fromRetryOptions("Stamina.retry", options)
  return eager(args, effects("Stamina.retry"), ready, apply("Stamina.retry"))
}

const effects = (caller: string): Subject<Effect.Effect<unknown, unknown, unknown>> => ({
  caller,
  is: Effect.isEffect,
  rule: "an Effect (a Stream: Stamina.retryStream, a promise: RetryPromise.retry)"
})

/** Refuses an activity when the retry is applied, so that no run has to look. */
const apply = (caller: string) => <A, E, R>(self: Effect.Effect<A, E, R>, settings: Settings): Effect.Effect<A, E, R> =>
  isActivity(self)
    ? refuse(caller, "what is retried", "no activity, which replays its first failure (use DurableRetry.retry)", self)
    : retryEffect(self, settings)

/**
 * Builds a retry from its options only, to be used on many effects: {@link retry} for options that are not known yet.
 *
 * **When to use**
 *
 * In a library that wraps this one and is generic in `on`. Otherwise `Stamina.retry(options)` does the same, and infers
 * the errors from the pipe that it stands in.
 *
 * **Example** (The defaults of a house)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { type RetryOn, Stamina } from "effect-stamina"
 *
 * const houseRetry = <const O extends RetryOn.AnyOn>(options: Stamina.RetryOptions<O>) =>
 *   Stamina.make({ attempts: 3, waitInitial: "1 milli", waitJitter: 0, ...options })
 *
 * let calls = 0
 * const flaky = Effect.suspend(() => Effect.fail({ _tag: "Down", call: ++calls } as const))
 *
 * Effect.runPromise(flaky.pipe(houseRetry({ on: "Down" }), Effect.flip)).then(({ call }) => console.log(call)) // 3
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const make = <const O extends AnyOn, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<O, T>
): RetryCombinator<O, TimedOut<T>> => {
  const settings = fromRetryOptions("Stamina.make", options)
  return (self) => apply("Stamina.make")(self, settings)
}

/**
 * Retries a block that knows its attempt: stamina's `retry_context`.
 *
 * **Details**
 *
 * The block is called anew for each attempt, with the attempt's number, the wait that would follow, and the error
 * before. The same attempt can be read deeper inside as `CurrentAttempt`. Everything else is as in {@link retry}.
 *
 * **Gotchas**
 *
 * Put the block first. With the options first, TypeScript reads `on` before it knows the block: a function in `on` gets an
 * error of type `never` as soon as the block uses its attempt.
 *
 * **Example** (Saying which attempt it is)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * const program = Stamina.retryContext(
 *   (attempt) => attempt.num < 3 ? Effect.fail("not yet") : Effect.succeed(`done in attempt ${attempt.num}`),
 *   { on: (error) => error === "not yet", attempts: 3, waitJitter: 0 }
 * )
 *
 * Effect.runPromise(program).then(console.log) // done in attempt 3
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function retryContext<
  A,
  E extends E0,
  R,
  E0 = unknown,
  const O extends OnOf<E> = OnOf<E>,
  const T extends Duration.Input | undefined = undefined
>(
  block: ((attempt: Attempt<E0>) => Effect.Effect<A, E, R>) | (NoValue & { readonly on: Never }),
  options: RetryOptions<O, T> & { readonly on: Checked<NoInfer<E>, O> }
): Effect.Effect<A, E | TimedOut<T>, R>
export function retryContext<
  A,
  E extends E0,
  R,
  E0 = unknown,
  const O extends OnOf<E> = OnOf<E>,
  const T extends Duration.Input | undefined = undefined
>(
  options: RetryOptions<O, T> & { readonly on: Checked<NoInfer<E>, O> },
  block: (attempt: Attempt<E0>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | TimedOut<T>, R>
export function retryContext(...args: readonly [unknown, unknown]): unknown {
  const [block, options] = typeof args[0] === "function" ? args : [args[1], args[0]]
  if (!isBlock(block)) return refuse("Stamina.retryContext", "the block", "a function that returns an effect", block)
  // refused if it is none
  const given = options as RetryOptions<unknown, Duration.Input | undefined>
  return retryBlock(fromRetryOptions("Stamina.retryContext", given), block)
}

const isBlock = (value: unknown): value is Block<unknown, unknown, unknown> => typeof value === "function"

type Block<A, E, R> = (attempt: Attempt) => Effect.Effect<A, E, R>

/**
 * Wraps a function that returns an effect, so that each call is retried: stamina's `retry` decorator.
 *
 * **Details**
 *
 * The wrapped function keeps its type, parameters, `this`, `name` and `length`; it is called anew for each attempt.
 * Its name is the default for the option `name`. Everything else is as in {@link retry}.
 *
 * With the options alone, the result is a standard (stage 3) method decorator as well. A function in `on` then does not know
 * its error: put the function first.
 *
 * **Example** (A function and a method)
 *
 * ```ts
 * import { Data, Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
 *
 * const get = (path: string): Effect.Effect<string, HttpError> => Effect.succeed(`GET ${path}`)
 *
 * const fetchUser = Stamina.retried((id: number) => get(`/users/${id}`), {
 *   on: { HttpError: (error) => error.status >= 500 }
 * })
 *
 * class Users {
 *   readonly find = Stamina.retried(
 *     function find(this: Users, id: number) {
 *       return get(`/users/${id}`)
 *     },
 *     { on: "HttpError" }
 *   )
 * }
 *
 * Effect.runPromise(Effect.all([fetchUser(1), new Users().find(2)])).then(console.log) // [ 'GET /users/1', 'GET /users/2' ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function retried<const O extends AnyOn, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<O, T>
): <F extends EffectFunction>(
  fn: F & Retryable<Effect.Error<ReturnType<F>>, O, "function">,
  context?: ClassMethodDecoratorContext
) => Retried<F, T>
export function retried<F extends EffectFunction, const T extends Duration.Input | undefined = undefined>(
  fn: F,
  options: RetryOptions<OnFor<Effect.Error<ReturnType<NoInfer<F>>>>, T>
): Retried<F, T>
export function retried(...args: ReadonlyArray<unknown>): unknown {
  const isFunction = (value: unknown): value is EffectFunction => typeof value === "function"
  const caller = "Stamina.retried"
  const ready = (options: RetryOptions<unknown, Duration.Input | undefined>) => fromRetryOptions(caller, options)
  if (isFunction(args[0])) return wrap(args[0], ready(args[1] as RetryOptions<unknown, Duration.Input | undefined>))
  const settings = ready(args[0] as RetryOptions<unknown, Duration.Input | undefined>)
  return (fn: unknown, context?: unknown) => {
    // a decorator in the legacy form gets a prototype here
    if (!isFunction(fn)) return refuse(caller, "what is wrapped", "a function that returns an effect", fn)
    wrapping.checkMethod(caller, context)
    return wrap(fn, settings)
  }
}

const wrap = (fn: EffectFunction, settings: Settings): EffectFunction => {
  const named = settings.name === undefined && fn.name !== "" ? { ...settings, name: fn.name } : settings
  const wrapped = function(this: unknown, ...args: ReadonlyArray<unknown>) {
    return retryEffect(Effect.suspend(() => Reflect.apply(fn, this, args)), named)
  }
  return wrapping.named(wrapped, fn)
}
