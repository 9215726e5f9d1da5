/**
 * The one place where it is decided whether a failed attempt is retried and how long to wait before that.
 *
 * A decision is a pure function of the rules, of what happened, and of a source of random numbers. Whatever retries
 * (a schedule, a combinator, a simulator) asks it after each failure and does as told; nothing else computes a wait
 * or compares a limit. Times are plain numbers of milliseconds: no clock and no fiber is needed here.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Backoff from "./Backoff.ts"
import type { Verdict } from "./RetryOn.ts"
import type { RetryPolicy } from "./RetryPolicy.ts"

/**
 * A policy made ready for deciding: its limits and its backoff, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  /** Total number of calls, the first one included. */
  readonly attempts: number
  /** Milliseconds after the start from which on a failure is final. */
  readonly timeout: number
  readonly backoff: Backoff.Backoff
}

/**
 * Makes a policy ready for deciding.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPolicy = (policy: RetryPolicy): Rules => ({
  attempts: policy.attempts,
  timeout: Duration.toMillis(policy.timeout),
  backoff: Backoff.fromPolicy(policy)
})

/**
 * The switches as they stand for a run.
 *
 * - `Normal`: the rules apply.
 * - `Inactive`: nothing is retried.
 * - `Testing`: the rules' attempts are replaced (with `cap`: by the smaller of the two), there is no timeout, and
 *   every wait is 0.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode =
  | { readonly _tag: "Normal" }
  | { readonly _tag: "Inactive" }
  | { readonly _tag: "Testing"; readonly attempts: number; readonly cap: boolean }

/**
 * The mode in which the rules apply as they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const normal: Mode = { _tag: "Normal" }

/**
 * What happened: an attempt has failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed {
  /** The number of the attempt that failed, 1 = the first. */
  readonly attempt: number
  /** Milliseconds from just before the first attempt to this failure. */
  readonly elapsed: number
  /** What `on` says of the error. */
  readonly verdict: Verdict
  readonly mode: Mode
}

/**
 * Why a run was given up.
 *
 * - `NotRetryable`: the error is not one that `on` names, or the cause holds a defect or an interruption.
 * - `AttemptsExhausted`: as many calls were made as allowed.
 * - `TimeoutReached`: the call failed at or after the timeout.
 * - `Inactive`: retries are switched off.
 *
 * @category models
 * @since 0.1.0
 */
export type GiveUpReason = "NotRetryable" | "AttemptsExhausted" | "TimeoutReached" | "Inactive"

/**
 * What to do about a failed attempt: retry after `wait` milliseconds, or stop.
 *
 * @category models
 * @since 0.1.0
 */
export type Decision =
  | { readonly _tag: "Retry"; readonly wait: number }
  | { readonly _tag: "Stop"; readonly reason: GiveUpReason }

/**
 * Decides about a failed attempt.
 *
 * **Details**
 *
 * The questions are asked in this order: are retries switched off, is the error one to retry, were all attempts made,
 * has the timeout been reached. Only when a retry follows and takes the default wait is `random` asked, once.
 *
 * **Example** (A run on paper)
 *
 * ```ts
 * import { Decision, RetryPolicy } from "effect-stamina"
 *
 * const rules = Decision.fromPolicy(RetryPolicy.make({ attempts: 3 }))
 * const fail = (attempt: number, elapsed: number) =>
 *   Decision.decide(rules, { attempt, elapsed, verdict: true, mode: Decision.normal }, () => 0.25)
 *
 * console.log(fail(1, 20)) // { _tag: 'Retry', wait: 350 }
 * console.log(fail(2, 390)) // { _tag: 'Retry', wait: 450 }
 * console.log(fail(3, 860)) // { _tag: 'Stop', reason: 'AttemptsExhausted' }
 * ```
 *
 * @category deciding
 * @since 0.1.0
 */
export const decide = (rules: Rules, failed: Failed, random: () => number): Decision => {
  const { mode, verdict } = failed
  if (mode._tag === "Inactive") return stopped.Inactive
  if (verdict === false) return stopped.NotRetryable
  const limit = limitReached(rules, failed)
  if (limit !== undefined) return stopped[limit]
  return { _tag: "Retry", wait: waitFor(rules.backoff, failed.attempt, verdict, mode, random) }
}

/**
 * The limit that a failed attempt has reached, if any: the number of attempts before the timeout.
 *
 * @category deciding
 * @since 0.1.0
 */
export const limitReached = (
  limits: Pick<Rules, "attempts" | "timeout">,
  { attempt, elapsed, mode }: Pick<Failed, "attempt" | "elapsed" | "mode">
): GiveUpReason | undefined => {
  switch (mode._tag) {
    case "Inactive":
      return "Inactive"
    case "Testing": {
      const attempts = mode.cap ? Math.min(mode.attempts, limits.attempts) : mode.attempts
      return attempt >= attempts ? "AttemptsExhausted" : undefined
    }
    case "Normal":
      return attempt >= limits.attempts
        ? "AttemptsExhausted"
        : elapsed >= limits.timeout
        ? "TimeoutReached"
        : undefined
  }
}

/**
 * The wait before retry `retryNum`, in milliseconds: what the verdict asks for, else the backoff's; 0 unless in
 * normal mode.
 *
 * @category deciding
 * @since 0.1.0
 */
export const waitFor = (
  backoff: Backoff.Backoff,
  retryNum: number,
  verdict: true | number,
  mode: Mode,
  random: () => number
): number =>
  mode._tag !== "Normal"
    ? 0
    : verdict === true
    ? Backoff.wait(backoff, retryNum, random)
    : verdict

/**
 * What the wait would be, without jitter and in milliseconds, if attempt number `attempt` failed now.
 *
 * @category deciding
 * @since 0.1.0
 */
export const nextWait = (rules: Rules, attempt: number, mode: Mode): number =>
  mode._tag === "Normal" ? Backoff.shortest(rules.backoff, attempt) : 0

const stopped: { readonly [Reason in GiveUpReason]: Decision } = {
  NotRetryable: { _tag: "Stop", reason: "NotRetryable" },
  AttemptsExhausted: { _tag: "Stop", reason: "AttemptsExhausted" },
  TimeoutReached: { _tag: "Stop", reason: "TimeoutReached" },
  Inactive: { _tag: "Stop", reason: "Inactive" }
}
