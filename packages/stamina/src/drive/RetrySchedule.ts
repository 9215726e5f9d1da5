/**
 * Retrying as a `Schedule`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Run from "../run/run.ts"
import * as notify from "../telemetry/notify.ts"
import * as clock from "../tools/clock.ts"
import type { Checked, ErrorOf, OnOf } from "../verdict/RetryOn.ts"
import { begin, LiveRun } from "./liveRun.ts"
import type { ScheduleOptions } from "./model.ts"
import { fromScheduleOptions } from "./settings.ts"
import * as steps from "./steps.ts"

export { backoff, limit, retryOn } from "./scheduleBlocks.ts"

/**
 * How far a run has come: the output of the schedule.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryProgress {
  /** The number of the retry that follows, 1 = the first; once the run has ended: how many there were. */
  readonly retryNum: number
  /** The wait before that retry; once the run has ended: zero. */
  readonly waitFor: Duration.Duration
  /** All waits before this one, added up. */
  readonly waitedSoFar: Duration.Duration
  /** The time from just before the first attempt to the failure that this is about. */
  readonly elapsed: Duration.Duration
}

/**
 * A schedule that retries what `on` names, with stamina's backoff, jitter and limits: `staminaSchedule`.
 *
 * **When to use**
 *
 * With everything in Effect that takes a schedule, or to compose with other schedules. Where `Stamina.retry` fits, it
 * is the better choice: it checks the tags, sees whole causes and successes, and costs less.
 *
 * **Details**
 *
 * Makes the same decisions as `Stamina.retry` with the same options. Time counts from when the schedule is started,
 * which `Effect.retry` does just before the first attempt. The output is a {@link RetryProgress}.
 *
 * A schedule is a value: each use of it counts for itself.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * `Effect.retry(staminaSchedule({ on: "HttpError" }))` cannot check the tag against the effect's errors;
 * `Effect.retry(($) => $(staminaSchedule({ on: "HttpError" })))` does.
 *
 * A schedule cannot see what it retries. `Effect.retry` of an activity of a workflow executes it once and then replays its
 * recorded failure, while hooks are notified of retries: use `DurableRetry.retry`.
 *
 * The schedule decides before Effect waits, and cannot know whether a `while` or a schedule beside it then says no:
 * hooks run for what *this* schedule decided. What a hook acquires is released when this schedule's own wait is over.
 *
 * **Example** (Retrying with Effect's own combinator)
 *
 * ```ts
 * import { Data, Effect } from "effect"
 * import { staminaSchedule } from "effect-stamina"
 *
 * class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
 *
 * let calls = 0
 * const flaky = Effect.suspend(() => ++calls < 3 ? Effect.fail(new HttpError({ status: 503 })) : Effect.succeed("ok"))
 *
 * const program = flaky.pipe(Effect.retry(($) => $(staminaSchedule({ on: "HttpError", waitJitter: 0 }))))
 *
 * Effect.runPromise(program).then(console.log) // ok
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const staminaSchedule = <E = unknown, const O extends OnOf<E> = OnOf<E>>(
  options: ScheduleOptions<O> & { readonly on: Checked<NoInfer<E>, O> }
): Schedule.Schedule<RetryProgress, unknown extends E ? ErrorOf<O> : E> => {
  const settings = fromScheduleOptions("staminaSchedule", options)
  return Schedule.fromStep(Effect.withFiberSucceed((fiber) => {
    const run = new LiveRun(settings, fiber, begin(settings, fiber, false))
    return (_now: number, error: unknown) => Effect.withFiber((fiber) => step(run, fiber, error))
  }))
}

/** What a step of the schedule results in: its output and the wait, or its last output. */
type Step = Pull.Pull<[RetryProgress, Duration.Duration], never, RetryProgress>

/** A run whose attempts and waits are made by Effect. */
const step = (run: LiveRun, fiber: Fiber.Fiber<unknown, unknown>, error: unknown): Step => {
  run.fiber = fiber
  // a schedule does not see when an attempt begins: it counts as begun when the wait is over
  if (run.phase === "waiting") Run.beginAttempt(run, run.began)
  const cause = steps.decideFailure(run, Cause.fail(error))
  const progress: RetryProgress = {
    retryNum: Run.isOver(run) ? run.attempt - 1 : run.attempt,
    waitFor: Duration.millis(run.wait),
    waitedSoFar: Duration.millis(run.waited),
    elapsed: Duration.millis(run.elapsed)
  }
  if (Run.isOver(run)) {
    // a typed failure beside a defect is never handled as one, so the schedule's own error type stays `never`
    const end = Cause.hasDies(cause) ? Exit.failCause(cause as Cause.Cause<never>) : Cause.done(progress)
    return Effect.andThen(steps.giveUp(run, Exit.void), end)
  }
  const next: [RetryProgress, Duration.Duration] = [progress, progress.waitFor]
  const notified = notifyScheduled(run)
  if (notified === undefined) {
    steps.notifyBegan(run)
    return Effect.succeed(next)
  }
  return Effect.map(notified, () => {
    steps.notifyBegan(run)
    Run.postpone(run, run.time() + run.wait)
    return next
  })
}

/**
 * Notifies the hooks of the retry, and leaves a fiber behind that releases what they acquired when the wait, which is
 * Effect's, is over. It is a child of the fiber that retries, and ends with it.
 */
const notifyScheduled = (run: LiveRun): Effect.Effect<void> | undefined => {
  const notified = steps.notifyScheduled(run)
  return notified && Effect.uninterruptibleMask((restore) => {
    const scope = Scope.makeUnsafe()
    const release = Effect.suspend(() => notify.close(scope, Exit.void) ?? Effect.void)
    return Effect.flatMap(
      Effect.onError(restore(Scope.provide(notified, scope)), () => release),
      () =>
        scope.state._tag === "Empty"
          ? Effect.void
          : run.wait === 0
          ? release
          // started at once, so that it wakes before the fiber that goes to sleep for the same time after it;
          // uninterruptible, so that an interruption finds the release in its place
          : Effect.forkChild(Effect.onExit(Effect.interruptible(clock.sleep(run.clock, run.wait)), () => release), {
            startImmediately: true,
            uninterruptible: true
          })
    )
  })
}
