/**
 * One attempt: what the retried function is handed, and the effect that calls it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { PromiseAttempt } from "./RetryPromiseOptions.ts"

/** What the attempts of a call have in common. */
export interface Caller {
  readonly signal: AbortSignal | undefined
  /** Whether anything else than that signal may end an attempt: a limit in time, or the end of a runtime. */
  readonly endsAttempts: boolean
  /** The jitter-free wait, in milliseconds, if an attempt fails. */
  nextWait(num: number): number
}

/** Few functions look at their attempt, so what costs something is made when they do. */
export class CurrentAttempt implements PromiseAttempt {
  readonly num: number
  readonly previous: Option.Option<unknown>
  readonly #caller: Caller
  #controller: AbortController | undefined
  #signal: AbortSignal | undefined
  #isAborted = false

  constructor(caller: Caller, num: number, previous: Option.Option<unknown>) {
    this.num = num
    this.previous = previous
    this.#caller = caller
  }

  get nextWait(): Duration.Duration {
    return Duration.millis(this.#caller.nextWait(this.num))
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal
    const { endsAttempts, signal } = this.#caller
    // a signal that follows two others costs 10 µs
    if (signal !== undefined && !endsAttempts) return this.#signal = signal
    const controller = this.#controller = new AbortController()
    if (this.#isAborted) controller.abort(signal?.reason)
    return this.#signal = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  }

  /** Ends the attempt from outside. */
  abort(): void {
    this.#isAborted = true
    this.#controller?.abort(this.#caller.signal?.reason)
  }
}

/** The function that is retried. */
export type Body<T> = (attempt: PromiseAttempt) => T | PromiseLike<T>

/** Calls the function. What it throws is what it rejects with, as for an `async` function. */
export const called = <T>(body: Body<T>, attempt: PromiseAttempt): Promise<T> => {
  try {
    return Promise.resolve(body(attempt))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** An attempt as an effect. Where it is interrupted, its signal is aborted, and what it comes to is not waited for. */
export const asEffect = <T>(body: Body<T>, attempt: CurrentAttempt): Effect.Effect<T, unknown> =>
  Effect.callback<T, unknown>((resume) => {
    called(body, attempt).then(
      (value) => resume(Effect.succeed(value)),
      (error: unknown) => resume(Effect.fail(error))
    )
    return Effect.sync(() => attempt.abort())
  })
