/**
 * The limit on the time of one attempt, for all drivers.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { AttemptTimedOut } from "../verdict/attemptTimedOut.ts"

/** The owner of an attempt. It remembers the error that the limit made. */
export interface Limited {
  /** The number of the attempt. */
  readonly attempt: number
  readonly settings: { readonly attemptTimeout: number }
  ownError: unknown
}

/**
 * Interrupts an attempt that takes longer than `attemptTimeout`. It then fails with `AttemptTimedOut`, or with what `toError`
 * makes of it. A driver calls this around the part of an attempt that may be interrupted.
 */
export const inTime = <A, E, R, E2 = E>(
  owner: Limited,
  attempt: Effect.Effect<A, E, R>,
  // the options have put the error in the type that users see
  toError: (error: AttemptTimedOut) => E2 = (error) => error as E2
): Effect.Effect<A, E | E2, R> => {
  const { attemptTimeout } = owner.settings
  return attemptTimeout === Infinity ? attempt : Effect.timeoutOrElse(attempt, {
    duration: attemptTimeout,
    orElse: () => Effect.fail(timedOut(owner, toError))
  })
}

/** The error of an attempt that has taken too long. Its owner remembers it. */
export const timedOut = <E>(owner: Limited, toError: (error: AttemptTimedOut) => E): E => {
  const after = Duration.millis(owner.settings.attemptTimeout)
  const error = toError(new AttemptTimedOut({ attempt: owner.attempt, after }))
  owner.ownError = error
  return error
}
