/**
 * The steps of a run, which every driver takes: it makes a `Run`, tells of each failure, and does as the run then says.
 *
 * Reading the clock, drawing a random number and looking at the switches all happen here, at the fiber's services, and
 * nothing is computed here that `Decision` computes.
 */
import * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import { currentMode } from "../around/Activation.ts"
import { CurrentDeadline } from "../around/Deadline.ts"
import * as Decision from "../run/Decision.ts"
import { CurrentNesting } from "../around/Nesting.ts"
import type { Verdict } from "../verdict/RetryOn.ts"
import * as clock from "../tools/clock.ts"
import { added } from "../run/history.ts"
import { errorsOf, judgeCause } from "../verdict/ofCause.ts"
import type { GivenUp, Run } from "../run/Run.ts"
import { remember, runBehind } from "../run/origins.ts"
import { rulesOf } from "./settings.ts"

/**
 * Decides about the cause that the last attempt failed with: either `reason` is set from now on and what is returned is
 * the cause that comes out, or a retry follows after `wait`. Once a run has been given up it stays so, whoever asks again.
 *
 * `on` is asked after the clock was read, since its own time counts only from the next failure on, and not at all
 * where retries are switched off. If it throws, what it threw stands beside the failure that it was asked about.
 */
export const failed = <E>(run: Run, fiber: Fiber.Fiber<unknown, unknown>, cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (run.reason !== undefined) return cause
  run.waiting = false
  attemptEnded(run, fiber)
  const mode = run.mode ??= currentMode(fiber)
  let verdict: Verdict = false
  if (mode._tag !== "Inactive") {
    try {
      const { settings: { judge, judgesTimeouts }, timedOut } = run
      // an attempt that took too long is retried without asking, unless the settings want to be asked
      const isOwnTimeout = (error: unknown) => error === timedOut && timedOut !== undefined && !judgesTimeouts
      verdict = judgeCause(cause, (error) => isOwnTimeout(error) || judge(error))
    } catch (defect) {
      cause = Cause.combine(cause, Cause.die(defect))
    }
  }
  const errors = errorsOf(cause)
  const inner = innerRun(run, errors)
  const nested = run.settings.nested ?? fiber.getRef(CurrentNesting)
  const deadline = fiber.getRef(CurrentDeadline)
  const decision = Decision.decide(
    rulesOf(run.settings),
    {
      attempt: run.attempt,
      elapsed: run.elapsed,
      verdict,
      mode,
      deadline: deadline && clock.millisBetween(run.start, deadline.at),
      previousWait: run.attempt === 1 ? undefined : run.wait,
      alreadyRetried: nested === "once" && inner !== undefined && hasGivenUp(inner)
    },
    () => fiber.getRef(Random.Random).nextDoubleUnsafe()
  )
  run.waiting = decision._tag === "Retry"
  run.waited += run.wait
  run.wait = decision._tag === "Retry" ? decision.wait : 0
  run.calls += inner?.calls ?? 1
  run.history = added(run.history, {
    num: run.attempt,
    start: run.began,
    duration: run.took,
    error: errors[0],
    waitAfter: run.wait,
    inner
  })
  if (decision._tag === "Stop") {
    run.refused = decision.refused
    return stop(run, decision.reason, cause)
  }
  run.attempt++
  run.began = run.elapsed + run.wait
  return cause
}

/** For drivers that see it: the deadline has passed in a wait or an attempt, after a failure with `cause`. */
export const deadlinePassed = <E>(
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  cause: Cause.Cause<E>
): Cause.Cause<E> => {
  ends(run, fiber)
  return stop(run, "DeadlineExceeded", cause)
}

const stop = <E>(run: Run, reason: Decision.GiveUpReason, cause: Cause.Cause<E>): Cause.Cause<E> => {
  run.reason = reason
  for (const error of errorsOf(cause)) remember(error, run)
  return cause
}

/** Whether there was something to give up: a retry, or one that a limit forbade. */
export const hasGivenUp = (run: Run): run is GivenUp =>
  run.reason !== undefined && (run.attempt > 1 || (run.reason !== "NotRetryable" && run.reason !== "Inactive"))

/** The hooks have been told, and the wait begins now. */
export const waitBegins = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): void => {
  run.began = clock.millisSince(fiber, run.start) + run.wait
}

/** For drivers that see it: the wait is over and the next attempt begins now. */
export const attemptBegins = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): void => {
  run.waiting = false
  run.began = clock.millisSince(fiber, run.start)
}

/** For drivers whose waits may be broken off and taken up again: how much is left of this one. */
export const waitLeft = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): number =>
  Math.max(0, run.began - clock.millisSince(fiber, run.start))

/** For drivers that see it: the run ends here, with a success, by an interruption, or at a deadline. */
export const ends = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): void => {
  // an attempt that failed with an interruption has been counted
  if (run.reason !== undefined) return
  attemptEnded(run, fiber)
  if (!run.waiting) run.calls++
}

const attemptEnded = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): void => {
  run.elapsed = clock.millisSince(fiber, run.start)
  run.took = run.waiting ? 0 : Math.max(0, run.elapsed - run.began)
  run.inAttempts += Math.min(run.took, run.elapsed)
}

/** The run inside the attempt that has just failed, if one of its errors came out of one. */
const innerRun = (run: Run, errors: ReadonlyArray<unknown>): Run | undefined => {
  for (const error of errors) {
    const inner = runBehind(error)
    // an error that is used again may tell of a run long before
    if (inner !== undefined && clock.millisBetween(run.start, inner.start) + inner.elapsed >= run.began) return inner
  }
  return undefined
}

/** The jitter-free wait, in milliseconds, if the current attempt fails. */
export const nextWait = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): number =>
  Decision.nextWait(rulesOf(run.settings), run.attempt, run.mode ?? currentMode(fiber))
