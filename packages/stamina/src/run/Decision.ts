/**
 * Decides whether a failed attempt is retried, and how long to wait before that.
 *
 * A decision is a pure function of a run's plan, of what happened, and of a source of random numbers. Every driver (the
 * schedule, the combinators, a simulator) asks for it after each failure and obeys it. No other code computes a wait or
 * compares a limit. Times are plain numbers of milliseconds, so neither a clock nor a fiber is needed.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Backoff from "../policy/Backoff.ts"
import { merge } from "../policy/ownBackoff.ts"
import type { RetryPolicy } from "../policy/RetryPolicy.ts"
import { isHint, type Verdict } from "../verdict/model.ts"

/**
 * What holds for one run, with all times in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  /** Whether anything is retried at all. */
  readonly active: boolean
  /** Total number of calls, the first one included. */
  readonly attempts: number
  /** Milliseconds after the start from which on a failure is final. */
  readonly timeout: number
  /** Whether a wait may begin that would end at or past the timeout. */
  readonly overshoot: "allow" | "refuse"
  /** The waits before retries. */
  readonly backoff: Backoff.Backoff
  /** Whether retries wait. In test mode they do not. */
  readonly waits: boolean
  /**
   * Whether `waitMax` was set explicitly. If so, it also caps a tag's backoff that sets none. Default `true`.
   */
  readonly hasOwnWaitMax?: boolean | undefined
}

/**
 * The plan of a policy, for a run without test mode.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromPolicy = (policy: RetryPolicy): Plan => ({
  active: true,
  attempts: policy.attempts,
  timeout: Duration.toMillis(policy.timeout),
  overshoot: policy.overshoot,
  backoff: Backoff.fromPolicy(policy),
  waits: true
})

/**
 * An attempt that has failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed {
  /** The number of the attempt that failed, 1 = the first. */
  readonly attempt: number
  /** Milliseconds from just before the first attempt to this failure. */
  readonly elapsed: number
  /** What `on` says about the error. */
  readonly verdict: Verdict
  /** Milliseconds from just before the first attempt to the earliest deadline around the run. Default: none. */
  readonly deadline?: number | undefined
  /** The wait before the attempt that failed, in milliseconds; none before the first. */
  readonly previousWait?: number | undefined
  /** Whether a run inside has retried the error already, so that it must not be retried again. Default `false`. */
  readonly alreadyRetried?: boolean | undefined
  /** Whether no further attempt may follow, whatever the plan allows. Default `false`. */
  readonly isLast?: boolean | undefined
  /**
   * Milliseconds from this failure during which no retry may begin, because others were asked to leave the dependency
   * alone. Jitter goes on top. Default: none.
   */
  readonly notBefore?: number | undefined
}

/**
 * Why a run gave up.
 *
 * - `NotRetryable`: `on` does not name the error, or the cause holds a defect or an interruption.
 * - `AttemptsExhausted`: all calls that are allowed were made.
 * - `TimeoutReached`: the call failed at or after the timeout.
 * - `Inactive`: retries are switched off.
 * - `WaitExceedsDeadline`: the wait would have ended at or past the deadline around the run.
 * - `WaitExceedsTimeout`: a wait that `on` or the other side asked for would have ended at or past the timeout; or any
 *   wait, if `overshoot` is `"refuse"`.
 * - `DeadlineExceeded`: the deadline around the run passed during an attempt or a wait.
 * - `AlreadyRetried`: a run inside had retried the error and given up, and `nested` is `"once"`.
 * - `HintTooLong`: the other side asked for a longer wait than is granted.
 * - `BudgetExhausted`: the retry budget of the dependency had no token left.
 * - `CircuitOpen`: the circuit breaker of the dependency was open.
 * - `Interrupted`: the signal of the call was aborted, or its runtime ended. Only in the report of what a promise then
 *   rejects with; hooks see an interruption and no give-up.
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
  | "WaitExceedsTimeout"
  | "DeadlineExceeded"
  | "AlreadyRetried"
  | "HintTooLong"
  | "BudgetExhausted"
  | "CircuitOpen"
  | "Interrupted"

/**
 * A wait that did not begin, because it would have been longer than allowed.
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
 * The questions come in this order: are retries switched off, is the error one to retry, has a run inside retried it
 * already, were all attempts made, has the timeout been reached, does a hint ask for too long a wait, does the wait end
 * before the deadline, and before the timeout if it was asked for. `random` is called at most once, and only for a wait
 * that depends on chance.
 *
 * **Example** (A run on paper)
 *
 * ```ts
 * import { Decision, RetryPolicy } from "effect-stamina"
 *
 * const plan = Decision.fromPolicy(RetryPolicy.make({ attempts: 3 }))
 * const fail = (attempt: number, elapsed: number) =>
 *   Decision.decide(plan, { attempt, elapsed, verdict: true }, () => 0.25)
 *
 * console.log(fail(1, 20)) // { _tag: 'Retry', wait: 350 }
 * console.log(fail(2, 390)) // { _tag: 'Retry', wait: 450 }
 * console.log(fail(3, 860)) // { _tag: 'Stop', reason: 'AttemptsExhausted' }
 * ```
 *
 * @category deciding
 * @since 0.1.0
 */
export const decide = (plan: Plan, failed: Failed, random: () => number): Decision =>
  decideAt(plan, failed, failed, random)

/**
 * {@link decide} with attempt and failure as two objects, so that a `Run` can be passed as it is.
 *
 * @internal
 */
export const decideAt = (
  plan: Plan,
  { attempt, elapsed, previousWait }: Pick<Failed, "attempt" | "elapsed" | "previousWait">,
  failed: Omit<Failed, "attempt" | "elapsed" | "previousWait">,
  random: () => number
): Decision => {
  const { deadline = Infinity, verdict } = failed
  if (!plan.active) return stop("Inactive")
  if (verdict === false) return stop("NotRetryable")
  if (failed.alreadyRetried) return stop("AlreadyRetried")
  if (attempt >= plan.attempts || failed.isLast) return stop("AttemptsExhausted")
  if (elapsed >= plan.timeout) return stop("TimeoutReached")
  const hinted = plan.waits && isHint(verdict)
  if (hinted && verdict.wait > verdict.max) return stop("HintTooLong", { wait: verdict.wait, left: verdict.max })
  // a wait that is drawn out by what others ask for has one number for both
  const draw = failed.notBefore === undefined && !hinted ? random : memoized(random)
  const own = plan.waits ? waitFor(plan, attempt, verdict, draw, previousWait) : 0
  const wait = plan.waits ? Math.max(own, onTop(failed.notBefore, plan.backoff, draw)) : 0
  // a wait that was asked for is pointless if it would end past the timeout, so it never overshoots
  const asked = hinted || wait > own || typeof verdict === "number"
  const timeout = asked || plan.overshoot === "refuse" ? plan.timeout : Infinity
  return within(elapsed, wait, timeout, deadline)
}

/**
 * Decides about a retry that has waited, and that a door asks to wait longer.
 *
 * @internal
 */
export const decideLater = (
  plan: Plan,
  { deadline = Infinity, elapsed, wait }: {
    readonly elapsed: number
    readonly wait: number
    readonly deadline: number | undefined
  },
  random: () => number
): Decision => within(elapsed, onTop(wait, plan.backoff, random), plan.timeout, deadline)

/** A wait, unless it ends too late. */
const within = (elapsed: number, wait: number, timeout: number, deadline: number): Decision => {
  const end = Math.min(deadline, timeout)
  if (elapsed + wait < end) return { _tag: "Retry", wait }
  const reason = timeout < deadline ? "WaitExceedsTimeout" : "WaitExceedsDeadline"
  return stop(reason, { wait, left: Math.max(0, end - elapsed) })
}

/**
 * The wait before retry `retryNum`, in milliseconds. A hint is a minimum: the wait is the backoff's if that is
 * longer, else the hint with jitter on top, both with the same random number.
 */
const waitFor = (
  { backoff, hasOwnWaitMax = true }: Plan,
  retryNum: number,
  verdict: Exclude<Verdict, false>,
  /** The same number each time. */
  random: () => number,
  previousWait: number | undefined
): number => {
  if (verdict === true) return Backoff.wait(backoff, retryNum, random, previousWait)
  if (typeof verdict === "number") return verdict
  if (verdict._tag === "Backoff") {
    return Backoff.wait(merge(backoff, verdict.backoff, hasOwnWaitMax), retryNum, random, previousWait)
  }
  return Math.max(Backoff.wait(backoff, retryNum, random, previousWait), onTop(verdict.wait, backoff, random))
}

/** A wait that others ask for, with jitter on top: never below it, also if jitter is a part of the wait. */
const onTop = (
  wait: number | undefined,
  { jitter, spread = 0 }: Backoff.Backoff,
  random: () => number
): number => {
  if (wait === undefined || wait <= 0) return 0
  const most = jitter + spread * wait
  return wait + (most === 0 ? 0 : random() * most)
}

/** Draws one number at most. */
const memoized = (random: () => number): () => number => {
  let u: number | undefined
  return () => u ??= random()
}

const stop = (reason: GiveUpReason, refused?: RefusedWait): Decision =>
  refused === undefined ? { _tag: "Stop", reason } : { _tag: "Stop", reason, refused }
