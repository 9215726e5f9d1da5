/**
 * The drivers of single effects, and of blocks that know their attempt.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Attempt, CurrentAttempt } from "../ambient/attempt.ts"
import * as Backoff from "../policy/Backoff.ts"
import type { Plan } from "../run/Decision.ts"
import type { LiveRun } from "./liveRun.ts"
import { retryWith } from "./loop.ts"
import type { Settings } from "./settings.ts"
import { attemptsLeft, planOf } from "./steps.ts"
import { inTime } from "./timeLimit.ts"

/** Retries one effect with checked options. */
export const retryEffect = <A, E, R>(self: Effect.Effect<A, E, R>, settings: Settings): Effect.Effect<A, E, R> =>
  retryWith(settings, { attempt: (run) => inTime(run, self) }, self)

/** Retries a block that knows its attempt, with checked options. */
export const retryBlock = <A, E, R>(
  settings: Settings,
  block: (attempt: Attempt) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  retryWith(settings, {
    attempt: (run) =>
      inTime(
        run,
        Effect.suspend(() => {
          const current = attemptOf(run)
          return Effect.provideService(block(current), CurrentAttempt, Option.some(current))
        })
      )
  })

/** The attempt that begins, as a block sees it. */
const attemptOf = (run: LiveRun): Attempt => ({
  num: run.attempt,
  nextWait: Duration.millis(nextWait(planOf(run), run.attempt)),
  attemptsLeft: attemptsLeft(run, planOf(run)),
  previous: run.attempt === 1 ? Option.none() : Option.some(run.error)
})

/** The jitter-free wait, in milliseconds, if an attempt fails and is retried. */
export const nextWait = (plan: Plan, attempt: number): number =>
  plan.active && plan.waits ? Backoff.shortest({ ...plan.backoff, spread: 0 }, attempt) : 0
