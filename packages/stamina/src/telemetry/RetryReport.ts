/**
 * What became of a failure: the attempts behind an error that came out of a retried run.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as origins from "../run/origins.ts"
import { lastFailure, type Run } from "../run/Run.ts"
import { totals } from "./eventsOf.ts"
import type { GiveUpReason, RunTotals } from "./RetryEvent.ts"

/**
 * What is known about an error that came out of a retried run.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryReport extends RunTotals {
  /** Why the run did not retry the error. */
  readonly reason: GiveUpReason
  /** The attempts, in order: the first five and the last five. */
  readonly history: ReadonlyArray<AttemptReport>
  /** How many attempts are left out of the middle of the history. */
  readonly omitted: number
}

/**
 * What is known about one attempt that failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface AttemptReport {
  /** The number of the attempt, 1 = the first. */
  readonly num: number
  /** When it began, from just before the first attempt. */
  readonly start: Duration.Duration
  /** How long it took. */
  readonly duration: Duration.Duration
  /** What it failed with: the very object. */
  readonly error: unknown
  /** The wait that was decided after it; zero after the last. */
  readonly waitAfter: Duration.Duration
  /** The report of the retried run inside this attempt that the error came out of, if it did. */
  readonly inner: Option.Option<RetryReport>
}

/**
 * Reports on an error or a cause that came out of a retried run: why it was given up, how many attempts there were, and
 * what each came to. None for one that did not, and for errors that are no objects.
 *
 * **Details**
 *
 * The error itself is neither wrapped nor changed, so this works wherever the same object arrives: in `catchTag`, in an
 * `Exit`, in a handler far outside. What is known is kept as long as the error is. Where retried runs are nested, the
 * report is that of the outermost run that the error has left, and each of its attempts leads to the run inside.
 *
 * **Gotchas**
 *
 * An error object that several runs fail with, such as a constant, tells of the run that ended last. A cause tells of the
 * very run that it came out of, also where its error is a constant or no object: ask with the cause where that matters.
 *
 * In a schedule, an attempt is taken to begin when the schedule's wait is over.
 *
 * **Example** (Saying what was tried)
 *
 * ```ts
 * import { Data, Effect, Option } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
 *
 * const program = Effect.suspend(() => Effect.fail(new HttpError({ status: 503 }))).pipe(
 *   Stamina.retry({ on: "HttpError", attempts: 3, waitInitial: "1 milli", waitJitter: 0 }),
 *   Effect.provide(Stamina.layerHooks([])),
 *   Effect.catchTag("HttpError", (error) => Effect.succeed(Stamina.report(error)))
 * )
 *
 * const report = Option.getOrThrow(await Effect.runPromise(program))
 * console.log(report.reason, report.attempts, report.history.length) // AttemptsExhausted 3 3
 * ```
 *
 * @category inspecting
 * @since 0.1.0
 */
export const report = (error: unknown): Option.Option<RetryReport> =>
  Option.flatMap(Option.fromUndefinedOr(isCause(error) ? origins.ofCause(error) : origins.behind(error)), ofRun)

/** A proxy may throw where it is asked. */
const isCause = (error: unknown): error is Cause.Cause<unknown> => {
  try {
    return Cause.isCause(error)
  } catch {
    return false
  }
}

const ofRun = (run: Run): Option.Option<RetryReport> => {
  const { history, reason } = run
  if (reason === undefined || history === undefined) return Option.none()
  return Option.some({
    reason,
    ...totals(run),
    history: history.map((attempt) => ({
      num: attempt.num,
      start: Duration.millis(attempt.start),
      duration: Duration.millis(attempt.duration),
      error: attempt.error,
      waitAfter: Duration.millis(attempt.waitAfter),
      inner: Option.flatMap(Option.fromUndefinedOr(attempt.inner), ofRun)
    })),
    // each attempt is kept or left out, up to the last one
    omitted: (lastFailure(run)?.num ?? 0) - history.length
  })
}
