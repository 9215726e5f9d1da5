/**
 * HTTP: a client that retries its requests, with one loop over responses and errors.
 *
 * **Unstable**, like the part of Effect that it stands on: `effect/http` may change in a minor release, and this module
 * with it. It is not part of the main entry: `import * as HttpRetry from "effect-stamina/HttpRetry"`.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Stream from "effect/Stream"
import * as RetryBudget from "../budget/RetryBudget.ts"
import { refuse } from "../tools/check.ts"
import { eager } from "../tools/dataFirstOrLast.ts"
import { judgingTimeouts } from "../verdict/forms.ts"
import type { Answer } from "../verdict/RetryOn.ts"
import * as budgets from "./budgets.ts"
import { type Classify, responseOf, retryCall } from "./call.ts"
import { isTransient, showsUnprocessed } from "./classify.ts"
import * as hints from "./hints.ts"
import { keyHeader, keyOf, methods, refusal, takesKey, traitsOf } from "./idempotency.ts"
import type { Options } from "./model.ts"
import { defaultMaxHint, fromOptions, type HttpSettings } from "./options.ts"
import * as place from "./place.ts"
import { statuses } from "./statuses.ts"
import * as uploads from "./uploads.ts"
import { uuid } from "./uuid.ts"

export type { Failure, Options } from "./model.ts"

/**
 * The statuses that are retried: 408, 425, 429, 500, 502, 503, 504, 520 to 524, 529 and 530.
 *
 * **Details**
 *
 * Those from 520 on are not registered, but common. 520 to 524 and 530 come from Cloudflare and stand for a fault between
 * its proxy and the server: nonsense, a refused connection, a time-out, no route, no answer, a name that does not resolve.
 * 529 stands for an overloaded server. 525 and 526 are not retried: they stand for faults of TLS and certificates.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultStatuses: ReadonlyArray<number> = /*#__PURE__*/ Object.freeze(statuses)

/**
 * The methods that are retried: those that RFC 9110 calls idempotent, which are GET, HEAD, OPTIONS, TRACE, PUT and
 * DELETE, and QUERY, which RFC 10008 calls so.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultMethods: ReadonlyArray<string> = /*#__PURE__*/ Object.freeze(methods)

/**
 * What the options add to the errors of a client: an `HttpClientError`, which a plain `HttpClient` has anyway, with
 * an `attemptTimeout` or with `readBody`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Added<Timeout, ReadBody> = [Timeout] extends [undefined]
  ? true extends ReadBody ? HttpClientError.HttpClientError : never
  : HttpClientError.HttpClientError

/**
 * Retries the requests of a client when the transport fails or a response has a status that says "not now".
 *
 * **Details**
 *
 * By default it retries faults of the transport and {@link defaultStatuses}, for requests that may be sent twice: with one
 * of {@link defaultMethods} or an idempotency key, and a body that is not a stream. If a request may not be sent again, the
 * log says why, as `stamina.not_retried`: at debug level for the method, as a warning for the body. Attempts, waits and
 * limits are those of `Stamina.retry`, and so are test mode, deadlines, hooks and reports.
 *
 * Each origin has a retry budget by default, from {@link Budgets}, so that an outage is not made worse: a retry without a
 * token waits for one. See `RetryBudget` and the option `budget`.
 *
 * A wait that a server asks for in one call holds for the retries of all calls to that path. If two paths of an origin ask, it
 * holds for all of the origin, until the first of them may be called again.
 *
 * Faults that no retry can mend are final: certificates and TLS versions, requests that the platform refuses to send,
 * redirects without end, aborted requests, bodies that make no sense.
 *
 * After the last attempt the client answers as it would without retries: with the last response, whatever its status, or
 * with the last error. A response that is retried is read to its end, up to 64 KiB, so that its connection can be used
 * again; a longer one is broken off. Hooks and reports see it as an `HttpClientError` with a `StatusCodeError`.
 * `Stamina.report` takes the response itself as well.
 *
 * The wait is never shorter than the server asks for, and jitter goes on top. The first of these headers that makes sense
 * counts. One that makes no sense, or is longer than 1000 characters, is logged at debug level as `stamina.hint_ignored`.
 *
 * | header | value | 0, or past |
 * | --- | --- | --- |
 * | `Retry-After-Ms` | milliseconds | at once |
 * | `Retry-After` | seconds, or a point in time | at once |
 * | `RateLimit` | the quotas of the IETF's draft 7, or of the drafts from 8 on | default wait |
 * | `RateLimit-Reset` | seconds, or a point in time | default wait |
 * | `X-RateLimit-Reset-After` | seconds | default wait |
 * | `X-RateLimit-Reset`, `X-Rate-Limit-Reset` | seconds, or a point in time | default wait |
 *
 * The last four rows stand on responses of every status. They count only for a 429, or when nothing is left: the
 * `-Remaining` beside the header is 0, or a quota of `RateLimit` is.
 *
 * Where a point in time may stand, a number is seconds from now below 10⁹, seconds since 1970 below 10¹¹, else milliseconds
 * since 1970. Text is a date as HTTP, mail, Go or ISO 8601 write it, in UTC or with an offset. Points in time are compared
 * with the `Date` of the response, and with the `Clock` if it has none. If the server asks for more than `maxHint`, or than
 * timeout or deadline leave, the run gives up at once.
 *
 * Effects that prepare requests (`HttpClient.mapRequestEffect` and the like, on either side) run anew for each attempt, so
 * that each has a fresh token. Their failures are not retried. Spans of attempts after the first have the attribute
 * `http.request.resend_count`.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * An attempt ends with the headers of the response. A connection that breaks while the caller reads the body is outside
 * of the loop, unless `readBody` brings it in. Put `HttpClient.withScope` before the retry: behind it, it does not reach
 * requests that `attemptHeader` changes.
 *
 * **Example** (A client that retries)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { HttpClient, HttpClientResponse } from "effect/http"
 * import * as HttpRetry from "effect-stamina/HttpRetry"
 *
 * // a server that is busy at first
 * const statuses = [503, 429, 200]
 * const flaky = HttpClient.make((request) =>
 *   Effect.sync(() => HttpClientResponse.fromWeb(request, new Response("hello", { status: statuses.shift() ?? 200 }))))
 *
 * const client = flaky.pipe(HttpRetry.retry({ attempts: 5, waitInitial: "5 millis", waitJitter: 0 }))
 *
 * const program = client.get("https://example.com/greeting").pipe(Effect.flatMap((response) => response.text))
 *
 * Effect.runPromise(program).then(console.log) // hello
 * ```
 *
 * @stability unstable
 * @category combinators
 * @since 0.1.0
 */
export function retry<const T extends Duration.Input | undefined = undefined, const B extends boolean = false>(
  options?: Options<T, B>
): <E, R>(self: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E | Added<T, B>, R>
export function retry<E, R, const T extends Duration.Input | undefined = undefined, const B extends boolean = false>(
  self: HttpClient.HttpClient.With<E, R>,
  options?: Options<T, B>
): HttpClient.HttpClient.With<E | Added<T, B>, R>
export function retry(...args: ReadonlyArray<unknown>): unknown {
  const ready = (options: Options<Duration.Input | undefined, boolean> = {}) => fromOptions(caller, options)
  return eager(args, { caller, is: HttpClient.isHttpClient, rule: "an HttpClient" }, ready, retried)
}

const caller = "HttpRetry.retry"

const retried = <E, R>(
  self: HttpClient.HttpClient.With<E, R>,
  http: HttpSettings<Classify, HttpClientRequest.HttpClientRequest>
): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R> =>
  HttpClient.makeWith(
    (request: Effect.Effect<HttpClientRequest.HttpClientRequest, E, R>) =>
      Effect.flatMap(request, (first) =>
        retryCall(caller, http, first, {
          prepare: request,
          send: (request) => self.postprocess(Effect.succeed(request))
        })),
    (request) => {
      uploads.noteHandedOver(request.body)
      const prepared = self.preprocess(request)
      return http.idempotencyKey ? Effect.flatMap(prepared, withKey(http)) : prepared
    }
  )

/** Gives a request a key of its own, if its method needs one and it has none. */
const withKey =
  ({ idempotencyHeader }: HttpSettings<unknown, never>) =>
  (request: HttpClientRequest.HttpClientRequest): Effect.Effect<HttpClientRequest.HttpClientRequest> =>
    takesKey(request.method) && keyOf(request, idempotencyHeader) === undefined
      ? Effect.map(uuid, (key) => HttpClientRequest.setHeader(request, idempotencyHeader, key))
      : Effect.succeed(request)

/**
 * The retry budgets of requests, by key: by default the origin. All clients of this process share those of the default value,
 * also a client that is made for one request.
 *
 * Default: a budget with the defaults of `RetryBudget` for each key, for 200 keys at a time. On another `Clock`, such as that of
 * the next test, each begins anew.
 *
 * @stability unstable
 * @category services
 * @since 0.2.0
 */
export const Budgets: Context.Reference<RetryBudget.Keyed> = budgets.Budgets

/**
 * Gives the effects below budgets of their own in {@link Budgets}: for tests, and for options of your choice.
 *
 * **Example** (A budget that refuses)
 *
 * ```ts
 * import * as HttpRetry from "effect-stamina/HttpRetry"
 *
 * export const impatient = HttpRetry.layerBudgets({ capacity: 50, whenEmpty: "refuse" })
 * ```
 *
 * @stability unstable
 * @category layers
 * @since 0.2.0
 */
export const layerBudgets = (options?: RetryBudget.KeyedOptions): Layer.Layer<never> =>
  Layer.effect(Budgets, RetryBudget.keyed(options))

/**
 * The origin of a request, as budgets know it: scheme, host and port, in lower case, without the usual port and without a dot at
 * the end of the host. `"<same origin>"` if the URL has none.
 *
 * **Example** (Budgets of your own, by origin)
 *
 * ```ts
 * import { RetryBudget } from "effect-stamina"
 * import * as HttpRetry from "effect-stamina/HttpRetry"
 *
 * const budgets = RetryBudget.keyedUnsafe({ name: "http", maxWaiting: 1000 })
 *
 * export const retry = HttpRetry.retry({ budget: (request) => budgets(HttpRetry.originOf(request)) })
 * ```
 *
 * @stability unstable
 * @category inspecting
 * @since 0.2.0
 */
export const originOf = (request: HttpClientRequest.HttpClientRequest): string => place.originOf(request)

/**
 * A request body that begins anew whenever it is sent: an upload that opens its file for each attempt. `make` gives the stream, or
 * an effect that opens it; what that acquires in a scope of its own stream is released with it.
 *
 * **Details**
 *
 * Every other body that is a stream is sent once, since nobody can see from outside whether it can begin again; unless
 * what prepares requests, such as `HttpClient.mapRequestEffect`, makes another one for each attempt of {@link retry}. The
 * same stream is never sent twice. With {@link on}, this body is the only stream that may be sent again.
 *
 * **Example** (An upload)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { HttpClient, HttpClientResponse } from "effect/http"
 * import * as HttpRetry from "effect-stamina/HttpRetry"
 *
 * const statuses = [503, 201]
 * const server = HttpClient.make((request) =>
 *   Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(null, { status: statuses.shift() ?? 201 }))))
 *
 * // with a FileSystem: () => fs.stream(path)
 * const open = () => Stream.make("some", "text").pipe(Stream.encodeText)
 *
 * const upload = HttpRetry.retry(server, { waitInitial: "5 millis", waitJitter: 0 })
 *   .put("https://example.com/report", { body: HttpRetry.bodyAnew(open, { contentType: "text/plain" }) })
 *
 * Effect.runPromise(upload).then(({ status }) => console.log(status)) // 201
 * ```
 *
 * @stability unstable
 * @category constructors
 * @since 0.2.0
 */
export const bodyAnew = <E, E2 = never>(
  make: () => Stream.Stream<Uint8Array, E> | Effect.Effect<Stream.Stream<Uint8Array, E>, E2>,
  options: { readonly contentType?: string | undefined; readonly contentLength?: number | undefined } = {}
): HttpBody.Stream =>
  typeof make === "function"
    ? uploads.bodyAnew(make, options)
    : refuse("HttpRetry.bodyAnew", "make", "a function", make)

/**
 * The defaults of {@link retry}, as an `on` for `Stamina.retry`, `staminaSchedule` and every other retry. It retries an
 * `HttpClientError` of the transport, of a status, or of a body that broke off, if its request may be sent twice. Hints of
 * the server count as there.
 *
 * **Details**
 *
 * The status decides for every error that holds a response: those of `HttpClient.filterStatusOk`, and those that
 * `HttpApiClient` makes of a status that the endpoint does not declare.
 *
 * **Gotchas**
 *
 * A time-out around a request does not say which request it was, so it may be a POST, and is not retried: neither
 * `AttemptTimedOut`, the error of the option `attemptTimeout` around this `on`, nor Effect's `TimeoutError`. For requests
 * that may be sent twice, add it by name: `on: [HttpRetry.on, "AttemptTimedOut"]`. Inside of {@link retry}, time-outs are
 * judged by their requests. A function that calls this `on` is not asked about `AttemptTimedOut`, which is then retried:
 * use a list in its place.
 *
 * It has no clock. Hints that are points in time are compared with the `Date` of the response, and do not count without
 * one.
 *
 * **Example** (Sending, reading and decoding as one attempt)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { HttpClient, HttpClientResponse } from "effect/http"
 * import { Stamina } from "effect-stamina"
 * import * as HttpRetry from "effect-stamina/HttpRetry"
 *
 * const statuses = [503, 200]
 * const flaky = HttpClient.make((request) =>
 *   Effect.sync(() => HttpClientResponse.fromWeb(request, new Response("[1, 2]", { status: statuses.shift() ?? 200 }))))
 *
 * const program = flaky.pipe(HttpClient.filterStatusOk).get("https://example.com/numbers").pipe(
 *   Effect.flatMap((response) => response.json),
 *   Stamina.retry({ on: HttpRetry.on, waitInitial: "5 millis", waitJitter: 0 })
 * )
 *
 * Effect.runPromise(program).then(console.log) // [ 1, 2 ]
 * ```
 *
 * @stability unstable
 * @category classifying
 * @since 0.1.0
 */
export const on: (error: unknown) => Answer = /*#__PURE__*/ judgingTimeouts((error: unknown): Answer => {
  if (!HttpClientError.isHttpClientError(error) || !isTransient(error, statusSet)) return false
  const traits = traitsOf(error.request, keyHeader, uploads.streamOf(error.request.body) === undefined)
  return refusal(traits, methodSet, keyHeader, showsUnprocessed(error)) === undefined &&
    hints.ofHint(hintOf(responseOf(error)), defaultMaxHint)
})

const statusSet: ReadonlySet<number> = /*#__PURE__*/ new Set(statuses)
const methodSet: ReadonlySet<string> = /*#__PURE__*/ new Set(methods)

/**
 * How long the server asks to wait, by a response or an error that holds one; none if it does not say so, or not in a way
 * that makes sense. For hooks and errors of your own: see {@link retry} for the headers, and for when they count.
 *
 * **Details**
 *
 * It takes a response or an error of Effect's client, and a response of `fetch`, for calls without Effect's client. An
 * error without a response gives none. Throws a `RangeError` for anything else.
 *
 * **Gotchas**
 *
 * Points in time are compared with the `Date` of the response, as in {@link on}.
 *
 * **Example** (A hook with a patience of its own)
 *
 * ```ts
 * import { Duration, Option } from "effect"
 * import type { HttpClientError } from "effect/http"
 * import { RetryOn } from "effect-stamina"
 * import * as HttpRetry from "effect-stamina/HttpRetry"
 *
 * export const patient = (error: HttpClientError.HttpClientError): RetryOn.Answer =>
 *   Option.match(HttpRetry.retryAfter(error), {
 *     onNone: () => false,
 *     onSome: (wait) => RetryOn.atLeast(wait, Duration.hours(1))
 *   })
 * ```
 *
 * @stability unstable
 * @category inspecting
 * @since 0.1.0
 */
export const retryAfter = (
  failure: HttpClientError.HttpClientError | HttpClientResponse.HttpClientResponse | FetchResponse
): Option.Option<Duration.Duration> =>
  Option.map(Option.fromUndefinedOr(hintOf(headOf(failure))), ({ wait }) => Duration.millis(wait))

/**
 * What {@link retryAfter} reads of a response of `fetch`.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchResponse {
  readonly status: number
  /** The headers, as pairs of name and value. */
  readonly headers: Iterable<readonly [name: string, value: string]>
}

/** The part of a response that holds hints. */
type Head = Pick<HttpClientResponse.HttpClientResponse, "status" | "headers">

const headOf = (failure: unknown): Head | undefined =>
  HttpClientError.isHttpClientError(failure)
    ? failure.response
    : isResponse(failure)
    ? failure
    : isFetchResponse(failure)
    ? { status: failure.status, headers: Headers.fromInput(failure.headers) }
    : refuse("HttpRetry.retryAfter", "failure", "an HttpClientError, an HttpClientResponse or a Response", failure)

const isResponse = (value: unknown): value is HttpClientResponse.HttpClientResponse =>
  Predicate.hasProperty(value, HttpClientResponse.TypeId)

const isFetchResponse = (value: unknown): value is FetchResponse =>
  Predicate.hasProperty(value, "status") && typeof value.status === "number" &&
  Predicate.hasProperty(value, "headers") && Predicate.isIterable(value.headers)

const hintOf = (response: Head | undefined): hints.ServerHint | undefined =>
  response && hints.read(response.headers, response.status, undefined).hint
