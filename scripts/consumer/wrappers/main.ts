/**
 * What a library makes of the main entry: wrappers that leave it to their callers what is retried, or how long an
 * attempt may take. Their types are those that TypeScript finds, as is usual.
 */
import type { Duration, Effect, Stream } from "effect"
import { type RetryOn, Stamina, staminaSchedule } from "effect-stamina"

type Timeout = Duration.Input | undefined

export const retry = <const T extends Timeout = undefined>(attemptTimeout?: T) =>
  Stamina.retry({ on: "HttpError", attemptTimeout })

export const retryFirst = <A, E, R, const O extends RetryOn.On<E>, const T extends Timeout = undefined>(
  self: Effect.Effect<A, E, R>,
  options: Stamina.RetryOptions<O, T>
) => Stamina.retry(self, { attempts: 3, ...options })

export const retried = <const O extends RetryOn.AnyOn, const T extends Timeout = undefined>(
  options: Stamina.RetryOptions<O, T>
) => Stamina.retried({ attempts: 3, ...options })

export const retriedFirst = <F extends Stamina.EffectFunction, const T extends Timeout = undefined>(
  fn: F,
  attemptTimeout?: T
) => Stamina.retried(fn, { on: () => true, attemptTimeout })

export const retryContext = <A, E, R, const T extends Timeout = undefined>(
  block: (attempt: Stamina.Attempt) => Effect.Effect<A, E, R>,
  attemptTimeout?: T
) => Stamina.retryContext({ on: () => true, attemptTimeout }, block)

export const retryStream = (attempts: number) => Stamina.retryStream({ on: "HttpError", attempts })

export const retryStreamFirst = <A, E, R, const O extends RetryOn.On<E>>(
  self: Stream.Stream<A, E, R>,
  options: Stamina.StreamOptions<O>
) => Stamina.retryStream(self, { attempts: 3, ...options })

export const schedule = <E>(on: RetryOn.BackoffHook<E>) => staminaSchedule({ on, attempts: 3 })
