/**
 * The parts of the schedule, for users who compose their own.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as deadlines from "../ambient/deadlines.ts"
import { currentMode } from "../ambient/mode.ts"
import * as Backoff from "../policy/Backoff.ts"
import { complete, given } from "../policy/input.ts"
import { curveFields, limitFields } from "../policy/model.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import * as Decision from "../run/Decision.ts"
import { inMode } from "../run/mode.ts"
import * as Run from "../run/run.ts"
import { tellMistake } from "../telemetry/mistakes.ts"
import { draw } from "../tools/chance.ts"
import { checkKnown } from "../tools/check.ts"
import * as clock from "../tools/clock.ts"
import { fromInput, type Judgement } from "../verdict/forms.ts"
import { type FailedAttempt, isHint, type Verdict } from "../verdict/model.ts"
import type { BackoffOptions, Checked, ErrorOf, OnOf } from "../verdict/RetryOn.ts"
import { failedAttempt } from "./judge.ts"

/**
 * Stamina's backoff as a schedule of its own: endless, and without a filter. The output is the wait.
 *
 * **Details**
 *
 * Takes the policy's fields that begin with `wait`, and `backoff`. For each wait one number is drawn from the fiber's
 * `Random`; none if `waitJitter` is 0 in a shape that adds it.
 *
 * It waits also in test mode and if retries are switched off: a loop that polls must not become a hot loop there. What
 * retries is {@link retryOn}, which then waits for nothing, or ends.
 *
 * Composed as in this example, the blocks do what `staminaSchedule` does, hooks aside, in normal mode.
 *
 * **Example** (The blocks, composed)
 *
 * ```ts
 * import { Effect } from "effect"
 * import * as RetrySchedule from "effect-stamina/RetrySchedule"
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
  options: BackoffOptions = {}
): Schedule.Schedule<Duration.Duration> => {
  const caller = "RetrySchedule.backoff"
  checkKnown(caller, options, curveFields)
  const curve = Backoff.fromPolicy(complete(given(caller, options), RetryPolicy.defaults))
  return Schedule.fromStep(Effect.sync(() => {
    let retryNum = 0
    let previous: number | undefined
    let rounded: number | undefined
    return () =>
      Effect.withFiberSucceed((fiber): [Duration.Duration, Duration.Duration] => {
        const granted = fiber.getRef(Granted)
        // a duration has no less than a nanosecond, and the number that it was made of is the one that counts
        if (granted !== rounded) previous = granted ?? previous
        previous = Backoff.wait(curve, ++retryNum, drawing(fiber), previous)
        const wait = Duration.millis(previous)
        rounded = Duration.toMillis(wait)
        return [wait, wait]
      })
  }))
}

/**
 * Ends a schedule when either limit is reached: `attempts` calls in all, or `timeout` since the schedule was started,
 * which `Effect.retry` does just before the first attempt. Defaults: 10 attempts, 45 s. Ends it as well when its wait
 * would end at or past the deadline around; or past the timeout, if {@link retryOn} inside asks for that wait, or with
 * `overshoot: "refuse"`.
 *
 * **Details**
 *
 * Unlike `Schedule.upTo`, it counts attempts, not retries; time from the start, not from the first failure; and on the
 * monotonic clock. In test mode the attempts are replaced and there is no timeout; if retries are switched off, it
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
  limits: RetryPolicy.LimitsInput = {}
): <Output, Input, Error, Env>(
  self: Schedule.Schedule<Output, Input, Error, Env>
) => Schedule.Schedule<Output, Input, Error, Env> => {
  const caller = "RetrySchedule.limit"
  checkKnown(caller, limits, limitFields)
  const plan = Decision.fromPolicy(complete(given(caller, limits), RetryPolicy.defaults))
  return (self) =>
    Schedule.fromStep(Effect.withFiber((fiber) => {
      const planOf = planned(plan, { waits: true })
      const start = clock.read(fiber)
      const run = Run.make(Run.runsEnded())
      return Effect.map(Schedule.toStep(self), (step) => (now, input) =>
        Effect.withFiber((fiber) => {
          attemptEnded(run, clock.millisSince(fiber, start), planOf(fiber))
          const deadline = deadlines.earliest(fiber)
          const decide = (verdict: Verdict) =>
            Run.decide(run, {
              verdict,
              error: input,
              deadline: deadline === undefined ? undefined : clock.millisBetween(start, deadline)
            }, drawing(fiber))
          const first = decide(0)
          if (first._tag === "Stop" && first.refused === undefined) {
            return Effect.flatMap(withoutChance(step(now, input)), ([output]) => Cause.done(output))
          }
          const asked: Asked = { wait: undefined }
          return Effect.flatMap(Effect.provideService(step(now, input), CurrentAsked, asked), (next) => {
            const wait = Duration.toMillis(next[1])
            const verdict = wait === asked.wait ? wait : waiting(wait)
            if (decide(verdict)._tag === "Stop") return Cause.done(next[0])
            Run.beginWait(run, { verdict: wait, error: input }, wait)
            return Effect.succeed(next)
          })
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
 * If retries are switched off, `on` is not asked.
 *
 * @category blocks
 * @since 0.1.0
 */
export const retryOn = <E = unknown, const O extends OnOf<E> = OnOf<E>>(
  on: O & Checked<NoInfer<E>, O>
): <Output, Input, Error, Env>(
  self: Schedule.Schedule<Output, Input, Error, Env>
) => Schedule.Schedule<Output, Input & (unknown extends E ? ErrorOf<O> : E), Error, Env> => {
  const { judge } = fromInput("RetrySchedule.retryOn", on)
  type Input<In> = In & (unknown extends E ? ErrorOf<O> : E)
  return <Output, In, Error, Env>(
    self: Schedule.Schedule<Output, In, Error, Env>
  ): Schedule.Schedule<Output, Input<In>, Error, Env> =>
    Schedule.fromStep(Effect.withFiber((fiber) => {
      const planOf = planned(stamina, endless)
      const start = clock.read(fiber)
      const run = Run.make(Run.runsEnded())
      return Effect.map(Schedule.toStep(self), (step) => (now, input: Input<In>) =>
        Effect.withFiber((fiber): Pull.Pull<[Output, Duration.Duration], Error, Output, Env> => {
          const plan = planOf(fiber)
          attemptEnded(run, clock.millisSince(fiber, start), plan)
          const verdict = plan.active && judgedAlone(judge, input, failedAttempt(run), fiber)
          const failure = { verdict, error: input }
          // the wait of the schedule inside, which a hint only draws out, or one that `on` asks for
          const inner = verdict === true || isHint(verdict)
          const decision = Run.decide(
            run,
            failure,
            inner
              ? () =>
                0
              : drawing(fiber)
          )
          if (decision._tag === "Stop") {
            return Effect.flatMap(withoutChance(step(now, input)), ([output]) => Cause.done(output))
          }
          const next = inner ? step(now, input) : withoutChance(step(now, input))
          return Effect.map(
            Effect.provideService(next, Granted, run.attempt === 1 ? undefined : run.wait),
            ([output, wait]): [Output, Duration.Duration] => {
              const granted = inner ? decideWith(Duration.toMillis(wait), run, verdict) : decision.wait
              Run.beginWait(run, failure, granted)
              const waitFor = Duration.millis(granted)
              if (typeof verdict === "number" || isHint(verdict)) {
                fiber.getRef(CurrentAsked).wait = Duration.toMillis(waitFor)
              }
              return [output, waitFor]
            }
          )
        }))
    }))
}

/** The wait of a run that retries, whose backoff is what the schedule inside has chosen. That may be endless. */
const decideWith = (wait: number, { attempt, elapsed, plan }: Run.Planned, verdict: Verdict): number => {
  const decision = Decision.decide({ ...plan, backoff: constant(wait) }, { attempt, elapsed, verdict }, () => 0)
  return decision._tag === "Retry" ? decision.wait : wait
}

/** Asks `on`. What it throws ends the schedule as a defect. */
const judgedAlone = (
  judge: Judgement["judge"],
  error: unknown,
  attempt: FailedAttempt,
  fiber: Fiber.Fiber<unknown, unknown>
): Verdict => {
  try {
    return judge(error, attempt)
  } catch (thrown) {
    tellMistake(fiber, undefined, thrown, error)
    throw thrown
  }
}

/** The plan of what options leave open. */
const stamina: Decision.Plan = /*#__PURE__*/ Object.assign(/*#__PURE__*/ Decision.fromPolicy(RetryPolicy.defaults), {
  hasOwnWaitMax: false
})

/** For a block that has nothing to do with limits. */
const endless: Partial<Decision.Plan> = { attempts: Infinity, timeout: Infinity }

/**
 * The plan of a block: the switches are read at the first failure and hold for the run, and `fixed` holds whatever they
 * say.
 */
const planned = (plan: Decision.Plan, fixed: Partial<Decision.Plan>) => {
  let settled: Decision.Plan | undefined
  return (fiber: Fiber.Fiber<unknown, unknown>): Decision.Plan =>
    settled ??= { ...inMode(plan, currentMode(fiber)), ...fixed }
}

/** A schedule does not see when an attempt begins: it counts as begun when the wait is over. */
function attemptEnded(run: Run.Run, at: number, plan: Decision.Plan): asserts run is Run.Planned {
  if (run.phase === "waiting") Run.beginAttempt(run, run.began)
  Run.closeAttempt(run, at, plan)
}

/**
 * The wait granted before this retry. It is handed down because `on` may override the inner schedule's, and the
 * decorrelated shape draws from a range that follows the last wait.
 */
const Granted = /*#__PURE__*/ Context.Reference<number | undefined>("effect-stamina/ScheduleBlocks/Granted", {
  defaultValue: () => undefined
})

/** The wait that {@link retryOn} has granted because `on` asked for it. It goes up to {@link limit}: it never overshoots. */
interface Asked {
  wait: number | undefined
}

const CurrentAsked = /*#__PURE__*/ Context.Reference<Asked>("effect-stamina/ScheduleBlocks/Asked", {
  defaultValue: () => ({ wait: undefined })
})

/** Exactly this wait, as a backoff that has it: one that the schedule inside chose, and nobody asked for. */
const waiting = (wait: number): Verdict => ({ _tag: "Backoff", backoff: constant(wait) })

const constant = (wait: number): Backoff.Backoff => ({
  shape: "constant",
  initial: wait,
  max: wait,
  jitter: 0,
  base: 1
})

/** The fiber's random numbers. */
const drawing = (fiber: Fiber.Fiber<unknown, unknown>) => () => draw(fiber)

/**
 * Steps a schedule only to count on or to hear its output. Nothing is drawn from the fiber's `Random` for that, so that a
 * seeded run stays the same whatever `on` answers.
 */
const withoutChance = <Output, Error, Env>(
  step: Pull.Pull<[Output, Duration.Duration], Error, Output, Env>
): Pull.Pull<[Output, Duration.Duration], Error, Output, Env> =>
  Effect.provideService(step, Random.Random, { nextDoubleUnsafe: () => 0, nextIntUnsafe: () => 0 })
