/**
 * Retries for code that is not an Effect: functions that return promises.
 *
 * The decisions, the limits, the hooks and the reports are those of `Stamina.retry`. A call that succeeds at once needs no
 * fiber and no runtime.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { Settings } from "../drive/settings.ts"
import * as wrapping from "../tools/wrapping.ts"
import type { Body } from "./attempt.ts"
import { makeCall } from "./begin.ts"
import type { AnyFunction, Options, PromiseAttempt, Retried, RetriedOptions, Takes } from "./model.ts"
import { checkFunction, checkSignal, checkSignalOf, fromOptions, withName } from "./options.ts"
import { anywhere, ofContext, ofRuntime, type Place } from "./services.ts"

export type {
  AnyFunction,
  On,
  OnItem,
  OnNames,
  Options,
  PromiseAttempt,
  PromiseOptions,
  Retried,
  RetriedOptions,
  Takes
} from "./model.ts"

/**
 * The functions of this module, with the services of a runtime, a layer or a context.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryPromise {
  /** See {@link retry}. */
  readonly retry: Retry
  /** See {@link retried}. */
  readonly retried: RetriedWith
}

/**
 * The type of {@link retry}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retry {
  <T>(fn: (attempt: PromiseAttempt) => T | PromiseLike<T>, options: Options): Promise<T>
}

/**
 * The type of {@link retried}.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetriedWith {
  <const Args extends ReadonlyArray<unknown>>(options: RetriedOptions<Args>): <F extends AnyFunction>(
    fn: F & Takes<Args, F>,
    context?: ClassMethodDecoratorContext
  ) => Retried<F>
  <F extends AnyFunction>(fn: F, options: RetriedOptions<Parameters<F>>): Retried<F>
}

/**
 * The functions of this module with services of their own, which end with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ManagedRetryPromise extends RetryPromise {
  /** Releases what the layer acquired. Calls that are waiting reject with an `AbortError`. */
  readonly dispose: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Calls a function, and calls it again when it rejects or throws with what `on` names: `Stamina.retry` for promises.
 *
 * **Details**
 *
 * Resolves with the value, or rejects with the very last error, the same object. Every rejection is an error that `on`
 * judges. The first attempt is made at once. All options of `Stamina.retry` hold, with the same defaults: at most 10 calls
 * in all, waits of 100 ms, 200 ms, … up to 5 s with up to 1 s of jitter, and a failure 45 s or later after the start is
 * final. `Stamina.setActive`, `Stamina.setTesting` and `Stamina.report` work here, too.
 *
 * `signal` cancels the call. The promise rejects with `signal.reason` at once, also if the attempt takes no notice; the
 * attempt's own signal is aborted, and no listener is left behind. An interruption is never retried.
 *
 * Rejects with a `RangeError` if an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * A wait keeps the process alive, as a timer does. Hand a `signal` over to end it.
 *
 * **Example** (A request)
 *
 * ```ts
 * import * as RetryPromise from "effect-stamina/RetryPromise"
 *
 * let calls = 0
 * const download = async (_signal: AbortSignal) => {
 *   if (++calls < 3) throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })
 *   return "content"
 * }
 *
 * const content = await RetryPromise.retry((attempt) => download(attempt.signal), {
 *   on: ["ECONNRESET", "ECONNREFUSED", "TimeoutError"],
 *   waitInitial: "1 milli",
 *   waitJitter: 0,
 *   hooks: []
 * })
 *
 * console.log(content, "in call", calls) // content in call 3
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const retry: Retry = (fn, options) => retryAt(anywhere, fn, options)

/**
 * Wraps a function, so that each call is retried: `Stamina.retried` for promises.
 *
 * **Details**
 *
 * The wrapped function keeps its parameters, `this`, `name` and `length`, and its type where it returns a promise. Its name
 * is the default for the option `name`. A function that returns a value or throws returns a promise then.
 *
 * The option `signal` is a function that finds the signal of a call among its arguments. Options are checked once. The
 * result is a standard (stage 3) method decorator as well.
 *
 * Throws a `RangeError` at once if an option is out of range or unknown, or if the function is a generator.
 *
 * **Example** (A function with a signal)
 *
 * ```ts
 * import * as RetryPromise from "effect-stamina/RetryPromise"
 *
 * const find = async (id: number, _signal?: AbortSignal) => `user ${id}`
 *
 * const findUser = RetryPromise.retried(find, {
 *   on: ["ECONNRESET", "TimeoutError"],
 *   attempts: 3,
 *   signal: (_id, signal) => signal
 * })
 *
 * console.log(await findUser(7, AbortSignal.timeout(10_000))) // user 7
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const retried: RetriedWith = /*#__PURE__*/ retriedAt(anywhere)

/**
 * The same functions with the services of a layer: an application's hooks, defaults, loggers, clock, random numbers and
 * switches.
 *
 * **Details**
 *
 * The layer is built once, when the first call is made, which waits for it. If it cannot be built, calls reject with its
 * error. `dispose` releases what it acquired.
 *
 * **Example** (The hooks of an application)
 *
 * ```ts
 * import { Layer } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as RetryPromise from "effect-stamina/RetryPromise"
 *
 * const hook: Stamina.RetryHook = { onRetryScheduled: ({ name, retryNum }) => console.log(name, "retry", retryNum) }
 *
 * const app = RetryPromise.make({
 *   layer: Layer.mergeAll(Stamina.layerHooks([hook]), Stamina.layerDefaults({ waitInitial: "1 milli", waitJitter: 0 }))
 * })
 *
 * const down = () => Promise.reject(new TypeError("down"))
 *
 * await app.retry(down, { on: TypeError, attempts: 2 }).catch(() => console.log("gave up"))
 * await app.dispose()
 * // down retry 1
 * // gave up
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <R, E>(options: { readonly layer: Layer.Layer<R, E> }): ManagedRetryPromise => {
  const runtime = ManagedRuntime.make(options.layer)
  return {
    ...fromRuntime(runtime),
    dispose: () => runtime.dispose(),
    [Symbol.asyncDispose]: () => runtime.dispose()
  }
}

/**
 * The same functions with the services of a runtime. Its disposal ends calls that are waiting: they reject with an
 * `AbortError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromRuntime = <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>): RetryPromise =>
  functionsAt(ofRuntime(runtime))

/**
 * The same functions with the services of a context, such as that of the effect around.
 *
 * **Details**
 *
 * A deadline around the effect is among these services: waits that would end past it do not begin. To be cut off at the
 * deadline as well, a call needs the signal of `Effect.tryPromise`.
 *
 * **Example** (Promises inside of an effect)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as RetryPromise from "effect-stamina/RetryPromise"
 *
 * const program = Effect.gen(function*() {
 *   const { retry } = RetryPromise.fromContext(yield* Effect.context())
 *   return yield* Effect.tryPromise((signal) => retry(async () => "answer", { on: "ECONNRESET", signal }))
 * })
 *
 * console.log(await Effect.runPromise(Stamina.withDeadline(program, "2 seconds"))) // answer
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromContext = (context: Context.Context<never>): RetryPromise => functionsAt(ofContext(context))

const functionsAt = (place: Place): RetryPromise => ({
  retry: (fn, options) => retryAt(place, fn, options),
  retried: retriedAt(place)
})

const retryAt = <T>(place: Place, fn: Body<T>, options: Options): Promise<T> => {
  const caller = "RetryPromise.retry"
  try {
    checkFunction(caller, fn)
    const settings = fromOptions(caller, options)
    return makeCall(place, settings, fn, checkSignal(caller, options.signal))
  } catch (error) {
    // a function that returns a promise never throws
    return Promise.reject(error)
  }
}

function retriedAt(place: Place): RetriedWith {
  const caller = "RetryPromise.retried"
  const isFunction = (value: unknown): value is AnyFunction => typeof value === "function"
  const ready = (options: RetriedOptions<ReadonlyArray<unknown>>): Ready => ({
    settings: fromOptions(caller, options),
    signalOf: checkSignalOf(caller, options.signal)
  })
  const wrap = (fn: AnyFunction, { settings, signalOf }: Ready): AnyFunction => {
    checkFunction(caller, fn)
    const named = withName(settings, fn)
    const wrapped = function(this: unknown, ...args: ReadonlyArray<unknown>) {
      try {
        const signal = checkSignal(caller, signalOf?.(...args))
        return makeCall(place, named, () => Reflect.apply(fn, this, args), signal, true)
      } catch (error) {
        // a function that returns a promise never throws
        return Promise.reject(error)
      }
    }
    return wrapping.named(wrapped, fn)
  }
  const retried = (...args: ReadonlyArray<unknown>): unknown => {
    if (isFunction(args[0])) return wrap(args[0], ready(args[1] as RetriedOptions<ReadonlyArray<unknown>>))
    const settings = ready(args[0] as RetriedOptions<ReadonlyArray<unknown>>)
    return (fn: AnyFunction, context?: unknown) => {
      wrapping.checkMethod(caller, context)
      return wrap(fn, settings)
    }
  }
  // both forms of the type are above: what comes back has the type of what went in
  return retried as RetriedWith
}

/** Checked options of a wrapped function. */
interface Ready {
  readonly settings: Settings
  readonly signalOf: ((...args: ReadonlyArray<unknown>) => AbortSignal | undefined) | undefined
}
