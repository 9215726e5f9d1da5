/**
 * The loop that makes the attempts of a run, on the engine.
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { type Attempt, CurrentAttempt } from "../around/Attempt.ts"
import * as Backoff from "../policy/Backoff.ts"
import type { Plan } from "../run/Decision.ts"
import { begins, isOver, ordinal } from "../run/Run.ts"
import { attemptSpan } from "../telemetry/eventsOf.ts"
import * as clock from "../tools/clock.ts"
import { AttemptTimedOut } from "../verdict/AttemptTimedOut.ts"
import * as engine from "./engine.ts"
import type { Settings } from "./settings.ts"

/** Retries one effect with checked options. Until the first failure, it costs one reading of the clock. */
export const retryEffect = <A, E, R>(self: Effect.Effect<A, E, R>, settings: Settings): Effect.Effect<A, E, R> => {
  const again = () => self
  return Effect.withFiber((fiber) => {
    const start = clock.read(fiber)
    const since = ordinal()
    if (settings.admission !== undefined) settings.admission.called(fiber)
    return settings.spans || settings.attemptTimeout < Infinity || settings.rejects !== undefined
      ? attempt(engine.begin(settings, start, since), fiber, self, again)
      : Effect.catchCause(self, (cause) => afterFailure(engine.begin(settings, start, since), fiber, cause, again))
  })
}

/** Makes an attempt, and goes on from its result: `again` makes the next one, from the error before. */
export const attempt = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.matchCauseEffect(asAttempt(run, self), {
    onFailure: (cause) => afterFailure(run, fiber, cause, again),
    onSuccess: (value) => afterSuccess(run, fiber, value, again)
  })

type Again<A, E, R> = (error: unknown) => Effect.Effect<A, E, R>

/** Goes on with a run whose attempt has failed, also where that attempt was the first and was made elsewhere. */
export const afterFailure = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  cause: Cause.Cause<E>,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> =>
  asking(run, fiber, () =>
    engine.failed(
      run,
      fiber,
      cause,
      (failed) => isOver(run) ? engine.giveUp(run, fiber, Exit.failCause(failed)) : goOn(run, fiber, again)
    ))

const afterSuccess = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  value: A,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> => {
  const rejected = run.settings.rejects?.(value)
  if (rejected !== undefined) {
    return asking(run, fiber, () =>
      engine.rejected(
        run,
        fiber,
        value,
        rejected,
        () => isOver(run) ? engine.giveUp(run, fiber, Exit.succeed(value)) : goOn(run, fiber, again)
      ))
  }
  const told = run.attempt === 1 ? undefined : engine.recovered(run, fiber)
  return told === undefined ? Effect.succeed(value) : Effect.as(told, value)
}

/** Waits and makes the next attempt. */
const goOn = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  again: Again<A, E, R>
): Effect.Effect<A, E, R> => {
  // suspended so that the run's finalizer is installed before any hook hears of the retry
  const wait = Effect.suspend(() => engine.wait(run, fiber))
  const waitAndTry = Effect.matchCauseEffect(wait, {
    onFailure: (cause) => afterFailure(run, fiber, cause, again),
    // oxlint-disable-next-line no-unused-vars -- Effect wraps a function without a parameter: 130 bytes per waiting fiber
    onSuccess: (_) => {
      begins(run, engine.timeOf(run, fiber))
      run.healthyFrom = undefined
      return attempt(run, fiber, again(run.error), again)
    }
  })
  return guarded(run, fiber, waitAndTry)
}

/** Makes a decision that a door may have a part in. What it grants is given back, wherever an interruption comes. */
const asking = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  decide: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  run.settings.admission === undefined ? decide() : guarded(run, fiber, Effect.suspend(decide))

/** Installs the one finalizer of a run. It holds where the run begins afresh as well. */
const guarded = <A, E, R>(
  run: engine.LiveRun,
  fiber: Fiber.Fiber<unknown, unknown>,
  next: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (run.guarded) return next
  run.guarded = true
  return Effect.onExitPrimitive(next, () => engine.finished(run, fiber))
}

/** Puts an attempt in a span of its own and limits its time, where the options ask for that. */
const asAttempt = <A, E, R>(
  run: engine.LiveRun,
  attempt: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const timed = run.settings.attemptTimeout === Infinity ? attempt : inTime(run, attempt)
  return engine.inSpan(run, timed, attemptSpan, { "stamina.attempt": run.attempt })
}

const inTime = <A, E, R>(run: engine.LiveRun, attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const duration = run.settings.attemptTimeout
  return Effect.timeoutOrElse(attempt, {
    duration,
    orElse: () => {
      const error = new AttemptTimedOut({ attempt: run.attempt, after: Duration.millis(duration) })
      run.timedOut = error
      // the option has put it in the error type that users see
      return Effect.fail(error as E)
    }
  })
}

/** Retries a block that knows its attempt, with checked options. */
export const retryBlock = <A, E, R>(
  settings: Settings,
  block: (attempt: Attempt) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const run = engine.begin(settings, clock.read(fiber), ordinal())
    if (settings.admission !== undefined) settings.admission.called(fiber)
    const next = (previous: Option.Option<unknown>) =>
      Effect.suspend(() => {
        const current: Attempt = {
          num: run.attempt,
          nextWait: Duration.millis(nextWait(engine.planOf(run, fiber), run.attempt)),
          previous
        }
        return Effect.provideService(block(current), CurrentAttempt, Option.some(current))
      })
    return attempt(run, fiber, next(Option.none()), (error) => next(Option.some(error)))
  })

/** The jitter-free wait, in milliseconds, if an attempt fails and is retried. */
export const nextWait = (plan: Plan, attempt: number): number =>
  plan.active && plan.waits ? Backoff.shortest({ ...plan.backoff, spread: 0 }, attempt) : 0
