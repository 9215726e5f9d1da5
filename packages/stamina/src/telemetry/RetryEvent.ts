/**
 * The events of a run: what hooks see, and how logs, metrics and traces name it.
 *
 * A run that fails once and retries is followed by `RetryScheduled` for each retry, and then by exactly one of
 * `Recovered`, `GaveUp` and `Interrupted`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { GiveUpReason } from "../run/Decision.ts"
import { causesOf, isName, read, tagOf, typeOf } from "../tools/errors.ts"
import { caseOf } from "../tools/words.ts"

export type { GiveUpReason } from "../run/Decision.ts"

/**
 * A retry is about to happen, and its wait begins. The fields are those of Python's stamina, with two more times.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryScheduled {
  readonly _tag: "RetryScheduled"
  /** What is being retried: the option `name`, else the current span's name, else `"<unnamed>"`. */
  readonly name: string
  /** The number of the retry, 1 = the first, that is the second attempt. */
  readonly retryNum: number
  /** The wait that now begins. */
  readonly waitFor: Duration.Duration
  /** The waits before this one, added up. */
  readonly waitedSoFar: Duration.Duration
  /** The time from just before the first attempt to the failure that causes this retry. */
  readonly elapsed: Duration.Duration
  /** How long the failed attempt took. */
  readonly attemptTook: Duration.Duration
  /** How many attempts a retried run inside that attempt made before its error came out; 0 if there was none. */
  readonly attemptsInside: number
  /** How many attempts are left, the one that follows included; `Infinity` without a limit. */
  readonly attemptsLeft: number
  /** The error that causes this retry: the very object that the attempt failed with. */
  readonly causedBy: unknown
}

/**
 * A retry whose wait is over has to wait for a token of its retry budget. It begins later, or its run ends.
 *
 * @category models
 * @since 0.2.0
 */
export interface RetryDeferred {
  readonly _tag: "RetryDeferred"
  /** What is being retried, as in {@link RetryScheduled}. */
  readonly name: string
  /** The number of the retry, 1 = the first. */
  readonly retryNum: number
  /** All waits so far, added up. */
  readonly waitedSoFar: Duration.Duration
  /** The error that causes the retry, the very object. */
  readonly causedBy: unknown
}

/**
 * The numbers of a run that has ended.
 *
 * **Gotchas**
 *
 * A schedule does not see when an attempt begins. There, an attempt counts as begun when the schedule's wait is over.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunTotals {
  /** How many attempts were made, the first one included. */
  readonly attempts: number
  /**
   * How many calls that results in: as `attempts`, but if an attempt's error came out of a retried run inside, that
   * run's attempts count in its place. Three attempts of four each are 12.
   */
  readonly calls: number
  /** The time from just before the first attempt to the end. */
  readonly elapsed: Duration.Duration
  /** The part of it that was spent inside attempts. */
  readonly inAttempts: Duration.Duration
  /** The part of it that was spent between attempts: mostly waiting. */
  readonly waited: Duration.Duration
}

/**
 * What is known of every run that has ended after it needed a retry.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunEnded extends RunTotals {
  /** What was retried, as in {@link RetryScheduled}. */
  readonly name: string
  /** How long the last attempt took; zero if the run was interrupted while waiting. */
  readonly attemptTook: Duration.Duration
}

/**
 * An attempt after the first has succeeded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recovered extends RunEnded {
  readonly _tag: "Recovered"
}

/**
 * A run has retried and was interrupted, in an attempt or in a wait.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interrupted extends RunEnded {
  readonly _tag: "Interrupted"
}

/**
 * Why a run gave up, and the numbers behind it.
 *
 * @category models
 * @since 0.1.0
 */
export interface GivenUp extends RunTotals {
  /** Why the run did not retry its last error. */
  readonly reason: GiveUpReason
  /** The limits of the run. */
  readonly limits: {
    readonly attempts: number
    readonly timeout: Duration.Duration
  }
  /** The wait that was too long, and what was left for it, if that is why the run gave up. */
  readonly refused: Option.Option<{ readonly wait: Duration.Duration; readonly left: Duration.Duration }>
}

/**
 * A run has failed for good: after a retry, or because a limit forbade the first one.
 *
 * @category models
 * @since 0.1.0
 */
export interface GaveUp extends RunEnded, GivenUp {
  readonly _tag: "GaveUp"
  /** The last error, the very object; or the defect that ended the run. */
  readonly causedBy: unknown
}

/**
 * Everything that hooks are notified of.
 *
 * @category models
 * @since 0.1.0
 */
export type RetryEvent = RetryScheduled | RetryDeferred | RunEnd

/**
 * How a run ends.
 *
 * @category models
 * @since 0.2.0
 */
export type RunEnd = Recovered | GaveUp | Interrupted

/**
 * The event's name in logs and traces: `stamina.retry_scheduled`, `stamina.retry_deferred`, `stamina.recovered`,
 * `stamina.gave_up` or `stamina.interrupted`.
 *
 * @category telemetry
 * @since 0.1.0
 */
export const nameOf = ({ _tag }: Pick<RetryEvent, "_tag">): string => `stamina.${caseOf(_tag, "_")}`

/**
 * How a run ended, for the label `outcome`: `"recovered"`, `"interrupted"`, or the reason for giving up in snake case,
 * such as `"attempts_exhausted"`.
 *
 * @category telemetry
 * @since 0.1.0
 */
export const outcomeOf = (event: RunEnd): string => caseOf(event._tag === "GaveUp" ? event.reason : event._tag, "_")

/**
 * What an error is called in logs, metrics and spans: which kind it is, and why it came, in a bounded number of words.
 *
 * **Details**
 *
 * - The tag of the error, else the name of its class, else its type: `HttpError`, `TypeError`, `string`.
 * - Where it has a `reason` with a tag, as many errors of Effect have, that tag follows: `SqlError.DeadlockError`,
 *   `PlatformError.NotFound`.
 * - Where such an error has an HTTP response, so does the status, from 100 to 599: `HttpClientError.StatusCodeError.503`.
 * - Without a response, so does the first of its causes with a well-known code or tag: `ECONNABORTED`, `ECONNREFUSED`,
 *   `ECONNRESET`, `EHOSTUNREACH`, `ENETUNREACH`, `ENOTFOUND`, `EAI_AGAIN`, `EPIPE`, `ETIMEDOUT`, `UND_ERR_SOCKET`,
 *   `UND_ERR_CONNECT_TIMEOUT`, `UND_ERR_HEADERS_TIMEOUT`, `UND_ERR_BODY_TIMEOUT`, `AttemptTimedOut`, `TimeoutError`. A
 *   connection that was reset is `HttpClientError.TransportError.ECONNRESET`.
 *
 * Never its message, nor any other field: those may hold secrets, and would make as many time series as there are values.
 * An error may be anything: getters that throw and revoked proxies do no harm.
 *
 * **Example** (Telling errors apart)
 *
 * ```ts
 * import { RetryEvent } from "effect-stamina"
 * import { SqlError } from "effect/sql"
 *
 * const deadlock = new SqlError.SqlError({ reason: new SqlError.DeadlockError({ cause: new Error("40P01") }) })
 * console.log(RetryEvent.errorType(deadlock)) // SqlError.DeadlockError
 * console.log(RetryEvent.errorType(new TypeError("fetch failed"))) // TypeError
 * ```
 *
 * @category telemetry
 * @since 0.1.0
 */
export const errorType = (error: unknown): string => {
  const type = typeOf(error)
  const reason = read(error, "reason")
  const tag = tagOf(reason)
  if (!isName(tag)) return type
  const why = statusOf(reason) ?? statusOf(error) ?? codeOf(error)
  return why === undefined ? `${type}.${tag}` : `${type}.${tag}.${why}`
}

/** The status of the HTTP response that an error holds. */
const statusOf = (error: unknown): number | undefined => {
  const status = read(read(error, "response"), "status")
  return typeof status === "number" && Number.isInteger(status) && status >= 100 && status < 600 ? status : undefined
}

/** The first well-known code, or tag, of what an error was caused by. */
const codeOf = (error: unknown): string | undefined => {
  for (const cause of causesOf(error)) {
    for (const code of [read(cause, "code"), tagOf(cause)]) {
      if (typeof code === "string" && wellKnown.includes(code)) return code
    }
  }
  return undefined
}

/** Codes of the system and of undici, and tags of time limits. A closed list: each one is a label of its own. */
const wellKnown: ReadonlyArray<string> = [
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "AttemptTimedOut",
  "TimeoutError"
]

/**
 * An event as the flat attributes of a log line or a span event, with times in seconds.
 *
 * **Details**
 *
 * - for `RetryScheduled`: `callable`, `retry_num`, `wait_for`, `waited_so_far`, and `attempts_inside` if a run inside
 *   had retried
 * - for `RetryDeferred`: `callable`, `retry_num`, `waited_so_far`
 * - for the ends: `callable`, `attempts`, `elapsed`, `in_attempts`, `waited`, `calls` if that is more than `attempts`,
 *   and `reason` for `GaveUp`
 *
 * The error is left out: `caused_by` and `error_type` are for the writer of the line.
 *
 * @category telemetry
 * @since 0.1.0
 */
export const attributes = (event: RetryEvent): Readonly<Record<string, string | number>> =>
  event._tag === "RetryScheduled"
    ? {
      callable: event.name,
      retry_num: event.retryNum,
      wait_for: Duration.toSeconds(event.waitFor),
      waited_so_far: Duration.toSeconds(event.waitedSoFar),
      ...(event.attemptsInside > 0 ? { attempts_inside: event.attemptsInside } : undefined)
    }
    : event._tag === "RetryDeferred"
    ? { callable: event.name, retry_num: event.retryNum, waited_so_far: Duration.toSeconds(event.waitedSoFar) }
    : {
      callable: event.name,
      attempts: event.attempts,
      ...(event.calls > event.attempts ? { calls: event.calls } : undefined),
      elapsed: Duration.toSeconds(event.elapsed),
      in_attempts: Duration.toSeconds(event.inAttempts),
      waited: Duration.toSeconds(event.waited),
      ...(event._tag === "GaveUp" ? { reason: event.reason } : undefined)
    }

/**
 * Why a run gave up, as a sentence: "timeout of 45s reached after 2 attempts: 44.1s of it inside attempts, 0.9s waiting".
 * The wording may change between versions.
 *
 * @category telemetry
 * @since 0.1.0
 */
export const sentence = (
  { attempts, calls, elapsed, inAttempts, limits, reason, refused, waited }: GivenUp
): string => {
  const made = `after ${attempts} attempt${attempts === 1 ? "" : "s"}${calls > attempts ? ` of ${calls} calls` : ""}`
  const tooLong = Option.match(refused, {
    onNone: () => "",
    onSome: ({ left, wait }) =>
      Duration.isZero(left) && reason === "BudgetExhausted"
        ? ` (no token within ${seconds(wait)})`
        : ` (a wait of ${seconds(wait)}, ${seconds(left)} left)`
  })
  const what = reason === "TimeoutReached"
    ? `timeout of ${Duration.toSeconds(limits.timeout)}s reached ${made}`
    : `${caseOf(reason, " ")} ${made} in ${seconds(elapsed)}${tooLong}`
  return `${what}: ${seconds(inAttempts)} of it inside attempts, ${seconds(waited)} waiting`
}

/** Seconds, down to milliseconds. */
const seconds = (duration: Duration.Duration): string => `${Math.round(Duration.toMillis(duration)) / 1000}s`
