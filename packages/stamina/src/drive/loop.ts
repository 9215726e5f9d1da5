/**
 * The loop: all of a run on one page, for every driver whose attempts are effects of one fiber.
 *
 *     attempt ── success ──► recovered
 *        ▲  └── failure ──► decide ── stop ──► give up
 *        │                    │ retry
 *        │                    ▼
 *      begin ◄── granted ── wait, and ask the door ── refused ──► give up
 *
 * What an attempt is, its driver says. What happens at each step, `steps.ts` says.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { isOver } from "../run/run.ts"
import { attemptSpan } from "../telemetry/eventsOf.ts"
import { begin, LiveRun } from "./liveRun.ts"
import type { Settings } from "./settings.ts"
import * as steps from "./steps.ts"

/** What the loop does not know: how an attempt is made, and what its success means. */
export interface Driver<A, E, R> {
  /** Makes an attempt. `run.attempt` is its number. A driver limits its time, with `inTime`, where that is safe. */
  readonly attempt: (run: LiveRun) => Effect.Effect<A, E, R>
  /** Whether a success is retried like a failure. Default: it is not. */
  readonly rejects?: ((value: A) => steps.Rejected | undefined) | undefined
  /** Releases what a failed attempt has left open, before the wait. */
  readonly beforeWait?: ((run: LiveRun) => Effect.Effect<void> | undefined) | undefined
}

/**
 * Makes the attempts of a run. `first` is the first of them, made without the run: until it fails, a call costs one reading
 * of the clock.
 */
export const retryWith = <A, E, R>(
  settings: Settings,
  driver: Driver<A, E, R>,
  first?: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const beginning = begin(settings, fiber, false)
    const run = () => new LiveRun(settings, fiber, beginning)
    if (first === undefined || settings.spans || settings.attemptTimeout < Infinity) return attempt(run(), driver)
    const seesSuccess = driver.rejects !== undefined || beginning.credit === undefined
    if (!seesSuccess) return Effect.catchCause(first, (cause) => failed(run(), driver, cause))
    return Effect.matchCauseEffect(first, {
      onFailure: (cause) => failed(run(), driver, cause),
      onSuccess: (value) =>
        settings.door === undefined && driver.rejects?.(value) === undefined
          ? Effect.succeed(value)
          : succeeded(run(), driver, value)
    })
  })

/** Makes an attempt, and goes on from its result. */
export const attempt = <A, E, R>(run: LiveRun, driver: Driver<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.matchCauseEffect(inSpan(run, driver), {
    onFailure: (cause) => failed(run, driver, cause),
    onSuccess: (value) => succeeded(run, driver, value)
  })

/** Decides about an attempt that failed, also if it was the first and was made elsewhere. */
export const failed = <A, E, R>(
  run: LiveRun,
  driver: Driver<A, E, R>,
  cause: Cause.Cause<E>
): Effect.Effect<A, E, R> => {
  const recovered = steps.restartIfHealthy(run)
  if (recovered !== undefined) return Effect.andThen(recovered, () => failed(run, driver, cause))
  return next(run, driver, Exit.failCause(steps.decideFailure(run, cause)))
}

/** Ends the run, unless the success is one that is retried. */
const succeeded = <A, E, R>(run: LiveRun, driver: Driver<A, E, R>, value: A): Effect.Effect<A, E, R> => {
  const rejected = driver.rejects?.(value)
  if (rejected !== undefined) {
    steps.decideRejected(run, value, rejected)
    return next(run, driver, Exit.succeed(value))
  }
  if (run.attempt === 1) {
    steps.succeeded(run)
    return Effect.succeed(value)
  }
  const notified = steps.recover(run)
  return notified === undefined ? Effect.succeed(value) : Effect.as(notified, value)
}

/** Gives up with what comes out, or waits and makes the next attempt. */
const next = <A, E, R>(run: LiveRun, driver: Driver<A, E, R>, exit: Exit.Exit<A, E>): Effect.Effect<A, E, R> =>
  isOver(run) ? steps.giveUp(run, exit) : waitAndRetry(run, driver)

/** The finalizer is installed before any hook is notified of the retry. */
const waitAndRetry = <A, E, R>(run: LiveRun, driver: Driver<A, E, R>): Effect.Effect<A, E, R> => {
  if (!run.isGuarded) return guarded(run, () => waitAndRetry(run, driver))
  // what releases may die
  if (driver.beforeWait !== undefined) {
    return Effect.matchCauseEffect(steps.wait(run, () => driver.beforeWait?.(run)), {
      onFailure: (cause) => failed(run, driver, cause),
      onSuccess: () => afterWait(run, driver)
    })
  }
  // Effect wraps a function without a parameter, which is 130 bytes per waiting fiber
  // oxlint-disable-next-line no-unused-vars
  return Effect.flatMap(steps.wait(run), (_: void) => afterWait(run, driver))
}

const afterWait = <A, E, R>(run: LiveRun, driver: Driver<A, E, R>): Effect.Effect<A, E, R> => {
  if (isOver(run)) return steps.giveUp(run, steps.lastExit(run))
  steps.beginAttempt(run)
  return attempt(run, driver)
}

/** Installs the one finalizer of a run before anything else happens. It stays when the run starts afresh. */
const guarded = <A, E, R>(run: LiveRun, next: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  run.isGuarded = true
  return Effect.onExitPrimitive(Effect.suspend(next), () => steps.finish(run))
}

/**
 * Puts an attempt in a span of its own, which ends as the attempt does. To the span, a success that is retried is the error
 * that hooks see; what comes out stays as it was.
 */
const inSpan = <A, E, R>(run: LiveRun, driver: Driver<A, E, R>): Effect.Effect<A, E, R> => {
  const attempt = driver.attempt(run)
  if (!run.settings.spans) return attempt
  let rejected: { readonly value: A; readonly error: unknown } | undefined
  const judged = driver.rejects === undefined ? attempt : Effect.flatMap(attempt, (value) => {
    const rejection = driver.rejects?.(value)
    if (rejection === undefined) return Effect.succeed(value)
    rejected = { value, error: rejection.error }
    return Effect.fail(rejection.error as E) // comes no further than the lines below
  })
  const seen = Effect.withSpan(judged, attemptSpan, { attributes: { "stamina.attempt": run.attempt } })
  return Effect.catchCause(seen, (cause) => {
    const isRejection = rejected !== undefined &&
      cause.reasons.every((reason) => reason._tag === "Fail" && reason.error === rejected?.error)
    return isRejection && rejected !== undefined ? Effect.succeed(rejected.value) : Effect.failCause(cause)
  })
}
