/**
 * Events made of a run.
 */
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { GivenUp, Run } from "../run/run.ts"
import type * as RetryEvent from "./RetryEvent.ts"
import type {
  GaveUp,
  Interrupted,
  Recovered,
  RetryDeferred,
  RetryScheduled,
  RunEnded,
  RunTotals
} from "./RetryEvent.ts"

/** The retry that was granted last. */
export const retryScheduled = (
  run: Run,
  name: string,
  attemptsLeft: number = (run.plan?.attempts ?? run.attempt) - run.attempt
): RetryScheduled => ({
  _tag: "RetryScheduled",
  name,
  retryNum: run.attempt,
  waitFor: Duration.millis(run.wait),
  waitedSoFar: Duration.millis(run.waited),
  elapsed: Duration.millis(run.elapsed),
  attemptTook: Duration.millis(run.took),
  attemptsInside: run.inner?.calls ?? 0,
  attemptsLeft,
  causedBy: run.error
})

/** The retry whose wait is over, and which has no token yet. */
export const retryDeferred = (run: Run, name: string): RetryDeferred => ({
  _tag: "RetryDeferred",
  name,
  retryNum: run.attempt,
  waitedSoFar: Duration.millis(run.waited + run.wait),
  causedBy: run.error
})

/** How many attempts were made, and where the time went. */
export const totals = (run: Run): RunTotals => ({
  attempts: run.attempt,
  calls: run.calls,
  elapsed: Duration.millis(run.elapsed),
  inAttempts: Duration.millis(run.inAttempts),
  waited: Duration.millis(run.elapsed - run.inAttempts)
})

const ended = (run: Run, name: string): RunEnded => ({
  name,
  ...totals(run),
  attemptTook: Duration.millis(run.took)
})

export const recovered = (run: Run, name: string): Recovered => ({ _tag: "Recovered", ...ended(run, name) })

export const interrupted = (run: Run, name: string): Interrupted => ({ _tag: "Interrupted", ...ended(run, name) })

export const gaveUp = (run: GivenUp, name: string): GaveUp => ({
  _tag: "GaveUp",
  name,
  ...givenUp(run),
  attemptTook: Duration.millis(run.took),
  causedBy: run.error
})

/** Why a run gave up, and the numbers behind it. */
export const givenUp = (run: GivenUp): RetryEvent.GivenUp => ({
  ...totals(run),
  reason: run.reason,
  limits: { attempts: run.plan.attempts, timeout: Duration.millis(run.plan.timeout) },
  refused: Option.map(Option.fromUndefinedOr(run.refused), ({ left, wait }) => ({
    wait: Duration.millis(wait),
    left: Duration.millis(left)
  }))
})

/** The name of the span that an attempt gets for itself. */
export const attemptSpan = "stamina.attempt"

/** What is retried, for people: the name given, else that of the span around. */
export const callableOf = (name: string | undefined, fiber: Fiber.Fiber<unknown, unknown>): string => {
  if (name !== undefined) return name
  for (let { span } = fiber.cache; span?._tag === "Span"; span = Option.getOrUndefined(span.parent)) {
    // the span of a single attempt names no callable
    if (span.name !== attemptSpan) return span.name
  }
  return "<unnamed>"
}
