/**
 * The log lines: one for every retry, and one for how a run that needed one ended.
 *
 * @since 0.1.0
 */
import type * as LogLevel from "effect/LogLevel"
import { checkBoolean, checkKnown, refuse } from "../tools/check.ts"
import { read } from "../tools/errors.ts"
import { logLine } from "../tools/logLine.ts"
import * as RetryEvent from "./RetryEvent.ts"
import type { Listener, RetryHook } from "./RetryHook.ts"

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
  checkKnown(caller, options, [...Object.keys(defaults), "messages"])
  const { messages = false } = options
  checkBoolean(caller, messages, "messages")
  return logging(
    {
      retryScheduled: checkLevel("retryScheduled", options.retryScheduled),
      recovered: checkLevel("recovered", options.recovered),
      gaveUp: checkLevel("gaveUp", options.gaveUp),
      interrupted: checkLevel("interrupted", options.interrupted)
    },
    messages ? withMessage : RetryEvent.errorType
  )
}

const caller = "RetryLogs.make"

type Level = LogLevel.Severity | "None"
type Levels = Readonly<Record<Uncapitalize<RetryEvent.RetryEvent["_tag"]>, Level>>

const defaults: Levels = { retryScheduled: "Warn", recovered: "Info", gaveUp: "Error", interrupted: "Debug" }

const levels: ReadonlyArray<Level> = ["Fatal", "Error", "Warn", "Info", "Debug", "Trace", "None"]

const checkLevel = (line: keyof Levels, level: Level = defaults[line]): Level =>
  levels.includes(level) ? level : refuse(caller, line, `one of ${levels.join(", ")}`, level)

const logging = (levels: Levels, describe: (error: unknown) => string): RetryHook => {
  const byTag: Readonly<Record<RetryEvent.RetryEvent["_tag"], Level>> = {
    RetryScheduled: levels.retryScheduled,
    Recovered: levels.recovered,
    GaveUp: levels.gaveUp,
    Interrupted: levels.interrupted
  }
  const log: Listener<RetryEvent.RetryEvent> = (event, fiber) => {
    const level = byTag[event._tag]
    if (level === "None") return
    logLine(fiber, level, RetryEvent.nameOf(event), () => ({
      ...RetryEvent.attributes(event),
      ...("causedBy" in event ? { caused_by: describe(event.causedBy) } : undefined),
      ...(event._tag === "GaveUp" ? { summary: RetryEvent.sentence(event) } : undefined)
    }))
  }
  const unlessNone = (level: Level) => level === "None" ? undefined : log
  return {
    name: "logs",
    onRetryScheduled: unlessNone(levels.retryScheduled),
    onRecovered: unlessNone(levels.recovered),
    onGaveUp: unlessNone(levels.gaveUp),
    onInterrupted: unlessNone(levels.interrupted)
  }
}

const withMessage = (error: unknown): string => {
  const type = RetryEvent.errorType(error)
  const message = typeof error === "string" ? error : read(error, "message")
  return typeof message === "string" && message !== "" ? `${type}: ${message}` : type
}

/**
 * The hook that logs as the defaults say; among the default hooks.
 *
 * @category hooks
 * @since 0.1.0
 */
export const hook: RetryHook = /*#__PURE__*/ logging(defaults, RetryEvent.errorType)
