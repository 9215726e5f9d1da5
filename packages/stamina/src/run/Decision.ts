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
import * as Backoff from "../policy/Backoff.ts"
import { isHint, type Verdict } from "../verdict/RetryOn.ts"
import type { RetryPolicy } from "../policy/RetryPolicy.ts"

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
  /** Whether a wait may be begun that would end at or past the timeout. */
  readonly overshoot: "allow" | "refuse"
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
  overshoot: policy.overshoot,
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
  /** Milliseconds from just before the first attempt to the earliest deadline around the run. Default: none. */
  readonly deadline?: number | undefined
  /** The wait before the attempt that failed, in milliseconds; none before the first. */
  readonly previousWait?: number | undefined
  /** Whether the error was already retried further inside, and must not be again. Default `false`. */
  readonly alreadyRetried?: boolean | undefined
}

/**
 * Why a run was given up.
 *
 * - `NotRetryable`: the error is not one that `on` names, or the cause holds a defect or an interruption.
 * - `AttemptsExhausted`: as many calls were made as allowed.
 * - `TimeoutReached`: the call failed at or after the timeout.
 * - `Inactive`: retries are switched off.
 * - `WaitExceedsDeadline`: the wait would have ended at or past the deadline around the run, or its timeout where
 *   `overshoot` is `"refuse"`.
 * - `DeadlineExceeded`: the deadline around the run passed during an attempt.
 * - `AlreadyRetried`: a run inside had retried the error and given up, and `nested` is `"once"`.
 * - `HintTooLong`: the other side asked for a longer wait than one that is granted.
 *
 * @category models
 * @since 0.1.0
 */
export type GiveUpReason =
  | "NotRetryable"
  | "AttemptsExhausted"
  | "TimeoutReached"
  | "Inactive"
  | "WaitExceedsDeadline"
  | "DeadlineExceeded"
  | "AlreadyRetried"
  | "HintTooLong"

/**
 * A wait that was not begun: it would have been longer than allowed.
 *
 * @category models
 * @since 0.1.0
 */
export interface RefusedWait {
  /** Milliseconds that the wait would have taken. */
  readonly wait: number
  /** Milliseconds that it may take at most. */
  readonly left: number
}

/**
 * What to do about a failed attempt: retry after `wait` milliseconds, or stop.
 *
 * @category models
 * @since 0.1.0
 */
export type Decision =
  | { readonly _tag: "Retry"; readonly wait: number }
  | { readonly _tag: "Stop"; readonly reason: GiveUpReason; readonly refused?: RefusedWait | undefined }

/**
 * Decides about a failed attempt.
 *
 * **Details**
 *
 * The questions are asked in this order: are retries switched off, is the error one to retry, was it already retried
 * further inside, were all attempts made, has the timeout been reached, was a longer wait asked for than is granted,
 * does the wait fit before the deadline. Only where a wait depends on chance and all questions before the last have
 * been passed is `random` asked, once. In test mode no wait is too long but for the deadline around.
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
  if (mode._tag === "Inactive") return stop("Inactive")
  if (verdict === false) return stop("NotRetryable")
  if (failed.alreadyRetried) return stop("AlreadyRetried")
  const limit = limitReached(rules, failed)
  if (limit !== undefined) return stop(limit)
  const tooLong = refusedHint(verdict, mode)
  if (tooLong !== undefined) return stop("HintTooLong", tooLong)
  const wait = waitFor(rules.backoff, failed.attempt, verdict, mode, random, failed.previousWait)
  // who was told when to come back gains nothing from a wait that is not worth its end
  const refused = refusedWait(isHint(verdict) ? { ...rules, overshoot: "refuse" } : rules, failed, wait)
  return refused === undefined ? { _tag: "Retry", wait } : stop("WaitExceedsDeadline", refused)
}

/**
 * Whether a verdict is a hint that asks for a longer wait than may be asked for: then how long, and how long it may be.
 *
 * @category deciding
 * @since 0.1.0
 */
export const refusedHint = (verdict: Verdict, mode: Mode): RefusedWait | undefined =>
  isHint(verdict) && mode._tag === "Normal" && verdict.wait > verdict.max
    ? { wait: verdict.wait, left: verdict.max }
    : undefined

/**
 * Whether a wait would end at or past the deadline, or the timeout where that may not be overshot: then what it would
 * have taken, and what it may take.
 *
 * @category deciding
 * @since 0.1.0
 */
export const refusedWait = (
  limits: Pick<Rules, "timeout" | "overshoot">,
  { deadline = Infinity, elapsed, mode }: Pick<Failed, "elapsed" | "mode" | "deadline">,
  wait: number
): RefusedWait | undefined => {
  const end = limits.overshoot === "refuse" && mode._tag === "Normal" ? Math.min(deadline, limits.timeout) : deadline
  return elapsed + wait >= end ? { wait, left: Math.max(0, end - elapsed) } : undefined
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
  if (mode._tag === "Inactive") return "Inactive"
  const attempts = mode._tag === "Normal"
    ? limits.attempts
    : mode.cap
    ? Math.min(mode.attempts, limits.attempts)
    : mode.attempts
  return attempt >= attempts
    ? "AttemptsExhausted"
    : mode._tag === "Normal" && elapsed >= limits.timeout
    ? "TimeoutReached"
    : undefined
}

/**
 * The wait before retry `retryNum`, in milliseconds: what the verdict asks for, else the backoff's; 0 unless in
 * normal mode.
 *
 * **Details**
 *
 * A hint is a minimum: the wait is the backoff's where that is longer, else the hint with jitter on top.
 *
 * @category deciding
 * @since 0.1.0
 */
export const waitFor = (
  backoff: Backoff.Backoff,
  retryNum: number,
  verdict: Exclude<Verdict, false>,
  mode: Mode,
  random: () => number,
  previousWait?: number
): number => {
  if (mode._tag !== "Normal") return 0
  if (verdict === true) return Backoff.wait(backoff, retryNum, random, previousWait)
  if (typeof verdict === "number") return verdict
  if (verdict._tag === "Backoff") return Backoff.wait(verdict.backoff, retryNum, random, previousWait)
  let u: number | undefined
  const once = () => u ??= random()
  return Math.max(
    Backoff.wait(backoff, retryNum, once, previousWait),
    verdict.wait + (backoff.jitter === 0 ? 0 : once() * backoff.jitter)
  )
}

/**
 * What the wait would be, without jitter and in milliseconds, if attempt number `attempt` failed now.
 *
 * @category deciding
 * @since 0.1.0
 */
export const nextWait = (rules: Rules, attempt: number, mode: Mode): number =>
  mode._tag === "Normal" ? Backoff.shortest(rules.backoff, attempt) : 0

const stop = (reason: GiveUpReason, refused?: RefusedWait): Decision =>
  refused === undefined ? { _tag: "Stop", reason } : { _tag: "Stop", reason, refused }
