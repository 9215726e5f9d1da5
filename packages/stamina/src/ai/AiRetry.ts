/**
 * Language models: which errors of `effect/ai` are worth a retry, and calls of models that are retried.
 *
 * **Unstable**, like the part of Effect that it builds on: `effect/ai` may change in a minor release, and this module with
 * it. It has its own entry: `import * as AiRetry from "effect-stamina/AiRetry"`.
 *
 * @stability unstable
 * @since 0.2.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { RetryBudget } from "../budget/RetryBudget.ts"
import { retryEffect } from "../drive/drivers.ts"
import type { TimedOut } from "../drive/model.ts"
import { restarting } from "../drive/stream.ts"
import type * as RetryPolicy from "../policy/RetryPolicy.ts"
import { isActivity } from "../tools/activity.ts"
import { refuse } from "../tools/check.ts"
import { eager } from "../tools/dataFirstOrLast.ts"
import type { Answer, FailedAttempt } from "../verdict/RetryOn.ts"
import * as call from "./call.ts"
import * as classify from "./classify.ts"
import type { Kind, Options, StreamOptions } from "./model.ts"
import * as options from "./options.ts"

export type { CommonAiOptions, Kind, Limits, Options, StreamOptions } from "./model.ts"

/**
 * The kind of trouble that an error stands for; `undefined` if it is no `AiError`. For your own `on`, and for the `while` of an
 * `ExecutionPlan`: another provider helps against `Quota` and `Overload`, and not against `Final`.
 *
 * **Details**
 *
 * The reason of the error decides, and where a reason leaves it open, the status or the body in its `http`: a 429 whose body
 * says that the account has nothing left to spend is `Quota`, whatever the package of the provider made of it. 408 and 409
 * are `Server`.
 *
 * An error of a `Toolkit` is `Tool`: its own handler, or others of the same answer, may have run.
 *
 * **Example** (Whether another model may help)
 *
 * ```ts
 * import * as AiRetry from "effect-stamina/AiRetry"
 * import { AiError } from "effect/ai"
 *
 * const error = (reason: AiError.AiErrorReason) => AiError.make({ module: "OpenAiClient", method: "createResponse", reason })
 *
 * console.log(AiRetry.kindOf(error(new AiError.RateLimitError({})))) // RateLimit
 * console.log(AiRetry.kindOf(error(AiError.reasonFromHttpStatus({
 *   status: 529,
 *   http: { response: { status: 529, headers: {} } }
 * })))) // Overload
 * console.log(AiRetry.kindOf(error(AiError.reasonFromHttpStatus({
 *   status: 429,
 *   http: { body: `{ "error": { "type": "insufficient_quota" } }` }
 * })))) // Quota
 * ```
 *
 * @stability unstable
 * @category inspecting
 * @since 0.2.0
 */
export const kindOf = (error: unknown): Kind | undefined =>
  classify.isAiError(error) ? classify.kindOf(error) : undefined

/**
 * Whether an error of a model is worth a retry, as an `on` for every retry of this library. {@link Kind} lists what is
 * retried, and why.
 *
 * **Details**
 *
 * A wait that the provider asks for is a hint, as with `RetryOn.atLeast`: `retryAfter` of the error, else a `Retry-After-Ms`
 * or a `Retry-After` in seconds among its response's headers. A hint longer than 60 s ends the run. A budget of the retry
 * learns of it.
 *
 * What a model wrote and nobody can parse is retried until the third attempt of the run.
 *
 * Anything that is no `AiError` is not retried.
 *
 * **Gotchas**
 *
 * It differs from `AiError.isRetryable`, which is true for every error of a tool's parameters, and false for a 408.
 *
 * It counts attempts, whatever the earlier ones failed with; {@link retry} counts the failures for each reason. In
 * `Stamina.retryStream` it restarts a stream that has delivered something: {@link retryStream} does not.
 *
 * **Example** (A policy of one's own)
 *
 * ```ts no-run
 * import { Stamina } from "effect-stamina"
 * import * as AiRetry from "effect-stamina/AiRetry"
 * import { LanguageModel } from "effect/ai"
 *
 * export const haiku = LanguageModel.generateText({ prompt: "A haiku about patience" }).pipe(
 *   Stamina.retry({ ...AiRetry.defaults, on: AiRetry.on, attempts: 3 })
 * )
 * ```
 *
 * @stability unstable
 * @category classifying
 * @since 0.2.0
 */
export const on = (error: unknown, attempt: FailedAttempt): Answer => {
  const limit = classify.isAiError(error) ? classify.defaultLimits.get(error.reason._tag) : undefined
  return (limit === undefined || attempt.num < limit) && classify.verdictOf(error, options.defaultMaxHint)
}

/**
 * The policy of {@link retry}: the defaults of this library, with a timeout of 5 minutes and waits of
 * `min(20 s, 500 ms · 2^(n−1) + u · 1 s)`.
 *
 * **Details**
 *
 * An answer can take a minute, and a failure after the timeout is not retried. Nine such waits add up to 91 s or more, so
 * they outlast the minute that most rate limits count.
 *
 * @stability unstable
 * @category constructors
 * @since 0.2.0
 */
export const defaults: RetryPolicy.RetryPolicy = options.defaults

/**
 * The retry budgets of models, by provider and model: `"openai gpt-5"`. Default: one for each in this process. Tests provide
 * their own.
 *
 * @stability unstable
 * @category services
 * @since 0.2.0
 */
export const Budgets: Context.Reference<(model: string) => RetryBudget> = call.Budgets

/**
 * Retries a call of a model: `LanguageModel.generateText`, `generateObject`, `EmbeddingModel.embed`, or an effect around
 * them.
 *
 * **Details**
 *
 * What is retried, and which waits of the provider are granted, is as in {@link on}; {@link defaults} is the policy. How
 * often one call may fail for the same reason is in `limits`, by default three times for what the model wrote.
 *
 * Each provider and model has a retry budget, from {@link Budgets}. A wait that the provider asked for in one call holds for
 * the retries of all its calls. Provider and model are those of the `Model` that is provided around the retry; they also
 * name the call in metrics and logs.
 *
 * Can be called with the effect first, or with the options alone. Throws a `RangeError` at once when an option is out of
 * range or unknown.
 *
 * **Gotchas**
 *
 * Put it below `Effect.provide(model)` and `Effect.withExecutionPlan(plan)`: inside of them, where the model is known.
 *
 * Each attempt pays for its tokens, and repeats what the effect does beside the call. `generateText` runs the handlers of
 * tools after the answer, and approved tools before it: retry a handler inside the handler. An effect with several rounds of
 * tools is repeated from its first one, so retry each round.
 *
 * Effect's `streamText` is a stream: {@link retryStream}.
 *
 * **Example** (A model that is busy)
 *
 * ```ts
 * import { Duration, Effect } from "effect"
 * import * as AiRetry from "effect-stamina/AiRetry"
 * import { AiError } from "effect/ai"
 *
 * let calls = 0
 * const generate = Effect.suspend(() =>
 *   ++calls < 3
 *     ? Effect.fail(AiError.make({
 *       module: "Test",
 *       method: "generateText",
 *       reason: new AiError.RateLimitError({ retryAfter: Duration.millis(5) })
 *     }))
 *     : Effect.succeed("an answer")
 * )
 *
 * const program = generate.pipe(AiRetry.retry({ attempts: 5, waitInitial: "1 milli", waitJitter: 0 }))
 *
 * Effect.runPromise(program).then((answer) => console.log(answer, "after", calls, "calls")) // an answer after 3 calls
 * ```
 *
 * @stability unstable
 * @category combinators
 * @since 0.2.0
 */
export function retry<const T extends Duration.Input | undefined = undefined>(
  options?: Options<T>
): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TimedOut<T>, R>
export function retry<A, E, R, const T extends Duration.Input | undefined = undefined>(
  self: Effect.Effect<A, E, R>,
  options?: Options<T>
): Effect.Effect<A, E | TimedOut<T>, R>
export function retry(...args: ReadonlyArray<unknown>): unknown {
  const ready = (given: Options<Duration.Input | undefined> = {}) => options.fromEffectOptions(ofEffects, given)
  return eager(
    args,
    { caller: ofEffects, is: Effect.isEffect, rule: "an Effect (a Stream: AiRetry.retryStream)" },
    ready,
    retried
  )
}

const ofEffects = "AiRetry.retry"

const retried = <A, E, R>(self: Effect.Effect<A, E, R>, ai: options.AiSettings): Effect.Effect<A, E, R> =>
  isActivity(self)
    ? refuse(
      ofEffects,
      "what is retried",
      "no activity, which replays its first failure (use DurableRetry.retry)",
      self
    )
    : Effect.withFiber((fiber) => retryEffect(self, call.settingsOf(ai, fiber)))

/**
 * Starts `LanguageModel.streamText` again if it fails before its first part. Once a part was delivered, its error comes out:
 * a second answer would differ from the first, and its reader would get both.
 *
 * **Details**
 *
 * Everything else is as in {@link retry}: what is retried, the policy, limits, and budgets. An error that comes out only
 * because a part was delivered is logged as `stamina.not_retried`, as a warning.
 *
 * **Gotchas**
 *
 * Any part counts, also one with metadata. Put it right behind `streamText`: where parts are filtered before, those that are
 * left out do not count.
 *
 * `Chat.streamText` keeps the question in its history for each start that failed: `docs/ai.md` puts the history back.
 *
 * `Stream.withExecutionPlan` does go on with another model after a part was delivered, unless it has the option
 * `preventFallbackOnPartialStream`.
 *
 * **Example** (A stream that fails at once, and then breaks off)
 *
 * ```ts
 * import { Effect, Logger, Stream } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as AiRetry from "effect-stamina/AiRetry"
 * import { AiError } from "effect/ai"
 *
 * const error = AiError.make({
 *   module: "Test",
 *   method: "streamText",
 *   reason: new AiError.InternalProviderError({ description: "Overloaded" })
 * })
 *
 * let starts = 0
 * const answer = Stream.suspend(() =>
 *   ++starts === 1 ? Stream.fail(error) : Stream.concat(Stream.make("Once", " upon"), Stream.fail(error)))
 *
 * const seen: Array<string> = []
 * const failure = await answer.pipe(
 *   AiRetry.retryStream({ waitInitial: "1 milli", waitJitter: 0 }),
 *   Stream.runForEach((part) => Effect.sync(() => seen.push(part))),
 *   Effect.flip,
 *   Effect.provide(Stamina.layerHooks([])),
 *   Effect.provide(Logger.layer([])),
 *   Effect.runPromise
 * )
 * console.log(seen, failure.reason._tag, starts) // [ 'Once', ' upon' ] InternalProviderError 2
 * ```
 *
 * @stability unstable
 * @category combinators
 * @since 0.2.0
 */
export function retryStream(
  options?: StreamOptions
): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
export function retryStream<A, E, R>(self: Stream.Stream<A, E, R>, options?: StreamOptions): Stream.Stream<A, E, R>
export function retryStream(...args: ReadonlyArray<unknown>): unknown {
  const ready = (given: StreamOptions = {}) => options.fromStream(ofStreams, given)
  return eager(
    args,
    { caller: ofStreams, is: Stream.isStream, rule: "a Stream (an Effect: AiRetry.retry)" },
    ready,
    restarted
  )
}

const ofStreams = "AiRetry.retryStream"

const restarted = <A, E, R>(self: Stream.Stream<A, E, R>, ai: options.AiSettings): Stream.Stream<A, E, R> =>
  Stream.unwrap(Effect.withFiberSucceed((fiber) => {
    let isDelivered = false
    const parts = Stream.mapArray(self, (parts) => {
      isDelivered = true
      return parts
    })
    return restarting(parts, call.settingsOf(ai, fiber, () => isDelivered))
  }))
