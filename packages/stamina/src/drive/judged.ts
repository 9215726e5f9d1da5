/**
 * What `on` says about the cause that an attempt failed with.
 */
import * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import { judgeCause } from "../verdict/ofCause.ts"
import type { FailedAttempt, Verdict } from "../verdict/Verdict.ts"
import type { Settings } from "./settings.ts"

/** A cause and the verdict on it. */
export interface Judged<E> {
  readonly cause: Cause.Cause<E>
  readonly verdict: Verdict
}

/**
 * Asks `on`. If it throws, what it threw stands beside the failure that it was asked about.
 *
 * An error that the retry itself made is retried without asking, unless `on` names it: `ownError` is the one of this
 * attempt, if it has one.
 */
export const judged = <E>(
  { judge, judgesTimeouts }: Settings,
  cause: Cause.Cause<E>,
  ownError: unknown,
  attempt: FailedAttempt,
  fiber: Fiber.Fiber<unknown, unknown>
): Judged<E> => {
  const isOwn = (error: unknown) => error === ownError && ownError !== undefined && !judgesTimeouts
  try {
    return { cause, verdict: judgeCause(cause, (error) => isOwn(error) || judge(error, attempt, fiber)) }
  } catch (defect) {
    // not `Cause.combine`, which hashes errors: their getters may throw
    return { cause: Cause.fromReasons([...cause.reasons, Cause.makeDieReason(defect)]), verdict: false }
  }
}
