/**
 * One call through a client that retries: its attempts and their outcomes.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { RetryBudget } from "../budget/RetryBudget.ts"
import type { LiveRun } from "../drive/liveRun.ts"
import { type Driver, retryWith } from "../drive/loop.ts"
import type { Settings } from "../drive/settings.ts"
import type { Rejected } from "../drive/steps.ts"
import { inTime } from "../drive/timeLimit.ts"
import { lastFailure } from "../run/run.ts"
import { tellMistake } from "../telemetry/mistakes.ts"
import * as clock from "../tools/clock.ts"
import type { AttemptTimedOut } from "../verdict/attemptTimedOut.ts"
import { mistake, threw } from "../verdict/mistakes.ts"
import type { Verdict } from "../verdict/model.ts"
import type { Answer } from "../verdict/RetryOn.ts"
import { budgetOf, holdOf } from "./budgets.ts"
import { isTimeout, isTransient, showsUnprocessed } from "./classify.ts"
import { discard } from "./discard.ts"
import { keyOf, refusal, traitsOf } from "./idempotency.ts"
import { Judge } from "./judge.ts"
import type { Failure } from "./model.ts"
import type { HttpSettings } from "./options.ts"
import { mayComeAgain, streamOf } from "./uploads.ts"

export type Request = HttpClientRequest.HttpClientRequest
export type Response = HttpClientResponse.HttpClientResponse
type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The option `classify`. */
export type Classify = (failure: Failure) => Answer | undefined

/** Sends a request. */
type Send<E, R> = (request: Request) => Effect.Effect<Response, E, R>
type Sent<E, R> = Effect.Effect<Response, E | HttpClientError.HttpClientError, R>

/** What prepares and sends the requests of a call. */
export interface Client<E, R> {
  readonly prepare: Effect.Effect<Request, E, R>
  readonly send: Send<E, R>
}

/** Makes a call with a request that is prepared: the first attempt sends it, each other prepares it anew. */
export const retryCall = <E, R>(
  caller: string,
  http: HttpSettings<Classify, Request>,
  prepared: Request,
  client: Client<E, R>
): Sent<E, R> => {
  return Effect.withFiber((fiber) => {
    const budget = budgetOf(http, prepared, fiber)
    const call = new Call(caller, http, prepared, client, budget)
    const retried = retryWith(call.settings, call, call.first())
    const hold = holdOf(http, budget, call.settings.about, fiber)
    return hold > 0 ? Effect.andThen(clock.sleep(clock.of(fiber), hold), retried) : retried
  })
}

class Call<E, R> implements Driver<Response, E | HttpClientError.HttpClientError, R> {
  readonly settings: Settings
  private readonly caller: string
  private readonly http: HttpSettings<Classify, Request>
  private readonly prepared: Request
  private readonly client: Client<E, R>
  private readonly judge: Judge
  /** The request as the current attempt has sent it; undefined while it is prepared. A failure of preparing is final. */
  private sent: Request | undefined = undefined
  /** The error of an attempt that took too long. It can be retried even while the request is prepared. */
  private timedOut: HttpClientError.HttpClientError | undefined = undefined
  /** The streams that were sent as bodies, if any were. */
  private streams: WeakSet<object> | undefined = undefined
  /** The verdict on the response of the current attempt, if that is retried. */
  private rejected: Rejected | undefined = undefined

  constructor(
    caller: string,
    http: HttpSettings<Classify, Request>,
    prepared: Request,
    client: Client<E, R>,
    budget: RetryBudget | undefined
  ) {
    this.caller = caller
    this.http = http
    this.prepared = prepared
    this.client = client
    const { idempotencyHeader, methods } = http
    this.judge = new Judge(
      caller,
      http,
      prepared,
      budget,
      (isUnprocessed) => {
        const traits = traitsOf(prepared, idempotencyHeader, mayComeAgain(prepared.body))
        return refusal(traits, methods, idempotencyHeader, isUnprocessed)
      }
    )
    this.settings = this.judge.settings((error, _, fiber) => {
      const request = error === this.timedOut ? this.sent ?? prepared : this.sent
      return request !== undefined && this.verdict(request, responseOf(error), error, fiber)
    })
  }

  /** The first attempt, without a limit to its time. */
  first(): Sent<E, R> {
    return Effect.flatMap(this.client.send(this.completed(1, this.prepared)), this.received)
  }

  attempt(run: LiveRun): Sent<E, R> {
    return inTime(run, run.attempt === 1 ? this.first() : this.again(run.attempt), (error) => this.timeOut(error))
  }

  rejects(): Rejected | undefined {
    return this.rejected
  }

  beforeWait(run: LiveRun): Effect.Effect<void> | undefined {
    const response = responseOf(lastFailure(run)?.error)
    return response && discard(response)
  }

  /** Prepares the request anew, and sends it. */
  private again(num: number): Sent<E, R> {
    const { prepare, send } = this.client
    this.sent = undefined
    this.rejected = undefined
    const sent = Effect.flatMap(prepare, (prepared): Sent<E, R> => {
      const used = this.alreadySent(prepared)
      return used === undefined
        ? Effect.annotateSpans(send(this.completed(num, prepared)), resendCount, num - 1)
        : Effect.fail(used)
    })
    return Effect.flatMap(sent, this.received)
  }

  /** Judges a response, and reads its body if that is a part of the attempt. */
  private readonly received = (response: Response): Effect.Effect<Response, HttpClientError.HttpClientError> => {
    const { classify, readBody, statuses } = this.http
    // most responses are healthy, and nobody asks what their headers say
    if (classify === undefined && !readBody && !statuses.has(response.status)) return Effect.succeed(response)
    return Effect.withFiber((fiber) => {
      this.rejected = this.rejection(response, fiber)
      return readBody && this.rejected === undefined && response.status !== 101
        ? Effect.as(response.arrayBuffer, response)
        : Effect.succeed(response)
    })
  }

  /** An error that every client can fail with, so that one with an `attemptTimeout` is a client like any other. */
  private timeOut(cause: AttemptTimedOut): HttpClientError.HttpClientError {
    const request = this.sent ?? this.prepared
    const reason = new HttpClientError.TransportError({ request, cause, description: cause.message })
    return this.timedOut = new HttpClientError.HttpClientError({ reason })
  }

  /** The error of a request whose body is a stream that was sent before: what prepares requests has not made another. */
  private alreadySent(request: Request): HttpClientError.HttpClientError | undefined {
    const stream = streamOf(request.body)
    if (stream === undefined || this.streams?.has(stream) !== true) return undefined
    const description = "the stream of the body was sent before: make another for each attempt"
    const reason = new HttpClientError.EncodeError({ request, description })
    return new HttpClientError.HttpClientError({ reason })
  }

  /** The request of an attempt, as it is sent. */
  private completed(num: number, request: Request): Request {
    const { attemptHeader, idempotencyHeader } = this.http
    const stream = streamOf(request.body)
    if (stream !== undefined) (this.streams ??= new WeakSet()).add(stream)
    const key = keyOf(this.prepared, idempotencyHeader)
    // the effects that prepare requests run anew for each attempt, and may make a new key each time
    const kept = key === undefined || keyOf(request, idempotencyHeader) === key
      ? request
      : HttpClientRequest.setHeader(request, idempotencyHeader, key)
    return this.sent = attemptHeader === undefined
      ? kept
      : HttpClientRequest.setHeader(kept, attemptHeader, String(num))
  }

  /** The verdict on a response to the request that was sent, if it is retried. */
  private rejection(response: Response, fiber: AnyFiber): Rejected | undefined {
    const request = this.sent ?? this.prepared
    const error = () => {
      const reason = new HttpClientError.StatusCodeError({ request, response, description: "to be retried" })
      return new HttpClientError.HttpClientError({ reason })
    }
    try {
      const verdict = this.verdict(request, response, undefined, fiber)
      return verdict === false ? undefined : { verdict, error: error() }
    } catch (thrown) {
      const about = error()
      tellMistake(fiber, this.judge.name, thrown, about)
      throw mistake(thrown, about, threw(this.caller, "classify", thrown))
    }
  }

  /** Judges a response, or an error and the response that it holds. */
  private verdict(request: Request, response: Response | undefined, error: unknown, fiber: AnyFiber): Verdict {
    const { classify, statuses } = this.http
    const isDue = error === undefined && response !== undefined
      ? statuses.has(response.status)
      : isTimeout(error) || isTransient(error, statuses)
    const override = classify && ((byDefault: Answer) => classify({ request, response, error, byDefault }))
    // after a redirect that was followed it is another request
    const isUnprocessed = HttpClientError.isHttpClientError(error) && showsUnprocessed(error) &&
      error.request.method === request.method && error.request.url === request.url
    return this.judge.judge({ response, error, isDue, isUnprocessed }, fiber, override)
  }
}

/** OpenTelemetry's attribute for how often a request was sent before. */
const resendCount = "http.request.resend_count"

/** The response that an error holds. */
export const responseOf = (error: unknown): Response | undefined =>
  HttpClientError.isHttpClientError(error) ? error.response : undefined
