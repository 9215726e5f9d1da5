/**
 * What became of a failure: the attempts behind an error that came out of a retried run.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as origins from "../run/origins.ts"
import type { GivenUp, Run } from "../run/run.ts"
import { givenUp } from "./eventsOf.ts"
import * as RetryEvent from "./RetryEvent.ts"

/**
 * What is known about an error that came out of a retried run.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryReport extends RetryEvent.GivenUp {
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
 * very run that it came out of, also if its error is a constant or no object: ask with the cause if that matters.
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
  const { history } = run
  if (!isGivenUp(run) || history === undefined) return Option.none()
  return Option.some({
    ...givenUp(run),
    history: history.map((attempt) => ({
      num: attempt.num,
      start: Duration.millis(attempt.start),
      duration: Duration.millis(attempt.duration),
      error: attempt.error,
      waitAfter: Duration.millis(attempt.waitAfter),
      inner: Option.flatMap(Option.fromUndefinedOr(attempt.inner), ofRun)
    })),
    // each attempt is kept or left out, up to the last one
    omitted: (history.at(-1)?.num ?? 0) - history.length
  })
}

const isGivenUp = (run: Run): run is GivenUp => run.reason !== undefined && run.plan !== undefined

/**
 * A report as the sentence that the log has for a run that gave up: "timeout of 45s reached after 2 attempts: 44.1s of it
 * inside attempts, 0.9s waiting". The wording may change between versions.
 *
 * @category inspecting
 * @since 0.1.0
 */
export const describe = (report: RetryReport): string => RetryEvent.sentence(report)

/**
 * A report as plain JSON: times in seconds, errors by their type.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReportJson {
  /** The sentence of {@link describe}. */
  readonly summary: string
  readonly reason: RetryEvent.GiveUpReason
  readonly attempts: number
  readonly calls: number
  readonly elapsed: number
  readonly inAttempts: number
  readonly waited: number
  /** The limits of the run; `"unlimited"` if there was none. */
  readonly limits: { readonly attempts: number | "unlimited"; readonly timeout: number | "unlimited" }
  /** The wait that was too long, and what was left for it; absent if that is not why the run gave up. */
  readonly refused?: { readonly wait: number; readonly left: number }
  readonly history: ReadonlyArray<AttemptJson>
  readonly omitted: number
}

/**
 * An attempt of a report as plain JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface AttemptJson {
  readonly num: number
  readonly start: number
  readonly duration: number
  /** What the error is called: see `RetryEvent.errorType`. Its message is left out, since it may hold secrets. */
  readonly error: string
  readonly waitAfter: number
  /** The report of the run inside; absent if there was none. */
  readonly inner?: ReportJson
}

/**
 * Writes a report as plain JSON, for a dead letter or a log of your own: times in seconds, errors by their type, and
 * nothing else of them.
 *
 * **Example** (A dead letter)
 *
 * ```ts
 * import { Data, Effect, Option } from "effect"
 * import { RetryReport, Stamina } from "effect-stamina"
 *
 * class Unavailable extends Data.TaggedError("Unavailable")<{}> {}
 *
 * const deliver = Effect.suspend(() => Effect.fail(new Unavailable())).pipe(
 *   Stamina.retry({ on: "Unavailable", attempts: 2, waitInitial: "1 milli", waitJitter: 0 }),
 *   Effect.provide(Stamina.layerHooks([]))
 * )
 *
 * const program = Effect.catchTag(deliver, "Unavailable", (error) =>
 *   Effect.sync(() => {
 *     const tried = Option.map(Stamina.report(error), RetryReport.toJson)
 *     const letter = JSON.parse(JSON.stringify({ message: 42, tried: Option.getOrNull(tried) }))
 *     console.log(letter.tried.reason, letter.tried.history[0].error) // AttemptsExhausted Unavailable
 *   }))
 *
 * await Effect.runPromise(program)
 * ```
 *
 * @category inspecting
 * @since 0.1.0
 */
export const toJson = (report: RetryReport): ReportJson => {
  const { attempts, calls, elapsed, history, inAttempts, limits, omitted, reason, refused, waited } = report
  return {
    summary: describe(report),
    reason,
    attempts,
    calls,
    elapsed: Duration.toSeconds(elapsed),
    inAttempts: Duration.toSeconds(inAttempts),
    waited: Duration.toSeconds(waited),
    limits: { attempts: limited(limits.attempts), timeout: limited(Duration.toSeconds(limits.timeout)) },
    ...Option.match(refused, {
      onNone: () => undefined,
      onSome: ({ left, wait }) => ({ refused: { wait: Duration.toSeconds(wait), left: Duration.toSeconds(left) } })
    }),
    history: history.map(({ duration, error, inner, num, start, waitAfter }) => ({
      num,
      start: Duration.toSeconds(start),
      duration: Duration.toSeconds(duration),
      error: RetryEvent.errorType(error),
      waitAfter: Duration.toSeconds(waitAfter),
      ...Option.match(inner, { onNone: () => undefined, onSome: (report) => ({ inner: toJson(report) }) })
    })),
    omitted
  }
}

/** JSON has no infinity. */
const limited = (limit: number): number | "unlimited" => limit === Infinity ? "unlimited" : limit
