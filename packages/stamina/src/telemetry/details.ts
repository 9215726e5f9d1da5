/**
 * What hooks and reports see of a run.
 */
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { GaveUp, RetriedRun, RetryDetails } from "./RetryDetails.ts"
import { type GivenUp, lastFailure, type Run } from "../run/Run.ts"
import type { Settings } from "../drive/settings.ts"

/** Of the retry that was decided last. */
export const scheduled = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): RetryDetails => ({
  name: nameOf(run.settings, fiber),
  retryNum: run.attempt - 1,
  waitFor: Duration.millis(run.wait),
  waitedSoFar: Duration.millis(run.waited),
  elapsed: Duration.millis(run.elapsed),
  attemptTook: Duration.millis(run.took),
  attemptsInside: lastFailure(run)?.inner?.calls ?? 0,
  causedBy: lastFailure(run)?.error
})

/** Of a run that has ended. */
export const ended = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): RetriedRun => ({
  name: nameOf(run.settings, fiber),
  ...totals(run),
  attemptTook: Duration.millis(run.took)
})

/** How many attempts were begun, and where the time went. */
export const totals = (run: Run): Omit<RetriedRun, "name" | "attemptTook"> => ({
  attempts: run.waiting ? run.attempt - 1 : run.attempt,
  calls: run.calls,
  elapsed: Duration.millis(run.elapsed),
  inAttempts: Duration.millis(run.inAttempts),
  waited: Duration.millis(run.elapsed - run.inAttempts)
})

/** Of a run that was given up. */
export const gaveUp = (run: GivenUp, fiber: Fiber.Fiber<unknown, unknown>): GaveUp => ({
  ...ended(run, fiber),
  reason: run.reason,
  limits: { attempts: run.settings.policy.attempts, timeout: run.settings.policy.timeout },
  refused: Option.map(Option.fromUndefinedOr(run.refused), ({ left, wait }) => ({
    wait: Duration.millis(wait),
    left: Duration.millis(left)
  })),
  causedBy: lastFailure(run)?.error
})

/** The name of the span that an attempt gets for itself. */
export const attemptSpan = "stamina.attempt"

/** What people call the thing that is retried. */
export const nameOf = (settings: Settings, fiber: Fiber.Fiber<unknown, unknown>): string => {
  if (settings.name !== undefined) return settings.name
  for (let { span } = fiber.cache; span?._tag === "Span"; span = Option.getOrUndefined(span.parent)) {
    // the span of an attempt, for which the option `spans` asks, is no name of its own
    if (span.name !== attemptSpan) return span.name
  }
  return "<unnamed>"
}
