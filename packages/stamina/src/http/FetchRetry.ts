/**
 * HTTP without Effect's client: a `fetch` that retries, by the rules of `HttpRetry`.
 *
 * It takes the place of the platform's `fetch` wherever one is taken: in code of your own, in generated clients, in SDKs.
 *
 * @stability unstable
 * @since 0.2.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import type { RetryBudget } from "../budget/RetryBudget.ts"
import { anywhere, ofContext, ofRuntime, type Place } from "../promise/services.ts"
import { refuse } from "../tools/check.ts"
import { type Tagged, tagged } from "../tools/tagged.ts"
import type { Answer } from "../verdict/RetryOn.ts"
import { type Classify, fetchCall } from "./fetchCall.ts"
import type * as model from "./model.ts"
import { fromOptions } from "./options.ts"
import type { Target } from "./place.ts"

/**
 * A `fetch` that retries. It fits wherever the platform's `fetch` does.
 *
 * @category models
 * @since 0.2.0
 */
export interface Fetch {
  (input: string | URL | Request, init?: Init): Promise<Response>
}

/**
 * What `fetch` takes as its second argument, with a `body` that may be a function.
 *
 * @category models
 * @since 0.2.0
 */
export interface Init extends Omit<RequestInit, "body" | "duplex"> {
  /** Required by some platforms beside a stream. A function as `body` needs none. */
  readonly duplex?: "half" | undefined
  /**
   * The body, or a function that makes it anew for each attempt: needed for streams, of which each can be sent once. What the
   * function throws comes out and is not retried.
   */
  readonly body?: RequestInit["body"] | (() => RequestInit["body"] | PromiseLike<RequestInit["body"]>)
}

/**
 * The options of {@link make}: those of `HttpRetry.retry`, and `fetch`.
 *
 * @category models
 * @since 0.2.0
 */
export interface Options extends Omit<model.Options<Duration.Input | undefined, boolean>, OwnOptions> {
  /**
   * How long one attempt may take, longer than 0: up to the headers of the response, and with `readBody: true` up to the end
   * of its body. The attempt is then aborted, which closes its connection, and fails with `AttemptTimedOut`. It is retried
   * for requests that may be sent twice, unless `classify` says no. Default: as long as it takes.
   */
  readonly attemptTimeout?: Duration.Input | undefined
  /**
   * Whether an attempt includes reading the body of a response that is not retried, into memory. A connection that breaks in
   * mid-body is then retried as well, and `attemptTimeout` covers the body. The response is read afterwards as every other.
   * Default `false`.
   */
  readonly readBody?: boolean | undefined
  /**
   * The retry budget of a request: one for all, or a function from its method and URL to its budget, or to the key of one in
   * `HttpRetry.Budgets`; `"none"` for no budget. Default: that of its origin in `HttpRetry.Budgets`, which Effect's clients
   * share.
   */
  readonly budget?:
    | RetryBudget
    | ((request: { readonly method: string; readonly url: string }) => RetryBudget | string)
    | "none"
    | undefined
  /**
   * Decides about the outcome of every attempt, before `statuses` and what is known of errors: responses of any status,
   * successes included, and errors, `AttemptTimedOut` included. `undefined` keeps the default. `true` means a retry after the
   * wait that the server asks for, else after the default wait. All other answers are as for `on`.
   *
   * It may answer with a promise, and the time that takes is a part of the attempt. For `AttemptTimedOut` there is no time
   * left: there a promise keeps the default. It cannot allow a second request where the method and the body forbid one.
   */
  readonly classify?: ((failure: Failure) => Answer | undefined | PromiseLike<Answer | undefined>) | undefined
  /** What sends the requests: a `fetch` with a dispatcher or an agent, or that of a test. Default: the platform's. */
  readonly fetch?: Fetch | undefined
}

type OwnOptions = "attemptTimeout" | "readBody" | "classify" | "budget"

/**
 * The outcome of an attempt, for `classify`: a response of any status, or an error.
 *
 * @category models
 * @since 0.2.0
 */
export interface Failure {
  /** The method and the URL of the request. */
  readonly request: { readonly method: string; readonly url: string }
  /** The response; undefined if there is an error. Read its body by `text`, or of a clone. */
  readonly response: Response | undefined
  /** What `fetch` rejected with; undefined if there is a response. */
  readonly error: unknown
  /** What happens by default: `false`, `true`, or a hint with the wait that the server asks for. */
  readonly byDefault: Answer
  /**
   * Reads the body of the response as text, and leaves it to be read again. Rejects if it is longer than 64 KiB or takes
   * longer than 5 seconds, and if it breaks off. Without a response it is empty.
   */
  readonly text: () => Promise<string>
}

/** What {@link StatusError} extends. */
const StatusErrorBase: Tagged<"StatusError", { readonly response: Response }> = /*#__PURE__*/ tagged("StatusError")

/**
 * What hooks and reports see of a response that is retried. It never comes out: after the last attempt, the response itself
 * does.
 *
 * @category errors
 * @since 0.2.0
 */
export class StatusError extends StatusErrorBase {
  override get message(): string {
    return `status ${this.response.status}`
  }
}

/**
 * Makes a `fetch` that retries when the network fails or a response has a status that says "not now".
 *
 * **Details**
 *
 * The rules are those of `HttpRetry.retry`: the same statuses and methods, the same headers that say when to come back, the
 * same budgets by origin, the same faults that are final. Attempts, waits and limits are those of `Stamina.retry`, and so are
 * test mode, hooks and reports: `Stamina.report` takes the response or the error that comes out.
 *
 * It resolves with the last response, whatever its status, or rejects with the last error, both as `fetch` would. The body of
 * a response passes through unread. That of a response that is retried is read ahead, up to 64 KiB, so that its connection can
 * be used again; a longer one is broken off when the retry begins.
 *
 * A `signal`, in the second argument or in a `Request`, ends the call at once, attempts and waits, with its reason.
 *
 * Text, bytes, blobs and form data can be sent again. The body of a `Request` is kept in memory while it is sent, if its
 * method or key allows another attempt. A stream is sent once; a function as `body` makes one anew for each attempt.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * An attempt ends with the headers of the response, unless `readBody` brings its body in.
 *
 * **Example** (In place of `fetch`)
 *
 * ```ts
 * import * as FetchRetry from "effect-stamina/FetchRetry"
 *
 * // a server that is busy at first
 * const statuses = [503, 429, 200]
 * const flaky = async () => new Response("hello", { status: statuses.shift() ?? 200 })
 *
 * const fetch = FetchRetry.make({ fetch: flaky, attempts: 5, attemptTimeout: "10 seconds", waitInitial: "5 millis", waitJitter: 0 })
 *
 * const response = await fetch("https://example.com/greeting")
 * console.log(response.status, await response.text()) // 200 hello
 * ```
 *
 * @stability unstable
 * @category constructors
 * @since 0.2.0
 */
export const make = (options: Options = {}): Fetch => makeAt("FetchRetry.make", anywhere, options)

/**
 * The same with the services of a context, such as that of an effect around: its hooks, defaults, loggers, clock and switches.
 *
 * @category constructors
 * @since 0.2.0
 */
export const fromContext = (context: Context.Context<never>, options: Options = {}): Fetch =>
  makeAt("FetchRetry.fromContext", ofContext(context), options)

/**
 * The same with the services of a runtime: an application's hooks, defaults, loggers, clock and switches. Its disposal ends
 * calls that are waiting: they reject with an `AbortError`.
 *
 * **Example** (The hooks of an application)
 *
 * ```ts
 * import { ManagedRuntime } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as FetchRetry from "effect-stamina/FetchRetry"
 *
 * const hook: Stamina.RetryHook = { onRetryScheduled: ({ name, retryNum }) => console.log(name, "retry", retryNum) }
 * const app = ManagedRuntime.make(Stamina.layerHooks([hook]))
 *
 * const statuses = [503, 200]
 * const flaky = async () => new Response("hello", { status: statuses.shift() ?? 200 })
 *
 * const fetch = FetchRetry.fromRuntime(app, { fetch: flaky, waitInitial: "1 milli", waitJitter: 0 })
 *
 * console.log((await fetch("https://example.com/greeting")).status)
 * await app.dispose()
 * // GET example.com retry 1
 * // 200
 * ```
 *
 * @category constructors
 * @since 0.2.0
 */
export const fromRuntime = <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>, options: Options = {}): Fetch =>
  makeAt("FetchRetry.fromRuntime", ofRuntime(runtime), options)

const makeAt = (caller: string, place: Place, options: Options): Fetch => {
  const { fetch, ...rest } = options
  const http = fromOptions<Classify, Target>(caller, rest)
  if (fetch !== undefined && typeof fetch !== "function") return refuse(caller, "fetch", "a function", fetch)
  const settings = { caller, http, fetch, toError: (response: Response) => new StatusError({ response }) }
  return (input, init) => fetchCall(place, settings, input, init)
}
