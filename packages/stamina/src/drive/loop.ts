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
    return settings.spans || settings.attemptTimeout < Infinity
      ? attempt(new Loop(settings, fiber, start, since, again), self)
      : Effect.catchCause(self, (cause) => afterFailure(new Loop(settings, fiber, start, since, again), cause))
  })
}

/** Makes the next attempt, from the error before and its own number. */
export type Again<A, E, R> = (error: unknown, num: number) => Effect.Effect<A, E, R>

/** A run whose attempts are effects in one fiber. */
export class Loop<A, E, R> extends engine.LiveRun {
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly again: Again<A, E, R>
  /** What follows an attempt: made once for all of them, and not before there is a second. */
  following: Following<A, E, R> | undefined = undefined
  /** What follows a wait, likewise. */
  next: Next<A, E, R> | undefined = undefined

  constructor(
    settings: Settings,
    fiber: Fiber.Fiber<unknown, unknown>,
    start: clock.Reading,
    since: number,
    again: Again<A, E, R>
  ) {
    super(settings, fiber, start, since)
    this.fiber = fiber
    this.again = again
  }

  /** The failure is decided about. */
  goOn(cause: Cause.Cause<E>): Effect.Effect<A, E, R> {
    return isOver(this) ? engine.giveUp(this, this.fiber, Exit.failCause(cause)) : waitAndRetry(this)
  }

  /** An attempt has succeeded. */
  succeeded(value: A): Effect.Effect<A, E, R> {
    const told = this.attempt === 1 ? undefined : engine.recovered(this, this.fiber)
    return told === undefined ? Effect.succeed(value) : Effect.as(told, value)
  }

  /** Puts an attempt in a span of its own, which ends as the attempt does. */
  inSpan(attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.withSpan(attempt, attemptSpan, { attributes: { "stamina.attempt": this.attempt } })
  }

  /** Waits, and goes on with what follows. */
  waitThen(next: Next<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.flatMap(engine.wait(this, this.fiber), next)
  }
}

/** What follows a wait. Effect wraps a function without a parameter, which is 130 bytes per waiting fiber. */
export type Next<A, E, R> = (_: void) => Effect.Effect<A, E, R>

interface Following<A, E, R> {
  readonly onFailure: (cause: Cause.Cause<E>) => Effect.Effect<A, E, R>
  readonly onSuccess: (value: A) => Effect.Effect<A, E, R>
}

/** Makes an attempt, and goes on from its result. */
export const attempt = <A, E, R>(loop: Loop<A, E, R>, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.matchCauseEffect(
    asAttempt(loop, self),
    loop.following ??= {
      onFailure: (cause) => afterFailure(loop, cause),
      onSuccess: (value) => loop.succeeded(value)
    }
  )

/** Goes on with a run whose attempt has failed, also where that attempt was the first and was made elsewhere. */
export const afterFailure = <A, E, R>(loop: Loop<A, E, R>, cause: Cause.Cause<E>): Effect.Effect<A, E, R> =>
  isAsking(loop) ? guardedFailure(loop, cause) : engine.failed(loop, loop.fiber, cause, loop)

const guardedFailure = <A, E, R>(loop: Loop<A, E, R>, cause: Cause.Cause<E>): Effect.Effect<A, E, R> =>
  guarded(loop, () => engine.failed(loop, loop.fiber, cause, loop))

/** Waits and makes the next attempt. The finalizer is in place before any hook hears of the retry. */
export const waitAndRetry = <A, E, R>(loop: Loop<A, E, R>): Effect.Effect<A, E, R> =>
  loop.isGuarded ? loop.waitThen(loop.next ??= nextOf(loop)) : guardedWait(loop)

const guardedWait = <A, E, R>(loop: Loop<A, E, R>): Effect.Effect<A, E, R> => guarded(loop, () => waitAndRetry(loop))

const nextOf = <A, E, R>(loop: Loop<A, E, R>) => {
  // oxlint-disable-next-line no-unused-vars -- see `Next`
  const next: Next<A, E, R> = (_) => {
    begins(loop, engine.timeOf(loop))
    loop.healthyFrom = undefined
    return attempt(loop, loop.again(loop.error, loop.attempt))
  }
  return next
}

/** Whether a door has a part in decisions. What it grants must be given back, wherever an interruption comes. */
export const isAsking = (run: engine.LiveRun): boolean => run.settings.admission !== undefined && !run.isGuarded

/** Installs the one finalizer of a run before anything else happens. It holds where the run begins afresh as well. */
export const guarded = <A, E, R>(loop: Loop<A, E, R>, next: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  loop.isGuarded = true
  return Effect.onExitPrimitive(Effect.suspend(next), () => engine.finished(loop, loop.fiber))
}

/** Puts an attempt in a span of its own and limits its time, where the options ask for that. */
const asAttempt = <A, E, R>(loop: Loop<A, E, R>, attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const { attemptTimeout, spans } = loop.settings
  const timed = attemptTimeout === Infinity ? attempt : inTime(loop, attempt)
  return spans ? loop.inSpan(timed) : timed
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
    const start = clock.read(fiber)
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
    const run = new Loop(settings, fiber, start, ordinal(), (error) => next(Option.some(error)))
    return attempt(run, next(Option.none()))
  })

/** The jitter-free wait, in milliseconds, if an attempt fails and is retried. */
export const nextWait = (plan: Plan, attempt: number): number =>
  plan.active && plan.waits ? Backoff.shortest({ ...plan.backoff, spread: 0 }, attempt) : 0
