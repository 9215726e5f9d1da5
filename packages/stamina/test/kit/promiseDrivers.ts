/**
 * The drivers of promises behind the signature of the others: with the services of the effect around, as an application
 * would have it.
 */
import { Context, Effect } from "effect"
import * as RetryPromise from "effect-stamina/RetryPromise"
import type { Driver } from "./drivers.ts"

type Functions = RetryPromise.RetryPromise

/** Makes an effect of what calls the functions with a context and a signal. */
const within = (
  call: (functions: Functions, context: Context.Context<never>, signal: AbortSignal) => Promise<string>
): Effect.Effect<string> =>
  Effect.flatMap(Effect.context(), (context) =>
    Effect.tryPromise({
      try: (signal) => call(RetryPromise.fromContext(context), context, signal),
      // blocks fail with what they are said to fail with
      catch: (error) => error as never
    }))

export const promiseDrivers: ReadonlyArray<Driver> = [
  {
    name: "RetryPromise.retry",
    build: (options, block) => {
      // bad options are a rejection of `retry`; here they are to be thrown
      RetryPromise.retried(options)
      return within(({ retry }, context, signal) =>
        retry((attempt) => Effect.runPromiseWith(context)(block(attempt), { signal: attempt.signal }), {
          ...options,
          signal
        })
      )
    },
    knowsAttempt: true
  },
  {
    name: "RetryPromise.retried",
    build: (options, block) => {
      RetryPromise.retried(options)
      return within(({ retried }, context, signal) => {
        const call = async (signal: AbortSignal) => Effect.runPromiseWith(context)(block(undefined), { signal })
        return retried(call, { ...options, signal: (signal) => signal })(signal)
      })
    },
    knowsAttempt: false
  }
]
