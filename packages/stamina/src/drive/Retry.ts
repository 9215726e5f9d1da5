/**
 * The retry combinators, and the loop that drives them.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { type Attempt, CurrentAttempt } from "../around/Attempt.ts"
import * as Backoff from "../policy/Backoff.ts"
import { begins, isOver, lastFailure, ordinal } from "../run/Run.ts"
import { attemptSpan } from "../telemetry/eventsOf.ts"
import { refuse } from "../tools/check.ts"
import * as clock from "../tools/clock.ts"
import { eager } from "../tools/eager.ts"
import { AttemptTimedOut } from "../verdict/AttemptTimedOut.ts"
import type {
  AnyOn,
  BackoffHook,
  Checked,
  ErrorClass,
  Names,
  On,
  OnItem,
  OnOf,
  OnTags,
  Retryable,
  Unbound
} from "../verdict/RetryOn.ts"
import * as engine from "./engine.ts"
import type { EffectFunction, Retried, RetryCombinator, RetryOptions, TimedOut } from "./RetryOptions.ts"
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
export function retry<
  E = Unbound,
  const N extends Names<E> = Names<E>,
  const T extends Duration.Input | undefined = undefined
>(options: RetryOptions<N, T>): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<E, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<BackoffHook<NoInfer<E>>, T>
): <A, R, E2 = E>(self: Effect.Effect<A, E, R> & Effect.Effect<A, E2, R>) => Effect.Effect<A, E2 | TimedOut<T>, R>
export function retry<E = Unbound, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<NoInfer<OnTags<E>>, T>
): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<E = Unbound, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<NoInfer<ErrorClass<E> | ReadonlyArray<OnItem<E>>>, T>
): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<const O extends AnyOn, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<O extends "" ? never : O, T>
): RetryCombinator<O, TimedOut<T>>
export function retry<A, E, R, const T extends Duration.Input | undefined = undefined>(
  self: Effect.Effect<A, E, R>,
  options: RetryOptions<On<E>, T>
): Effect.Effect<A, E | TimedOut<T>, R>
export function retry(...args: ReadonlyArray<unknown>): unknown {
  const ready = (options: RetryOptions<unknown, Duration.Input | undefined>) =>
    fromRetryOptions("Stamina.retry", options)
  return eager(args, Effect.isEffect, ready, retryEffect)
}

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
 * import { type RetryOn, type RetryOptions, Stamina } from "effect-stamina"
 *
 * const houseRetry = <const O extends RetryOn.AnyOn>(options: RetryOptions.RetryOptions<O>) =>
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
  return (self) => retryEffect(self, settings)
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
export function retryContext<
  A,
  E extends E0,
  R,
  E0 = unknown,
  const O extends OnOf<E> = OnOf<E>,
  const T extends Duration.Input | undefined = undefined
>(
  block: (attempt: Attempt<E0>) => Effect.Effect<A, E, R>,
  options: RetryOptions<O, T> & { readonly on: Checked<NoInfer<E>, O> }
): Effect.Effect<A, E | TimedOut<T>, R>
export function retryContext<A, E, R>(
  ...args:
    | readonly [Block<A, E, R>, RetryOptions<unknown, Duration.Input | undefined>]
    | readonly [RetryOptions<unknown, Duration.Input | undefined>, Block<A, E, R>]
): Effect.Effect<A, E, R> {
  const [block, options] = typeof args[0] === "function" ? [args[0], args[1]] : [args[1], args[0]]
  if (typeof block !== "function") {
    return refuse("Stamina.retryContext", "the block", "a function that returns an effect", block)
  }
  // which of the two is which has been seen above
  const given = options as RetryOptions<unknown, Duration.Input | undefined>
  return retryBlock(fromRetryOptions("Stamina.retryContext", given), block)
}

type Block<A, E, R> = (attempt: Attempt) => Effect.Effect<A, E, R>

/**
 * {@link retryContext} with checked options.
 *
 * @internal
 */
export const retryBlock = <A, E, R>(
  settings: Settings,
  block: (attempt: Attempt) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const run = engine.begin(settings, clock.read(fiber), ordinal())
    if (settings.admission !== undefined) settings.admission.called(fiber)
    const attempt = (previous: Option.Option<unknown>) =>
      Effect.suspend(() => {
        const current: Attempt = { num: run.attempt, nextWait: Duration.millis(nextWait(run, fiber)), previous }
        return Effect.provideService(block(current), CurrentAttempt, Option.some(current))
      })
    return loop(run, fiber, attempt(Option.none()), (error) => attempt(Option.some(error)))
  })

/** The jitter-free wait, in milliseconds, if the current attempt fails and is retried. */
const nextWait = (run: engine.LiveRun, fiber: Fiber.Fiber<unknown, unknown>): number => {
  const plan = engine.planOf(run, fiber)
  return plan.active && plan.waits ? Backoff.shortest({ ...plan.backoff, spread: 0 }, run.attempt) : 0
}

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
export function retried<const O extends AnyOn, const T extends Duration.Input | undefined = undefined>(
  options: RetryOptions<O, T>
): <F extends EffectFunction>(
  fn: F & Retryable<Effect.Error<ReturnType<F>>, O, "function">,
  context?: ClassMethodDecoratorContext
) => Retried<F, T>
export function retried<F extends EffectFunction, const T extends Duration.Input | undefined = undefined>(
  fn: F,
  options: RetryOptions<On<Effect.Error<ReturnType<NoInfer<F>>>>, T>
): Retried<F, T>
export function retried(...args: ReadonlyArray<unknown>): unknown {
  const isFunction = (value: unknown): value is EffectFunction => typeof value === "function"
  const ready = (options: RetryOptions<unknown, Duration.Input | undefined>) =>
    fromRetryOptions("Stamina.retried", options)
  if (isFunction(args[0])) return eager(args, isFunction, ready, wrap)
  const settings = ready(args[0] as RetryOptions<unknown, Duration.Input | undefined>)
  return (fn: EffectFunction, context?: unknown) => {
    checkMethod(fn, context)
    return wrap(fn, settings)
  }
}

const wrap = (fn: EffectFunction, settings: Settings): EffectFunction => {
  const named = settings.name === undefined && fn.name !== "" ? { ...settings, name: fn.name } : settings
  const wrapped = function(this: unknown, ...args: ReadonlyArray<unknown>) {
    return retryEffect(Effect.suspend(() => Reflect.apply(fn, this, args)), named)
  }
  Object.defineProperty(wrapped, "name", { value: fn.name, configurable: true })
  Object.defineProperty(wrapped, "length", { value: fn.length, configurable: true })
  return wrapped
}

/** A decorator on anything but a method, or in the legacy form (on a prototype), would otherwise be ignored silently. */
const checkMethod = (fn: unknown, context: unknown): void => {
  if (typeof fn !== "function") refuse("Stamina.retried", "what is wrapped", "a function that returns an effect", fn)
  if (Predicate.hasProperty(context, "kind") && context.kind !== "method") {
    refuse("Stamina.retried", "what is decorated", "a method", context.kind)
  }
}

/**
 * Retries one effect with checked options. Until the first failure, it costs one reading of the clock.
 *
 * @internal
 */
export const retryEffect = <A, E, R>(self: Effect.Effect<A, E, R>, settings: Settings): Effect.Effect<A, E, R> => {
  const again = () => self
  return Effect.withFiber((fiber) => {
    const start = clock.read(fiber)
    const since = ordinal()
    if (settings.admission !== undefined) settings.admission.called(fiber)
    return settings.spans || settings.attemptTimeout < Infinity || settings.rejects !== undefined
      ? loop(engine.begin(settings, start, since), fiber, self, again)
      : Effect.catchCause(self, (cause) => afterFailure(engine.begin(settings, start, since), fiber, cause, again))
  })
}

/** Makes the first attempt of a run: `again` makes the others, from the error before. */
const loop = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  first: Effect.Effect<A, E, R>,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.matchCauseEffect(asAttempt(run, first), {
    onFailure: (cause) => afterFailure(run, fiber, cause, again),
    onSuccess: (value) => afterSuccess(run, fiber, value, again)
  })

type Again<A, E, R> = (error: unknown) => Effect.Effect<A, E, R>

const afterFailure = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  cause: Cause.Cause<E>,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> =>
  asking(run, fiber, () =>
    engine.failed(
      run,
      fiber,
      cause,
      (failed) => isOver(run) ? engine.giveUp(run, fiber, Exit.failCause(failed)) : goOn(run, fiber, again)
    ))

const afterSuccess = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  value: A,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> => {
  const rejected = run.settings.rejects?.(value)
  if (rejected !== undefined) {
    return asking(run, fiber, () =>
      engine.rejected(
        run,
        fiber,
        value,
        rejected,
        () => isOver(run) ? engine.giveUp(run, fiber, Exit.succeed(value)) : goOn(run, fiber, again)
      ))
  }
  const told = run.attempt === 1 ? undefined : engine.recovered(run, fiber)
  return told === undefined ? Effect.succeed(value) : Effect.as(told, value)
}

/** Waits and makes the next attempt. */
const goOn = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> => {
  // suspended so that the run's finalizer is installed before any hook hears of the retry
  const waitAndTry = Effect.suspend(() =>
    Effect.flatMap(engine.wait(run, fiber), () => {
      begins(run, engine.timeOf(run, fiber))
      run.healthyFrom = undefined
      return asAttempt(run, again(lastFailure(run)?.error))
    })
  )
  const rest = Effect.matchCauseEffect(waitAndTry, {
    onFailure: (cause) => afterFailure(run, fiber, cause, again),
    onSuccess: (value) => afterSuccess(run, fiber, value, again)
  })
  return guarded(run, fiber, () => rest)
}

/** Makes a decision that a door may have a part in. What it grants is given back, wherever an interruption comes. */
const asking = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  decide: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => run.settings.admission === undefined ? decide() : guarded(run, fiber, decide)

/** Installs the one finalizer of a run, before `next` does anything. It holds where the run begins afresh as well. */
const guarded = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  next: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (run.guarded) return next()
  run.guarded = true
  return Effect.onExitPrimitive(Effect.suspend(next), () => engine.finished(run, fiber))
}

/** Puts an attempt in a span of its own and limits its time, where the options ask for that. */
const asAttempt = <A, E, R>(
  run: engine.LiveRun,
  attempt: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const timed = run.settings.attemptTimeout === Infinity ? attempt : inTime(run, attempt)
  return engine.inSpan(run, timed, attemptSpan, { "stamina.attempt": run.attempt })
}

const inTime = <A, E, R>(run: engine.LiveRun, attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const duration = run.settings.attemptTimeout
  return Effect.timeoutOrElse(attempt, {
    duration,
    orElse: () => {
      const error = new AttemptTimedOut({ attempt: run.attempt, after: Duration.millis(duration) })
      run.timedOut = error
      // the option has put it in the error type that users see
      return Effect.fail(error as E)
    }
  })
}
