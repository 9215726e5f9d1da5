/**
 * The log lines: one for every retry, and one for how a run that needed one ended.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Predicate from "effect/Predicate"
import * as References from "effect/References"
import { attributesOf } from "./attributes.ts"
import { checkBoolean, checkKnown, refuse } from "../tools/check.ts"
import { errorType } from "../tools/errors.ts"
import { sentence } from "./giveUpText.ts"
import * as plainHook from "./plainHook.ts"
import { words } from "../tools/words.ts"
import type { RetryHook } from "./RetryHook.ts"

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
    messages ? withMessage : errorType
  )
}

const caller = "RetryLogs.make"

type Level = LogLevel.Severity | "None"
type Levels = Readonly<Record<plainHook.Event, Level>>

const defaults: Levels = { retryScheduled: "Warn", recovered: "Info", gaveUp: "Error", interrupted: "Debug" }

const levels: ReadonlyArray<Level> = ["Fatal", "Error", "Warn", "Info", "Debug", "Trace", "None"]

const checkLevel = (line: keyof Levels, level: Level = defaults[line]): Level =>
  levels.includes(level) ? level : refuse(caller, line, `one of ${levels.join(", ")}`, level)

/**
 * Logs as `Effect.logWithLevel` does, with annotations, to every logger but one: spans are the span hook's, and Effect's
 * own logger, which puts log lines on them, would tell each event twice.
 */
const logging = (levels: Levels, describe: (error: unknown) => string): RetryHook =>
  plainHook.make("logs", (event) => {
    const logLevel = levels[event]
    if (logLevel === "None") return undefined
    const message = [`stamina.${words(event, "_")}`]
    return (seen, fiber) => {
      const { cache, context } = fiber
      if (LogLevel.isGreaterThan(cache.minimumLogLevel, logLevel)) return
      const annotations = {
        ...fiber.getRef(References.CurrentLogAnnotations),
        ...attributesOf(seen),
        ...("causedBy" in seen ? { caused_by: describe(seen.causedBy) } : undefined),
        ...("reason" in seen ? { summary: sentence(seen) } : undefined)
      }
      const date = new Date(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
      fiber.setContext(Context.add(context, References.CurrentLogAnnotations, annotations))
      try {
        for (const logger of fiber.getRef(Logger.CurrentLoggers)) {
          if (logger !== Logger.tracerLogger) logger.log({ message, logLevel, cause: Cause.empty, fiber, date })
        }
      } finally {
        fiber.setContext(context)
      }
    }
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
export const hook: RetryHook = /*#__PURE__*/ logging(defaults, errorType)
