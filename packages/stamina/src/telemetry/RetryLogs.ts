/**
 * The log lines: one for every retry, and one for how a run that needed one ended.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import { checkAttempts, checkBoolean, checkKnown, refuse } from "../tools/check.ts"
import { read } from "../tools/errors.ts"
import * as logLine from "../tools/logLine.ts"
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
  /** The level of `stamina.retry_deferred`. Default `"Debug"`, since the budget itself says when it begins to hold retries back. */
  readonly retryDeferred?: LogLevel.Severity | "None" | undefined
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
  /**
   * How many lines of a kind are written within a second; an integer ≥ 1, or `Infinity`. Default 10. A kind is an event of
   * a callable with a type of error. Further lines are counted, and one line tells their number.
   */
  readonly linesPerSecond?: number | undefined
}

/**
 * How many lines of a kind are written within a second by default.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultLinesPerSecond: number = logLine.defaultLinesPerSecond

/**
 * Makes a hook that logs as the options say.
 *
 * **Details**
 *
 * The log message is the name of the event; what is known about it are annotations, times in seconds:
 *
 * - `stamina.retry_scheduled`: `callable`, `retry_num`, `wait_for`, `waited_so_far`, `caused_by`
 * - `stamina.retry_deferred`: `callable`, `retry_num`, `waited_so_far`, `caused_by`
 * - `stamina.recovered`: `callable`, `attempts`, `elapsed`, `in_attempts`, `waited`
 * - `stamina.gave_up`: the same, and `reason`, `caused_by`, and `summary`, a sentence such as "timeout of 45s reached
 *   after 2 attempts: 44.1s of it inside attempts, 0.9s waiting"
 * - `stamina.interrupted`: as `stamina.recovered`
 *
 * Where runs inside had retried already, `attempts_inside` says how many attempts they made in the attempt that failed,
 * and `calls` how many calls the whole run came to.
 *
 * Of each kind of line, that is, event, callable and error, `linesPerSecond` are written within a second. The last of them
 * has `suppressing_for`, the seconds for which others are left out. The first event of any run after that writes one line
 * with `callable`, `caused_by`, `suppressed` (how many were left out) and `within` (since how many seconds). There is no
 * timer: see {@link flush} for the end of a program.
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
  checkKnown(caller, options, [...Object.keys(defaults), "messages", "linesPerSecond"])
  const { linesPerSecond = defaultLinesPerSecond, messages = false } = options
  checkBoolean(caller, messages, "messages")
  checkAttempts(caller, linesPerSecond, "linesPerSecond")
  return logging(
    {
      retryScheduled: checkLevel("retryScheduled", options.retryScheduled),
      retryDeferred: checkLevel("retryDeferred", options.retryDeferred),
      recovered: checkLevel("recovered", options.recovered),
      gaveUp: checkLevel("gaveUp", options.gaveUp),
      interrupted: checkLevel("interrupted", options.interrupted)
    },
    linesPerSecond,
    messages ? withMessage : undefined
  )
}

const caller = "RetryLogs.make"

type Level = LogLevel.Severity | "None"
type Levels = Readonly<Record<Uncapitalize<RetryEvent.RetryEvent["_tag"]>, Level>>

const defaults: Levels = {
  retryScheduled: "Warn",
  retryDeferred: "Debug",
  recovered: "Info",
  gaveUp: "Error",
  interrupted: "Debug"
}

const levels: ReadonlyArray<Level> = ["Fatal", "Error", "Warn", "Info", "Debug", "Trace", "None"]

const checkLevel = (line: keyof Levels, level: Level = defaults[line]): Level =>
  levels.includes(level) ? level : refuse(caller, line, `one of ${levels.join(", ")}`, level)

const logging = (
  levels: Levels,
  linesPerSecond: number,
  describe?: (type: string, error: unknown) => string
): RetryHook => {
  const listener = (level: Level, _tag: RetryEvent.RetryEvent["_tag"]): Listener<RetryEvent.RetryEvent> | undefined => {
    if (level === "None") return undefined
    const message = RetryEvent.nameOf({ _tag })
    return (event, fiber) => {
      const callable = event.name
      const error = "causedBy" in event ? event.causedBy : undefined
      const type = "causedBy" in event ? RetryEvent.errorType(error) : undefined
      const labels: logLine.Kind["labels"] = type === undefined ? { callable } : { callable, caused_by: type }
      logLine.logOrThrow(fiber, { level, message, labels }, {
        annotations: () => ({
          ...RetryEvent.attributes(event),
          ...(type === undefined ? undefined : { caused_by: describe?.(type, error) ?? type }),
          ...(event._tag === "GaveUp" ? { summary: RetryEvent.sentence(event) } : undefined)
        }),
        perSecond: linesPerSecond
      })
    }
  }
  return {
    name: "logs",
    onRetryScheduled: listener(levels.retryScheduled, "RetryScheduled"),
    onRetryDeferred: listener(levels.retryDeferred, "RetryDeferred"),
    onRecovered: listener(levels.recovered, "Recovered"),
    onGaveUp: listener(levels.gaveUp, "GaveUp"),
    onInterrupted: listener(levels.interrupted, "Interrupted")
  }
}

const withMessage = (type: string, error: unknown): string => {
  const message = typeof error === "string" ? error : read(error, "message")
  return typeof message === "string" && message !== "" ? `${type}: ${message}` : type
}

/**
 * The hook that logs as the defaults say; among the default hooks.
 *
 * @category hooks
 * @since 0.1.0
 */
export const hook: RetryHook = /*#__PURE__*/ logging(defaults, defaultLinesPerSecond)

/**
 * Writes at once how many lines were left out so far. For the end of a program, since no later event may come that would.
 *
 * **Example** (A program that says all it knows)
 *
 * ```ts
 * import { Effect, Logger, References } from "effect"
 * import { RetryLogs, Stamina } from "effect-stamina"
 *
 * const logger = Logger.make(({ fiber, message }) => {
 *   const { suppressed } = fiber.getRef(References.CurrentLogAnnotations)
 *   if (suppressed !== undefined) console.log(String(message), suppressed)
 * })
 *
 * const call = Effect.fail("down").pipe(
 *   Stamina.retry({ on: () => true, attempts: 1, name: "fetchUser" }),
 *   Effect.ignore
 * )
 * const job = Effect.forEach(Array.from({ length: 12 }), () => call)
 *
 * await Effect.runPromise(job.pipe(Effect.ensuring(RetryLogs.flush), Effect.provide(Logger.layer([logger]))))
 * // stamina.gave_up 2
 * ```
 *
 * @category limits
 * @since 0.1.0
 */
export const flush: Effect.Effect<void> = /*#__PURE__*/ Effect.withFiber((fiber) => {
  logLine.flush(fiber)
  return Effect.void
})
