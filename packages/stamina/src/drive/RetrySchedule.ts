/**
 * Retrying as a `Schedule`: the whole of it, and the blocks that it is made of, for people who compose their own.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { currentMode } from "../around/Activation.ts"
import * as Backoff from "../policy/Backoff.ts"
import { CurrentDeadline } from "../around/Deadline.ts"
import * as Decision from "../run/Decision.ts"
import { checkKnown } from "../tools/check.ts"
import * as clock from "../tools/clock.ts"
import { observeAhead, observeGiveUp } from "./observe.ts"
import * as Run from "../run/Run.ts"
import { fromScheduleOptions } from "./settings.ts"
import * as steps from "./steps.ts"
import * as RetryOn from "../verdict/RetryOn.ts"
import type { ScheduleOptions } from "./RetryOptions.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"

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
export const make = <E = unknown, const O extends RetryOn.On<E> = RetryOn.On<E>>(
  options: ScheduleOptions<O>
): Schedule.Schedule<RetryProgress, unknown extends E ? RetryOn.Asks<O> : E> => {
  const settings = fromScheduleOptions("staminaSchedule", options)
  return Schedule.fromStep(Effect.withFiberSucceed((fiber) => {
    const run = Run.make(settings, clock.read(fiber))
    return (_now: number, error: unknown) => Effect.withFiber((fiber) => step(run, fiber, error))
  }))
}

const step = (
  run: Run.Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  error: unknown
): Pull.Pull<[RetryProgress, Duration.Duration], never, RetryProgress> => {
  const cause = steps.failed(run, fiber, Cause.fail(error))
  const progress: RetryProgress = {
    retryNum: run.attempt - 1,
    waitFor: Duration.millis(run.wait),
    waitedSoFar: Duration.millis(run.waited),
    elapsed: Duration.millis(run.elapsed)
  }
  if (run.reason === undefined) {
    return Effect.map(observeAhead(run, fiber), () => {
      steps.waitBegins(run, fiber)
      return [progress, progress.waitFor]
    })
  }
  return Effect.andThen(
    observeGiveUp(run, fiber),
    Cause.hasDies(cause)
      // a typed failure beside a defect is never handled as one, so the schedule's own error type stays `never`
      ? Effect.failCause(cause as Cause.Cause<never>)
      : Cause.done(progress)
  )
}

/**
 * Stamina's backoff as a schedule of its own: endless, and without a filter. The output is the wait.
 *
 * **Details**
 *
 * Takes the policy's fields that begin with `wait`, and `backoff`. In test mode, or where retries are switched off, every
 * wait is zero. For each wait one number is drawn from the fiber's `Random`; none where `waitJitter` is 0 in a shape that
 * adds it.
 *
 * Composed as in this example, the blocks do exactly what {@link make} does, hooks aside.
 *
 * **Example** (The blocks, composed)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { RetrySchedule } from "effect-stamina"
 *
 * const schedule = RetrySchedule.backoff({ waitInitial: "10 millis", waitJitter: 0 }).pipe(
 *   RetrySchedule.retryOn(() => true),
 *   RetrySchedule.limit({ attempts: 4 })
 * )
 *
 * let calls = 0
 * const program = Effect.suspend(() => Effect.fail(++calls)).pipe(Effect.retry(schedule), Effect.flip)
 *
 * Effect.runPromise(program).then(console.log) // 4
 * ```
 *
 * @category blocks
 * @since 0.1.0
 */
export const backoff = (
  options: RetryOn.BackoffOptions = {}
): Schedule.Schedule<Duration.Duration> => {
  const caller = "RetrySchedule.backoff"
  checkKnown(caller, options, ["backoff", "waitInitial", "waitMax", "waitJitter", "waitExpBase"])
  const settings = Backoff.fromPolicy(RetryPolicy.fromInput(caller, options))
  return Schedule.fromStep(Effect.sync(() => {
    const modeOf = pinnedMode()
    let retryNum = 0
    let previous: number | undefined
    return () =>
      Effect.withFiberSucceed((fiber): [Duration.Duration, Duration.Duration] => {
        const before = fiber.getRef(Granted) ?? previous
        previous = Decision.waitFor(settings, ++retryNum, true, modeOf(fiber), drawing(fiber), before)
        const wait = Duration.millis(previous)
        return [wait, wait]
      })
  }))
}

/**
 * Ends a schedule when either limit is reached: `attempts` calls in all, or `timeout` since the schedule was started,
 * which `Effect.retry` does just before the first attempt. Defaults: 10 attempts, 45 s. Ends it as well when its wait
 * would end at or past the deadline around, or, with `overshoot: "refuse"`, past the timeout.
 *
 * **Details**
 *
 * Unlike `Schedule.upTo`, it counts attempts, not retries; time from the start, not from the first failure; and on the
 * monotonic clock. In test mode the attempts are replaced and there is no timeout; where retries are switched off, it
 * ends at once.
 *
 * **Gotchas**
 *
 * To end with an output, the schedule inside is stepped once more, as `Schedule.upTo` does too; no random number is
 * drawn for that.
 *
 * @category blocks
 * @since 0.1.0
 */
export const limit = (
  limits: Pick<RetryPolicy.Input, "attempts" | "timeout" | "overshoot"> = {}
): <Output, Input, Error, Env>(
  self: Schedule.Schedule<Output, Input, Error, Env>
) => Schedule.Schedule<Output, Input, Error, Env> => {
  const caller = "RetrySchedule.limit"
  checkKnown(caller, limits, ["attempts", "timeout", "overshoot"])
  const rules = Decision.fromPolicy(RetryPolicy.fromInput(caller, limits))
  return (self) =>
    Schedule.fromStep(Effect.withFiber((fiber) => {
      const modeOf = pinnedMode()
      const start = clock.read(fiber)
      let attempt = 0
      return Effect.map(Schedule.toStep(self), (step) => (now, input) =>
        Effect.withFiber((fiber) => {
          const deadline = fiber.getRef(CurrentDeadline)
          const failed = {
            attempt: ++attempt,
            elapsed: clock.millisSince(fiber, start),
            mode: modeOf(fiber),
            deadline: deadline && clock.millisBetween(start, deadline.at)
          }
          if (Decision.limitReached(rules, failed) !== undefined) {
            return Effect.flatMap(withoutChance(step(now, input)), ([output]) => Cause.done(output))
          }
          return Effect.flatMap(step(now, input), (next) =>
            Decision.refusedWait(rules, failed, Duration.toMillis(next[1])) === undefined
              ? Effect.succeed(next)
              : Cause.done(next[0]))
        }))
    }))
}

/**
 * Ends a schedule at the first error that is not one to retry, and grants the waits that `on` asks for itself in place
 * of the schedule's. Takes every form of `on`.
 *
 * **Details**
 *
 * For a wait that `on` asks for, the schedule inside is stepped, so that it counts on, but no random number is drawn.
 * Where retries are switched off, `on` is not asked.
 *
 * @category blocks
 * @since 0.1.0
 */
export const retryOn = <E = unknown, const O extends RetryOn.On<E> = RetryOn.On<E>>(
  on: O
): <Output, Input, Error, Env>(
  self: Schedule.Schedule<Output, Input, Error, Env>
) => Schedule.Schedule<Output, Input & (unknown extends E ? RetryOn.Asks<O> : E), Error, Env> => {
  const judge = RetryOn.fromInput("RetrySchedule.retryOn", on)
  type Input<In> = In & (unknown extends E ? RetryOn.Asks<O> : E)
  return <Output, In, Error, Env>(
    self: Schedule.Schedule<Output, In, Error, Env>
  ): Schedule.Schedule<Output, Input<In>, Error, Env> =>
    Schedule.fromStep(Effect.map(Schedule.toStep(self), (step) => {
      const modeOf = pinnedMode()
      let retryNum = 0
      let previous: number | undefined
      return (now, input: Input<In>) =>
        Effect.withFiber((fiber): Pull.Pull<[Output, Duration.Duration], Error, Output, Env> => {
          const mode = modeOf(fiber)
          const verdict = mode._tag === "Inactive" ? false : judge(input)
          if (verdict === false || Decision.refusedHint(verdict, mode) !== undefined) {
            return Effect.flatMap(withoutChance(step(now, input)), ([output]) => Cause.done(output))
          }
          retryNum++
          // what the schedule inside makes of it, which a hint only draws out
          const isHint = RetryOn.isHint(verdict)
          const next = verdict === true || isHint ? step(now, input) : withoutChance(step(now, input))
          return Effect.map(
            Effect.provideService(next, Granted, previous),
            ([output, inner]): [Output, Duration.Duration] => {
              const wait = verdict === true || mode._tag !== "Normal"
                ? inner
                : isHint
                ? Duration.max(inner, Duration.millis(verdict.wait))
                : Duration.millis(Decision.waitFor(stamina, retryNum, verdict, mode, drawing(fiber), previous))
              previous = Duration.toMillis(wait)
              return [output, mode._tag === "Normal" ? wait : Duration.zero]
            }
          )
        })
    }))
}

/** The wait before, where `on` may have asked for another than the schedule inside had in mind. */
const Granted = /*#__PURE__*/ Context.Reference<number | undefined>("effect-stamina/RetrySchedule/Granted", {
  defaultValue: () => undefined
})

/** The backoff of what `on` leaves open, where no policy is near. */
const stamina = Backoff.fromPolicy(RetryPolicy.defaults)

/** The switches, read at the first failure and kept for the run. */
const pinnedMode = (): (fiber: Fiber.Fiber<unknown, unknown>) => Decision.Mode => {
  let mode: Decision.Mode | undefined
  return (fiber) => mode ??= currentMode(fiber)
}

/** The fiber's random numbers. */
const drawing = (fiber: Fiber.Fiber<unknown, unknown>) => () => fiber.getRef(Random.Random).nextDoubleUnsafe()

/** Steps a schedule only to count on or to hear its output: nothing is drawn from the fiber's `Random` for that. */
const withoutChance = <Output, Error, Env>(
  step: Pull.Pull<[Output, Duration.Duration], Error, Output, Env>
): Pull.Pull<[Output, Duration.Duration], Error, Output, Env> =>
  Effect.provideService(step, Random.Random, { nextDoubleUnsafe: () => 0, nextIntUnsafe: () => 0 })
