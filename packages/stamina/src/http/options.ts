/**
 * The options of `HttpRetry.retry`: what they mean, and making them ready, once.
 */
import * as Duration from "effect/Duration"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { Answer } from "../verdict/RetryOn.ts"
import type { RetryOptions } from "../drive/RetryOptions.ts"
import { checkKnown, decodeDuration, refuse } from "../tools/check.ts"
import { fromRetryOptions, retryFields, rulesOf, type Settings } from "../drive/settings.ts"
import * as classify from "./classify.ts"
import * as idempotency from "./idempotency.ts"

/**
 * What came of an attempt, for `classify`: a response of any status, or an error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure {
  /** The request as it was sent. */
  readonly request: HttpClientRequest.HttpClientRequest
  /** The response, also where an error was made of it; its body is still unread. */
  readonly response: HttpClientResponse.HttpClientResponse | undefined
  /** The error that the client failed with; undefined where it succeeded with the response. */
  readonly error: unknown
  /** What happens if nobody says otherwise: `false`, `true`, or what the server asks for. */
  readonly byDefault: Answer
}

/**
 * The options of {@link retry}: those of `Stamina.retry` without `on`, and what is special about HTTP.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<out Timeout extends Duration.Input = never, out ReadBody extends boolean = false>
  extends Omit<RetryOptions<never, Timeout>, "on" | "name">
{
  /** The label `callable` in metrics and logs. Default: method and host, as in `"GET api.example.com"`. */
  readonly name?: string | undefined
  /** The statuses that are retried, from 200 to 599. Default: {@link defaultStatuses}. */
  readonly statuses?: ReadonlyArray<number> | undefined
  /** The methods of which requests may be sent again without an `Idempotency-Key`. Default: {@link defaultMethods}. */
  readonly methods?: ReadonlyArray<string> | undefined
  /**
   * Whether POST and PATCH requests get an `Idempotency-Key`, a random UUID that stays the same in all attempts, unless
   * they have one. Default `false`: only a server that knows the header keeps them from being done twice.
   */
  readonly idempotencyKey?: boolean | undefined
  /** The longest wait that a server may ask for: at least 0; `Duration.infinity` for any. Default: 60 s. */
  readonly maxHint?: Duration.Input | undefined
  /** The name of a request header that tells the server the number of the attempt, 1 = the first. Default: none. */
  readonly attemptHeader?: string | undefined
  /**
   * Whether an attempt includes reading the body of a response that is not retried, into memory: a connection that
   * breaks in mid-body is then retried as well, and `attemptTimeout` covers the body. It can be read afterwards as
   * `text`, `json`, `arrayBuffer` and `urlParamsBody`, but no longer as a `stream`. Default `false`.
   */
  readonly readBody?: ReadBody | undefined
  /**
   * Decides about what came of an attempt, instead of `statuses` and what is known of errors. `undefined` leaves it at
   * the default, `true` means a retry after what the server asks for, else the default wait; the rest is as for `on`.
   * It is asked about successes as well, and not asked whether the request may be sent again.
   */
  readonly classify?: ((failure: Failure) => Answer | undefined) | undefined
}

/** Options, checked and made ready. */
export interface HttpSettings {
  /** For the driver. */
  readonly settings: Settings
  readonly statuses: ReadonlySet<number>
  readonly methods: ReadonlySet<string>
  readonly idempotencyKey: boolean
  readonly maxHint: Duration.Duration
  readonly attemptHeader: string | undefined
  readonly readBody: boolean
  readonly classify: ((failure: Failure) => Answer | undefined) | undefined
}

/** The longest wait that a server may ask for, unless somebody says otherwise. */
export const defaultMaxHint: Duration.Duration = Duration.seconds(60)

export const fromOptions = (caller: string, options: Options<Duration.Input, boolean>): HttpSettings => {
  checkKnown(caller, options, [...retryFields.filter((field) => field !== "on"), ...httpFields])
  const {
    attemptHeader,
    classify: override,
    idempotencyKey = false,
    maxHint = defaultMaxHint,
    methods = idempotency.methods,
    readBody = false,
    statuses = classify.statuses,
    ...policy
  } = options
  if (attemptHeader !== undefined && !(typeof attemptHeader === "string" && token.test(attemptHeader))) {
    return refuse(caller, "attemptHeader", "the name of a header", attemptHeader)
  }
  if (override !== undefined && typeof override !== "function") {
    return refuse(caller, "classify", "a function", override)
  }
  const settings = fromRetryOptions(caller, { ...policy, on: () => false })
  // here once, and not in each request, which has settings of its own
  rulesOf(settings)
  return {
    settings,
    statuses: new Set(checkStatuses(caller, statuses)),
    methods: new Set(checkMethods(caller, methods).map((method) => method.toUpperCase())),
    idempotencyKey: checkBoolean(caller, "idempotencyKey", idempotencyKey),
    maxHint: checkMaxHint(caller, maxHint),
    attemptHeader,
    readBody: checkBoolean(caller, "readBody", readBody),
    classify: override
  }
}

const httpFields: ReadonlyArray<keyof Options> = [
  "statuses",
  "methods",
  "idempotencyKey",
  "maxHint",
  "attemptHeader",
  "readBody",
  "classify"
]

/** What RFC 9110 allows in the names of methods and headers. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const checkStatuses = (caller: string, value: ReadonlyArray<unknown>): ReadonlyArray<number> =>
  Array.isArray(value) && value.every((status) => Number.isInteger(status) && status >= 200 && status <= 599)
    ? value
    : refuse(caller, "statuses", "an array of statuses from 200 to 599", value)

const checkMethods = (caller: string, value: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  Array.isArray(value) && value.every((method) => typeof method === "string" && token.test(method))
    ? value
    : refuse(caller, "methods", "an array of methods", value)

const checkBoolean = (caller: string, field: string, value: unknown): boolean =>
  typeof value === "boolean" ? value : refuse(caller, field, "true or false", value)

const checkMaxHint = (caller: string, value: unknown): Duration.Duration => {
  const duration = decodeDuration(value)
  return duration === undefined || Duration.isNegative(duration)
    ? refuse(caller, "maxHint", "a duration >= 0 or Duration.infinity", value)
    : duration
}
