/**
 * The log lines: one for every retry, and one for how a run that needed one ended.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as Predicate from "effect/Predicate"
import { checkKnown, refuse } from "../internal/check.ts"
import { errorType } from "../internal/errorType.ts"
import { sentence } from "../internal/giveUpText.ts"
import type { RetriedRun } from "../RetryDetails.ts"
import type { RetryHook } from "../RetryHook.ts"

/**
 * How to log. A level of `"None"` leaves a line out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The level of `stamina.retry_scheduled`. Default `"Warn"`. */
  readonly retryScheduled?: LogLevel.Severity | "None" | undefined
  /** The level of `stamina.recovered`. Default `"Info"`. */
  readonly recovered?: LogLevel.Severity | "None" | undefined
  /** The level of `stamina.gave_up`. Default `"Error"`. */
  readonly gaveUp?: LogLevel.Severity | "None" | undefined
  /** The level of `stamina.interrupted`. Default `"Debug"`. */
  readonly interrupted?: LogLevel.Severity | "None" | undefined
  /**
   * Whether the errors' messages are logged, too: `caused_by` is then `"HttpError: 503 from /users"` instead of
   * `"HttpError"`. Off by default, since messages may hold secrets.
   */
  readonly messages?: boolean | undefined
}

/**
 * Makes a hook that logs as the options say.
 *
 * **Details**
 *
 * The log message is the name of the event; what is known about it are annotations, times in seconds:
 *
 * - `stamina.retry_scheduled`: `callable`, `retry_num`, `wait_for`, `waited_so_far`, `caused_by`
 * - `stamina.recovered`: `callable`, `attempts`, `elapsed`, `in_attempts`, `waited`
 * - `stamina.gave_up`: the same, and `reason`, `caused_by`, and `summary`, a sentence such as "timeout of 45s reached
 *   after 2 attempts: 44.1s of it inside attempts, 0.9s waiting"
 * - `stamina.interrupted`: as `stamina.recovered`
 *
 * Where runs inside had retried already, `attempts_inside` says how many attempts they made in the attempt that failed,
 * and `calls` how many calls the whole run came to.
 *
 * They go to every logger but Effect's `tracerLogger`, which would put them on the current span beside the events of
 * the span hook.
 *
 * Throws a `RangeError` when an option is unknown or none of its values.
 *
 * @category hooks
 * @since 0.1.0
 */
export const make = (options: Options = {}): RetryHook => {
  checkKnown(caller, options, ["retryScheduled", "recovered", "gaveUp", "interrupted", "messages"])
  const scheduled = logger("retryScheduled", options.retryScheduled, "Warn", "stamina.retry_scheduled")
  const recovered = logger("recovered", options.recovered, "Info", "stamina.recovered")
  const gaveUp = logger("gaveUp", options.gaveUp, "Error", "stamina.gave_up")
  const interrupted = logger("interrupted", options.interrupted, "Debug", "stamina.interrupted")
  const { messages = false } = options
  if (typeof messages !== "boolean") return refuse(caller, "messages", "true or false", messages)
  const causedBy = messages ? withMessage : errorType
  return {
    name: "logs",
    onRetryScheduled: scheduled && ((details) =>
      scheduled({
        callable: details.name,
        retry_num: details.retryNum,
        wait_for: Duration.toSeconds(details.waitFor),
        waited_so_far: Duration.toSeconds(details.waitedSoFar),
        caused_by: causedBy(details.causedBy),
        ...(details.attemptsInside > 0 ? { attempts_inside: details.attemptsInside } : undefined)
      })),
    onRecovered: recovered && ((run) => recovered(annotations(run))),
    onInterrupted: interrupted && ((run) => interrupted(annotations(run))),
    onGaveUp: gaveUp && ((run) =>
      gaveUp({
        ...annotations(run),
        reason: run.reason,
        caused_by: causedBy(run.causedBy),
        summary: sentence(run)
      }))
  }
}

const caller = "RetryLogs.make"

type Annotations = Readonly<Record<string, string | number>>

const levels: ReadonlyArray<string> = ["Fatal", "Error", "Warn", "Info", "Debug", "Trace", "None"]

type Level = LogLevel.Severity | "None"

const logger = (field: string, set: Level | undefined, byDefault: Level, message: string) => {
  const level = set === undefined ? byDefault : set
  if (!levels.includes(level)) return refuse(caller, field, `one of ${levels.join(", ")}`, level)
  if (level === "None") return undefined
  const log = notOnSpans(Effect.logWithLevel(level)(message))
  return (annotations: Annotations): Effect.Effect<void> => Effect.annotateLogs(log, annotations)
}

/** Spans are the span hook's: Effect's own logger, which puts log lines on them, would tell each event twice. */
const notOnSpans = (log: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.updateService(
    log,
    Logger.CurrentLoggers,
    (loggers) => new Set([...loggers].filter((logger) => logger !== Logger.tracerLogger))
  )

const annotations = (run: RetriedRun): Annotations => ({
  callable: run.name,
  attempts: run.attempts,
  ...(run.calls > run.attempts ? { calls: run.calls } : undefined),
  elapsed: Duration.toSeconds(run.elapsed),
  in_attempts: Duration.toSeconds(run.inAttempts),
  waited: Duration.toSeconds(run.waited)
})

const withMessage = (error: unknown): string => {
  const type = errorType(error)
  if (typeof error === "string") return `${type}: ${error}`
  return Predicate.hasProperty(error, "message") && typeof error.message === "string" && error.message !== ""
    ? `${type}: ${error.message}`
    : type
}

/**
 * The hook that logs as the defaults say; among the default hooks.
 *
 * @category hooks
 * @since 0.1.0
 */
export const hook: RetryHook = /*#__PURE__*/ make()
