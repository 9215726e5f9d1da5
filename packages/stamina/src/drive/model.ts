/**
 * The options of everything that retries, and the types of what comes back.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Nesting } from "../ambient/layerDefaults.ts"
import type { Door } from "../budget/Door.ts"
import type { RetryBudget } from "../budget/RetryBudget.ts"
import type * as RetryPolicy from "../policy/RetryPolicy.ts"
import type { RetryHook } from "../telemetry/RetryHook.ts"
import type { AttemptTimedOut } from "../verdict/attemptTimedOut.ts"
import type { Retryable } from "../verdict/RetryOn.ts"

// Each interface with `on` declares it anew, and extends one that is not generic: a generic one would cost the compiler two
// instantiations for each overload that it looks at.

/**
 * What all options have in common, beside `on`: how to retry, and under which name.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonOptions extends RetryPolicy.Input {
  /**
   * The name of what is retried: the label `callable` in metrics and logs. Default: the name of the span around the
   * retry, else `"<unnamed>"`.
   */
  readonly name?: string | undefined
  /**
   * What to do about an error on which a run inside this one has given up: retry it as well (`"allow"`), or stop with
   * `AlreadyRetried` (`"once"`). Default: what `Stamina.layerDefaults` says, else `"allow"`.
   */
  readonly nested?: Nesting | undefined
  /**
   * The hooks of this retry, in place of those around it: `[]` for none, `[...Stamina.defaultHooks, mine]` for one more.
   * Default: the hooks around.
   */
  readonly hooks?: ReadonlyArray<RetryHook> | undefined
}

/**
 * The options of everything that retries: what to retry, how, and under which name.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScheduleOptions<out On> extends CommonOptions {
  /** What is retried: see `RetryOn.On`. Required: an error that is not named is not retried. */
  readonly on: On
}

/**
 * What all have in common that make the attempts themselves, and so see calls that succeed, beside `on`.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonAdmittedOptions extends CommonOptions, DoorOptions {
  /**
   * The retry budget of the dependency, shared by all calls to it: a retry without a token waits for one, within the limits of
   * its run. Default: none.
   */
  readonly budget?: RetryBudget | undefined
}

/**
 * What else may hold a retry back, beside a budget.
 *
 * @category models
 * @since 0.1.0
 */
export interface DoorOptions {
  /** What else may hold a retry back, such as a circuit breaker. It is asked before the budget. Default: nothing. */
  readonly door?: Door | undefined
}

/**
 * What all have in common that make the attempts themselves, and so see calls that succeed.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdmittedOptions<out On> extends CommonAdmittedOptions {
  /** What is retried: see `RetryOn.On`. Required: an error that is not named is not retried. */
  readonly on: On
}

/**
 * The options of what makes the attempts of an effect itself, beside `on` and `attemptTimeout`.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonRetryOptions extends CommonAdmittedOptions, AttemptsOptions {}

/**
 * What is set of the attempts themselves, beside `attemptTimeout`.
 *
 * @category models
 * @since 0.1.0
 */
export interface AttemptsOptions {
  /**
   * Whether each attempt and each wait gets a span of its own, `stamina.attempt` and `stamina.wait`, below the current
   * one. Default `false`.
   */
  readonly spans?: boolean | undefined
  /**
   * How long an attempt has to last before it fails, longer than 0, for that failure to count as the first one: attempts,
   * timeout and waits then start afresh, and the run before has recovered. For workers and subscriptions that run until
   * they fail. Default: they never do.
   */
  readonly resetAfter?: Duration.Input | undefined
  /**
   * How many attempts are made at most, however often `resetAfter` lets them start afresh: an integer ≥ 1, or `Infinity`.
   * Default: 1000, or `attempts` if that is more; without `resetAfter` there is no such limit.
   */
  readonly attemptsInAll?: number | undefined
}

/**
 * The options of what makes the attempts itself: `Stamina.retry`, `retried` and `retryContext`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions<out On, out Timeout extends Duration.Input | undefined = undefined>
  extends CommonRetryOptions
{
  /** What is retried: see `RetryOn.On`. Required: an error that is not named is not retried. */
  readonly on: On
  /**
   * How long one attempt may take: longer than 0. The attempt is then interrupted and fails with `AttemptTimedOut`, which
   * is retried unless `on` names it and says no. Default: as long as it takes.
   *
   * It covers the effect that is retried, or what the function does until its promise settles, and nothing that is done
   * with the result. An HTTP request is over with the headers: for its body, read the body inside the attempt.
   */
  readonly attemptTimeout?: Timeout | undefined
}

/**
 * The options of `Stamina.retryStream`. There, an attempt is one start of the stream.
 *
 * @category models
 * @since 0.1.0
 */
export interface StreamOptions<out On> extends CommonAdmittedOptions {
  /** What is retried: see `RetryOn.On`. Required: an error that is not named is not retried. */
  readonly on: On
  /**
   * How long a stream has to last from its first element to its failure, longer than 0, for that failure to count as the
   * first one: attempts, timeout and waits then start afresh. Default: 5 s. `Duration.infinity`: they never do.
   */
  readonly resetAfter?: Duration.Input | undefined
  /**
   * How often the stream is started at most, however often `resetAfter` lets the attempts start afresh: an integer ≥ 1,
   * or `Infinity`. Default: 1000, or `attempts` if that is more.
   */
  readonly attemptsInAll?: number | undefined
}

/**
 * What the option `attemptTimeout` adds to the errors: nothing if it is left out.
 *
 * @category type-level
 * @since 0.1.0
 */
export type TimedOut<Timeout> = [Timeout] extends [undefined] ? never : AttemptTimedOut

/**
 * A retry built from options only. It accepts any effect whose errors include those named in `on`, keeps that effect's
 * error type, and rejects other effects at compile time.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryCombinator<O, TimedOut = never> {
  <A, E, R>(self: Effect.Effect<A, E, R> & Retryable<E, O, "effect">): Effect.Effect<A, E | TimedOut, R>
}

/**
 * The same for streams.
 *
 * @category models
 * @since 0.1.0
 */
export interface StreamCombinator<O> {
  <A, E, R>(self: Stream.Stream<A, E, R> & Retryable<E, O, "stream">): Stream.Stream<A, E, R>
}

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
 * The type of a wrapped function: its own, with `AttemptTimedOut` among the errors if there is an `attemptTimeout`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Retried<F extends EffectFunction, Timeout> = [Timeout] extends [undefined] ? F
  : (
    this: ThisParameterType<F>,
    ...args: Parameters<F>
  ) => Effect.Effect<
    Effect.Success<ReturnType<F>>,
    Effect.Error<ReturnType<F>> | AttemptTimedOut,
    Effect.Services<ReturnType<F>>
  >
