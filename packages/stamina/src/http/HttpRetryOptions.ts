/**
 * The options of `HttpRetry.retry`.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { RetryOptions } from "../drive/RetryOptions.ts"
import type { Answer } from "../verdict/RetryOn.ts"

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
