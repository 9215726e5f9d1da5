/**
 * The combinators: a loop of our own around an effect.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { type Attempt, CurrentAttempt } from "../around/Attempt.ts"
import { AttemptTimedOut } from "./AttemptTimedOut.ts"
import { CurrentDeadline } from "../around/Deadline.ts"
import { refuse } from "../tools/check.ts"
import * as clock from "../tools/clock.ts"
import { attemptSpan } from "../telemetry/details.ts"
import { inSpan, observedWait, observeEnd, observeGiveUp } from "./observe.ts"
import * as Run from "../run/Run.ts"
import { fromRetryOptions, type Settings } from "./settings.ts"
import * as steps from "./steps.ts"
import type { Fitting, On } from "../verdict/RetryOn.ts"
import type { RetryOptions } from "./RetryOptions.ts"

/**
 * A combinator that was made alone: it fits every effect that can fail with what its `on` names, keeps that effect's
 * own error type, and refuses the others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bound<O, TimedOut = never> {
  <A, E, R>(self: Effect.Effect<A, E, R> & Fitting<E, O, "effect">): Effect.Effect<A, E | TimedOut, R>
}

/**
 * What the option `attemptTimeout` adds to the errors: nothing where it is left out.
 *
 * @category type-level
 * @since 0.1.0
 */
export type TimedOut<Timeout> = [Timeout] extends [never] ? never : AttemptTimedOut

/**
 * The type of a wrapped function: its own, or with one more error where there is an `attemptTimeout`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Retried<F extends EffectFunction, Timeout> = [Timeout] extends [never] ? F
  : (
    this: ThisParameterType<F>,
    ...args: Parameters<F>
  ) => Effect.Effect<
    Effect.Success<ReturnType<F>>,
    Effect.Error<ReturnType<F>> | AttemptTimedOut,
    Effect.Services<ReturnType<F>>
  >

/**
 * A function that returns an effect.
 *
 * **Gotchas**
 *
 * `any`, since a generic function fits no narrower constraint and would lose its type parameters.
 *
 * @category type-level
 * @since 0.1.0
 */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type EffectFunction = (...args: any) => Effect.Effect<any, any, any>

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
 * cause holds several failures, one that must not be retried decides. When the run ends, the last cause comes out
 * unchanged: the same error object, with everything else that the cause holds.
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
 * `Effect.retry(staminaSchedule(…))` makes the same decisions, but Effect asks a schedule only about the first failure
 * of a cause, and also where an interruption stands beside it.
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
export function retry<E = unknown, const O extends On<E> = On<E>, const T extends Duration.Input = never>(
  options: RetryOptions<O, T>
): unknown extends E ? Bound<O, TimedOut<T>>
  : <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<A, E, R, const O extends On<E> = On<E>, const T extends Duration.Input = never>(
  self: Effect.Effect<A, E, R>,
  options: RetryOptions<O, T>
): Effect.Effect<A, E | TimedOut<T>, R>
export function retry(
  ...args:
    | readonly [RetryOptions<unknown, Duration.Input>]
    | readonly [Effect.Effect<unknown, unknown, unknown>, RetryOptions<unknown, Duration.Input>]
): unknown {
  // not Effect's `dual`, which would put off the check of options that come alone
  const settings = fromRetryOptions("Stamina.retry", args.length === 2 ? args[1] : args[0])
  const retrying = <A, E, R>(self: Effect.Effect<A, E, R>) => retryEffect(self, settings)
  return args.length === 2 ? retrying(args[0]) : retrying
}

/**
 * Retries a block that knows its attempt: stamina's `retry_context`.
 *
 * **Details**
 *
 * The block is called anew for each attempt, with the attempt's number, the wait that would follow, and the error
 * before. The same attempt can be read deeper inside as `CurrentAttempt`. Everything else is as in {@link retry}.
 *
 * **Example** (Saying which attempt it is)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * const program = Stamina.retryContext({ on: () => true, attempts: 3, waitJitter: 0 }, (attempt) =>
 *   attempt.num < 3 ? Effect.fail("not yet") : Effect.succeed(`done in attempt ${attempt.num}`))
 *
 * Effect.runPromise(program).then(console.log) // done in attempt 3
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const retryContext = <A, E, R, const O extends On<E> = On<E>, const T extends Duration.Input = never>(
  options: RetryOptions<O, T>,
  block: (attempt: Attempt) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | TimedOut<T>, R> => retryBlock(fromRetryOptions("Stamina.retryContext", options), block)

/**
 * {@link retryContext} with options that were made ready before.
 *
 * @internal
 */
export const retryBlock = <A, E, R>(
  settings: Settings,
  block: (attempt: Attempt) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const run = Run.make(settings, clock.read(fiber))
    const attempt = (previous: Option.Option<unknown>) =>
      Effect.suspend(() => {
        const current: Attempt = { num: run.attempt, nextWait: Duration.millis(steps.nextWait(run, fiber)), previous }
        return Effect.provideService(block(current), CurrentAttempt, Option.some(current))
      })
    return begin(run, fiber, attempt(Option.none()), (error) => attempt(Option.some(error)))
  })

/**
 * Wraps a function that returns an effect, so that each call is retried: stamina's `retry` decorator.
 *
 * **Details**
 *
 * The wrapped function keeps its type, parameters, `this`, `name` and `length`; it is called anew for each attempt.
 * Its name is the default for the option `name`. Everything else is as in {@link retry}.
 *
 * The result is a standard (stage 3) method decorator as well.
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
 * const fetchUser = Stamina.retried({ on: "HttpError" })((id: number) => get(`/users/${id}`))
 *
 * class Users {
 *   readonly find = Stamina.retried({ on: "HttpError" })(function find(this: Users, id: number) {
 *     return get(`/users/${id}`)
 *   })
 * }
 *
 * Effect.runPromise(Effect.all([fetchUser(1), new Users().find(2)])).then(console.log) // [ 'GET /users/1', 'GET /users/2' ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const retried = <const O extends On<unknown>, const T extends Duration.Input = never>(
  options: RetryOptions<O, T>
): <F extends EffectFunction>(
  fn: F & Fitting<Effect.Error<ReturnType<F>>, O, "function">,
  context?: ClassMethodDecoratorContext
) => Retried<F, T> => {
  const settings = fromRetryOptions("Stamina.retried", options)
  return <F extends EffectFunction>(fn: F, context?: unknown): Retried<F, T> => {
    checkMethod(fn, context)
    const named = settings.name === undefined && fn.name !== "" ? { ...settings, name: fn.name } : settings
    const wrapped = function(this: unknown, ...args: ReadonlyArray<unknown>) {
      return retryEffect(Effect.suspend(() => Reflect.apply(fn, this, args)), named)
    }
    Object.defineProperty(wrapped, "name", { value: fn.name, configurable: true })
    Object.defineProperty(wrapped, "length", { value: fn.length, configurable: true })
    // it takes and returns what `fn` does, which no type of a rest parameter can say
    return wrapped as Function as Retried<F, T>
  }
}

/**
 * A decorator that is applied to anything but a method, or in the legacy way (to a prototype), would be ignored without
 * a word.
 */
const checkMethod = (fn: unknown, context: unknown): void => {
  if (typeof fn !== "function") refuse("Stamina.retried", "what is wrapped", "a function that returns an effect", fn)
  if (Predicate.hasProperty(context, "kind") && context.kind !== "method") {
    refuse("Stamina.retried", "what is decorated", "a method", context.kind)
  }
}

/**
 * Retries one effect, made ready. Until the first failure, all that it costs is a reading of the clock.
 *
 * @internal
 */
export const retryEffect = <A, E, R>(self: Effect.Effect<A, E, R>, settings: Settings): Effect.Effect<A, E, R> => {
  const again = () => self
  return Effect.withFiber((fiber) => {
    const start = clock.read(fiber)
    return settings.spans || settings.attemptTimeout < Infinity
      ? begin(Run.make(settings, start), fiber, self, again)
      : Effect.catchCause(self, (cause) => afterFailure(Run.make(settings, start), fiber, cause, again))
  })
}

/** Makes the first attempt of a run: `again` makes the others, from the error before. */
const begin = <A, E, R>(
  run: Run.Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  first: Effect.Effect<A, E, R>,
  again: (error: unknown) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.catchCause(asAttempt(run, fiber, first), (cause) => afterFailure(run, fiber, cause, again))

/** Gives up or waits and makes the next attempt. */
const afterFailure = <A, E, R>(
  run: Run.Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  cause: Cause.Cause<E>,
  again: (error: unknown) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const failed = steps.failed(run, fiber, cause)
  if (run.reason !== undefined) return giveUp(run, fiber, failed)
  // put off until it is sure that hooks which are told of the retry are told of the run's end as well
  const attempt = Effect.suspend(() =>
    Effect.flatMap(observedWait(run, fiber), () => {
      steps.attemptBegins(run, fiber)
      return asAttempt(run, fiber, again(Run.lastFailure(run)?.error))
    })
  )
  const deadline = fiber.getRef(CurrentDeadline)
  const rest = Effect.matchCauseEffect(
    deadline === undefined
      ? attempt
      : deadline.untilPassed(attempt, () => giveUp(run, fiber, steps.deadlinePassed(run, fiber, cause))),
    {
      onFailure: (cause) => afterFailure(run, fiber, cause, again),
      onSuccess: (value) => Effect.as(observeEnd(run, fiber, "onRecovered"), value)
    }
  )
  // once for the whole rest of the run: every other end has been told of by then
  return run.attempt === 2 ? Effect.onExit(rest, () => observeEnd(run, fiber, "onInterrupted")) : rest
}

const giveUp = <E>(
  run: Run.Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  cause: Cause.Cause<E>
): Effect.Effect<never, E> => {
  const failed = Effect.failCause(cause)
  // an interruption is told of where it passes the whole run
  return Cause.hasInterrupts(cause) ? failed : Effect.andThen(observeGiveUp(run, fiber), failed)
}

/** Puts an attempt in a span of its own, and breaks it off where it takes too long, as far as that is asked for. */
const asAttempt = <A, E, R>(
  run: Run.Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  attempt: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const timed = run.settings.attemptTimeout === Infinity ? attempt : inTime(run, fiber, attempt)
  return inSpan(run, timed, attemptSpan, { "stamina.attempt": run.attempt })
}

/** Breaks an attempt off after the time that it may take, or at the earliest deadline around. */
const inTime = <A, E, R>(
  run: Run.Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  attempt: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const deadline = fiber.getRef(CurrentDeadline)
  const left = deadline === undefined ? Infinity : -clock.millisSince(fiber, deadline.at)
  const duration = Math.max(0, Math.min(run.settings.attemptTimeout, left))
  return Effect.timeoutOrElse(attempt, {
    duration,
    orElse: () => {
      run.timedOut = new AttemptTimedOut({ attempt: run.attempt, after: Duration.millis(duration) })
      // the option has put it in the error type that users see
      return Effect.fail(run.timedOut as E)
    }
  })
}
