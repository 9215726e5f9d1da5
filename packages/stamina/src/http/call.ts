/**
 * One call through a client that retries: its attempts and their outcomes.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as RetryBudget from "../budget/RetryBudget.ts"
import type { LiveRun } from "../drive/liveRun.ts"
import { type Driver, retryWith } from "../drive/loop.ts"
import type { Settings } from "../drive/settings.ts"
import type { Rejected } from "../drive/steps.ts"
import { inTime } from "../drive/timeLimit.ts"
import { lastFailure } from "../run/run.ts"
import { tellMistake } from "../telemetry/mistakes.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { logLine } from "../tools/logLine.ts"
import type { AttemptTimedOut } from "../verdict/AttemptTimedOut.ts"
import { toVerdict } from "../verdict/forms.ts"
import { mistake, threw } from "../verdict/mistakes.ts"
import type { Hint, Verdict } from "../verdict/model.ts"
import type { Answer } from "../verdict/RetryOn.ts"
import { isTimeout, isTransient } from "./classify.ts"
import { discard } from "./discard.ts"
import * as hints from "./hints.ts"
import { keyOf, type Refusal, refusal } from "./idempotency.ts"
import type { Failure } from "./model.ts"
import type { HttpSettings } from "./options.ts"
import { pathOf, placeOf } from "./place.ts"

export type Request = HttpClientRequest.HttpClientRequest
export type Response = HttpClientResponse.HttpClientResponse
type AnyFiber = Fiber.Fiber<unknown, unknown>

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
  http: HttpSettings,
  prepared: Request,
  client: Client<E, R>
): Sent<E, R> => {
  return Effect.withFiber((fiber) => {
    const budget = budgetOf(http, prepared, fiber)
    const call = new Call(caller, http, prepared, client, budget)
    const retried = retryWith(call.settings, call, call.first())
    const quiet = http.holdFirst ? budget?.quietFor(call.settings.about, clock.millis(fiber)) ?? 0 : 0
    return quiet > 0 ? Effect.andThen(hold(quiet, fiber), retried) : retried
  })
}

class Call<E, R> implements Driver<Response, E | HttpClientError.HttpClientError, R> {
  readonly settings: Settings
  private readonly caller: string
  private readonly http: HttpSettings
  private readonly prepared: Request
  private readonly client: Client<E, R>
  /** Why the request must not be sent again, if it must not. */
  private readonly refusal: Refusal | undefined
  private readonly name: string
  /** The request as the current attempt has sent it; undefined while it is prepared. A failure of preparing is final. */
  private sent: Request | undefined = undefined
  /** The error of an attempt that took too long. It can be retried even while the request is prepared. */
  private timedOut: HttpClientError.HttpClientError | undefined = undefined
  /** The verdict on the response of the current attempt, if that is retried. */
  private rejected: Rejected | undefined = undefined
  /** The verdict on the last attempt, if it is not retried only because its request must not be sent again. */
  private unsent: Exclude<Verdict, false> | undefined = undefined

  constructor(
    caller: string,
    http: HttpSettings,
    prepared: Request,
    client: Client<E, R>,
    budget: RetryBudget.RetryBudget | undefined
  ) {
    const { door } = http.settings
    this.caller = caller
    this.http = http
    this.prepared = prepared
    this.client = client
    this.refusal = refusal(prepared, http.methods, http.idempotencyHeader)
    const { host } = placeOf(prepared)
    // paths and parameters hold identifiers and secrets
    this.name = http.settings.name ?? (host === "" ? prepared.method : `${prepared.method} ${host}`)
    this.settings = {
      ...http.settings,
      name: this.name,
      door: budget === undefined || door === undefined ? budget ?? door : budget.both(door, budget),
      about: budget === undefined ? undefined : pathOf(prepared),
      isExplained: () => this.unsent !== undefined,
      unsent: () => this.unsent,
      judge: (error, _, fiber) => {
        const request = error === this.timedOut ? this.sent ?? prepared : this.sent
        return request !== undefined && this.judge(request, responseOf(error), error, fiber)
      }
    }
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
    const sent = Effect.flatMap(
      prepare,
      (prepared) => Effect.annotateSpans(send(this.completed(num, prepared)), resendCount, num - 1)
    )
    return Effect.flatMap(sent, this.received)
  }

  /** Judges a response, and reads its body where that is a part of the attempt. */
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

  /** The request of an attempt, as it is sent. */
  private completed(num: number, request: Request): Request {
    const { attemptHeader, idempotencyHeader } = this.http
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
      const verdict = this.judge(request, response, undefined, fiber)
      return verdict === false ? undefined : { verdict, error: error() }
    } catch (thrown) {
      const about = error()
      tellMistake(fiber, this.name, thrown, about)
      throw mistake(thrown, about, threw(this.caller, "classify", thrown))
    }
  }

  /** Judges a response, or an error and the response that it holds. */
  private judge(request: Request, response: Response | undefined, error: unknown, fiber: AnyFiber): Verdict {
    const verdict = this.answer(request, response, error, fiber)
    if (verdict === false || this.refusal === undefined) return verdict
    const { expected, why } = this.refusal
    // the run takes it for a call that is none of its business, but the server has failed, and may have asked to wait
    this.unsent = verdict
    this.log(fiber, expected ? "Debug" : "Warn", "stamina.not_retried", { why })
    return false
  }

  /** The same, as if the request could be sent again. */
  private answer(request: Request, response: Response | undefined, error: unknown, fiber: AnyFiber): Verdict {
    const { classify, maxHint, statuses } = this.http
    const isDue = error === undefined && response !== undefined
      ? statuses.has(response.status)
      : isTimeout(error) || isTransient(error, statuses)
    if (!isDue && classify === undefined) return false
    const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    const reading = response === undefined ? nothing : hints.read(response.headers, response.status, now)
    const asked = ofHint(reading.hint, maxHint)
    const failure: Failure = { request, response, error, byDefault: isDue && asked }
    const override = classify && this.override(classify, failure)
    const verdict = override === undefined
      ? isDue && asked
      : override === true
      ? asked
      : toVerdict(this.caller, override, error, "classify")
    if (verdict !== false) {
      for (const { header, value } of reading.ignored) {
        this.log(fiber, "Debug", "stamina.hint_ignored", { header, value })
      }
    }
    return verdict
  }

  private override(classify: NonNullable<HttpSettings["classify"]>, failure: Failure): Answer | undefined {
    try {
      return classify(failure)
    } catch (thrown) {
      throw mistake(thrown, failure.error, threw(this.caller, "classify", thrown))
    }
  }

  private log(fiber: AnyFiber, level: "Debug" | "Warn", message: string, annotations: Record<string, string>): void {
    const labels = { callable: this.name }
    logLine(fiber, { level, message, labels }, { annotations: () => ({ ...labels, ...annotations }) })
  }
}

/** OpenTelemetry's attribute for how often a request was sent before. */
const resendCount = "http.request.resend_count"

const nothing: hints.Reading = { hint: undefined, ignored: [] }

/** The verdict on a failure that is retried, by the hint of the server. */
export const ofHint = (hint: hints.ServerHint | undefined, max: number): true | number | Hint =>
  hint === undefined || (hint.wait === 0 && !hint.asked)
    ? true
    // a server that says "now" means it: no backoff
    : hint.wait === 0
    ? 0
    : { _tag: "Hint", wait: hint.wait, max }

/** The response that an error holds. */
export const responseOf = (error: unknown): Response | undefined =>
  HttpClientError.isHttpClientError(error) ? error.response : undefined

/** The budgets of origins, and of other keys. */
export const Budgets: Context.Reference<RetryBudget.Keyed> = /*#__PURE__*/ Context.Reference<RetryBudget.Keyed>(
  "effect-stamina/HttpRetry/Budgets",
  { defaultValue: RetryBudget.ofProcess }
)

/** The budget of a request. */
const budgetOf = (http: HttpSettings, request: Request, fiber: AnyFiber): RetryBudget.RetryBudget | undefined => {
  const budget = http.budgetOf(request)
  return typeof budget === "string" ? fiber.getRef(Budgets)(budget) : budget
}

/** Waits for as long as the server has asked for, and a little longer, so that not all come at once. */
const hold = (quiet: number, fiber: AnyFiber): Effect.Effect<void> =>
  clock.sleep(clock.of(fiber), quiet + 1000 * draw(fiber))
