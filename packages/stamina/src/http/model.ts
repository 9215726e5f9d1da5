/**
 * The options of `HttpRetry.retry`.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { RetryBudget } from "../budget/RetryBudget.ts"
import type { AttemptsOptions, CommonOptions, DoorOptions } from "../drive/model.ts"
import type { Answer } from "../verdict/RetryOn.ts"

/**
 * The outcome of an attempt, for `classify`: a response of any status, or an error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure {
  /** The request as it was sent. */
  readonly request: HttpClientRequest.HttpClientRequest
  /** The response, also if the error holds one. Its body is still unread. */
  readonly response: HttpClientResponse.HttpClientResponse | undefined
  /**
   * The error that the client failed with; undefined if it succeeded with the response. After `attemptTimeout` it is
   * an `HttpClientError` with a `TransportError`, whose `cause` is an `AttemptTimedOut`.
   */
  readonly error: unknown
  /** What happens by default: `false`, `true`, or a hint with the wait that the server asks for. */
  readonly byDefault: Answer
}

/**
 * The options of `HttpRetry.retry`: those of `Stamina.retry` without `on`, and those for HTTP.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<
  out Timeout extends Duration.Input | undefined = undefined,
  out ReadBody extends boolean = false
> extends CommonOptions, DoorOptions, AttemptsOptions {
  /** The label `callable` in metrics and logs. Default: method and host, as in `"GET api.example.com"`. */
  readonly name?: string | undefined
  /**
   * How long one attempt may take, longer than 0: up to the headers of the response, and with `readBody: true` up to the
   * end of its body. Without `readBody`, it does not end a body that stalls. The attempt is then interrupted, its connection
   * is closed, and it fails with an `HttpClientError` with a `TransportError`, whose `cause` is an `AttemptTimedOut`. That is
   * a fault of the transport like any other: retried for requests that may be sent twice, unless `classify` says no.
   * Default: as long as it takes.
   */
  readonly attemptTimeout?: Timeout | undefined
  /**
   * The retry budget of a request: one for all, or a function from the request to its budget, or to the key of one in
   * `HttpRetry.Budgets`; `"none"` for no budget. Default: that of its origin in `HttpRetry.Budgets`.
   */
  readonly budget?:
    | RetryBudget
    | ((request: HttpClientRequest.HttpClientRequest) => RetryBudget | string)
    | "none"
    | undefined
  /**
   * Whether first attempts, too, are held back while their path, or the whole origin, has asked to be left alone: for that
   * time, and with up to a second of jitter on top. It counts into no timeout. Needs a budget. Default `false`.
   */
  readonly holdFirst?: boolean | undefined
  /** The statuses that are retried, from 200 to 599. Default: `HttpRetry.defaultStatuses`. */
  readonly statuses?: ReadonlyArray<number> | undefined
  /** The methods of requests that may be sent again without an idempotency key. Default: `HttpRetry.defaultMethods`. */
  readonly methods?: ReadonlyArray<string> | undefined
  /**
   * Statuses by which the server says that it has not processed the request, such as 421, or 429 of a limit that stands before
   * the work: retried for requests of any method. Default: none, since only the server's documentation can say so.
   */
  readonly notProcessed?: ReadonlyArray<number> | undefined
  /**
   * Whether each call with POST or PATCH gets an idempotency key, a random UUID, unless the request has one. All attempts
   * of the call have the same key. Default `false`: only a server that knows the header does the work once.
   */
  readonly idempotencyKey?: boolean | undefined
  /**
   * The name of the request header that holds the idempotency key. A request with that header, and with text in it, may
   * be sent again, and keeps the key of its first attempt in all others. Default: `"Idempotency-Key"`.
   */
  readonly idempotencyHeader?: string | undefined
  /** The longest wait that a server may ask for: at least 0; `Duration.infinity` for any. Default: 60 s. */
  readonly maxHint?: Duration.Input | undefined
  /** The name of a request header that tells the server the number of the attempt, 1 = the first. Default: none. */
  readonly attemptHeader?: string | undefined
  /**
   * Whether an attempt includes reading the body of a response that is not retried, into memory. A connection that breaks
   * in mid-body is then retried as well, and `attemptTimeout` covers the body. Read the body afterwards as `text`, `json`,
   * `arrayBuffer` or `urlParamsBody`; a `stream` is no longer possible. Default `false`.
   */
  readonly readBody?: ReadBody | undefined
  /**
   * Decides about the outcome of every attempt, before `statuses` and what is known of errors: responses of any status,
   * successes included, and errors, time-outs included. `undefined` keeps the default. `true` means a retry after the wait
   * that the server asks for, else after the default wait. All other answers are as for `on`.
   *
   * It cannot allow a second request where `methods` and the body forbid one.
   */
  readonly classify?: ((failure: Failure) => Answer | undefined) | undefined
}
