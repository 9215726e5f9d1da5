/**
 * One call through a client that retries: what is known from one attempt to the next.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import { AttemptTimedOut } from "../drive/AttemptTimedOut.ts"
import * as RetryOn from "../verdict/RetryOn.ts"
import { standsFor } from "../run/origins.ts"
import type { Settings } from "../drive/settings.ts"
import { isTransient } from "./classify.ts"
import { discard } from "./discard.ts"
import * as hints from "./hints.ts"
import { keyHeader, type Refusal, refusal } from "./idempotency.ts"
import type { Failure, HttpSettings } from "./options.ts"

type Request = HttpClientRequest.HttpClientRequest
type Response = HttpClientResponse.HttpClientResponse

export class Call {
  readonly settings: Settings
  private readonly http: HttpSettings
  private readonly first: Request
  /** Why the request must not be sent again, if it must not. */
  private readonly refusal: Refusal | undefined
  private readonly name: string
  /** What to do about the errors of the attempt that was made last. */
  private readonly answers = new Map<unknown, RetryOn.Answer>()
  /** The errors that responses were made into, for the driver and its hooks. */
  private readonly stands = new WeakSet<object>()

  constructor(caller: string, http: HttpSettings, first: Request) {
    this.http = http
    this.first = first
    this.refusal = refusal(first, http.methods)
    this.name = http.settings.name ?? nameOf(first)
    this.settings = {
      ...http.settings,
      name: this.name,
      judge: RetryOn.fromInput(caller, (error: unknown) => this.answers.get(error) ?? false),
      judgesTimeouts: this.refusal !== undefined,
      cleanUp: (error) => {
        const response = responseOf(error)
        return response === undefined ? Effect.void : discard(response)
      }
    }
  }

  /** Makes attempt number `num`: sends a request, and fails with an error for a response that is to be retried. */
  attempt<E, R>(
    num: number,
    request: Request,
    send: (request: Request) => Effect.Effect<Response, E, R>
  ): Effect.Effect<Response, E | HttpClientError.HttpClientError, R> {
    return Effect.suspend(() => {
      this.answers.clear()
      const prepared = this.prepare(num, request)
      const sent = num === 1 ? send(prepared) : Effect.annotateSpans(send(prepared), resendCount, num - 1)
      return Effect.catchCause(
        Effect.flatMap(sent, (response) => this.received(prepared, response)),
        (cause) => this.failed(prepared, cause)
      )
    })
  }

  /** What comes out of the call when it has failed: the last response as it was, or the last error. */
  ended<E>(cause: Cause.Cause<E>): Effect.Effect<Response, E> {
    const { refusal } = this
    const stand = cause.reasons.find((reason) => reason._tag === "Fail" && this.isStand(reason.error))
    if (stand === undefined || stand._tag !== "Fail") {
      const failed = Effect.failCause(cause)
      const timedOut = cause.reasons.some((reason) => reason._tag === "Fail" && reason.error instanceof AttemptTimedOut)
      return refusal !== undefined && timedOut ? Effect.andThen(this.logRefusal(refusal), failed) : failed
    }
    const others = cause.reasons.filter((reason) => reason !== stand)
    const response = responseOf(stand.error)
    if (others.length > 0 || response === undefined) return Effect.failCause(Cause.fromReasons(others))
    standsFor(response, stand.error)
    return Effect.succeed(response)
  }

  private isStand(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.stands.has(error)
  }

  private prepare(num: number, request: Request): Request {
    const { attemptHeader } = this.http
    const key = this.first.headers[keyHeader]
    // what prepares requests may be run anew for each attempt, and make up a key each time
    const kept = key === undefined || request.headers[keyHeader] === key
      ? request
      : HttpClientRequest.setHeader(request, keyHeader, key)
    return attemptHeader === undefined ? kept : HttpClientRequest.setHeader(kept, attemptHeader, String(num))
  }

  private received(
    request: Request,
    response: Response
  ): Effect.Effect<Response, HttpClientError.HttpClientError> {
    return Effect.gen({ self: this }, function*() {
      const answer = yield* this.answer(request, response, undefined)
      if (answer === false || this.refusal !== undefined) {
        if (answer !== false && this.refusal !== undefined) yield* this.logRefusal(this.refusal)
        if (this.http.readBody && response.status !== 101) yield* response.arrayBuffer
        return response
      }
      const reason = new HttpClientError.StatusCodeError({ request, response, description: "to be retried" })
      const error = new HttpClientError.HttpClientError({ reason })
      this.stands.add(error)
      this.answers.set(error, answer)
      return yield* error
    })
  }

  private failed<E>(request: Request, cause: Cause.Cause<E>): Effect.Effect<never, E> {
    return Effect.gen({ self: this }, function*() {
      for (const reason of Cause.hasInterrupts(cause) ? [] : cause.reasons) {
        if (reason._tag !== "Fail" || this.answers.has(reason.error)) continue
        const { error } = reason
        const answer = yield* this.answer(request, responseOf(error), error)
        if (answer === false) continue
        if (this.refusal === undefined) this.answers.set(error, answer)
        else yield* this.logRefusal(this.refusal)
      }
      return yield* Effect.failCause(cause)
    }).pipe(
      // what `classify` has thrown
      Effect.catchDefect((defect) => Effect.failCause(Cause.combine(cause, Cause.die(defect))))
    )
  }

  /** What to do about what came of an attempt, if the request may be sent again. */
  private answer(request: Request, response: Response | undefined, error: unknown): Effect.Effect<RetryOn.Answer> {
    return Effect.withFiber((fiber) => {
      const { classify, maxHint, statuses } = this.http
      const isDue = error === undefined && response !== undefined
        ? statuses.has(response.status)
        : isTransient(error, statuses)
      const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      const reading = response === undefined ? nothing : hints.read(response.headers, response.status, now)
      const asked = toAnswer(reading.hint, maxHint)
      const failure: Failure = { request, response, error, byDefault: isDue && asked }
      const override = classify?.(failure)
      const answer = override === undefined ? failure.byDefault : override === true ? asked : override
      const ignored = answer === false ? [] : reading.ignored
      return Effect.as(
        Effect.forEach(ignored, ({ header, value }) => this.log("Debug", "stamina.hint_ignored", { header, value }), {
          discard: true
        }),
        answer
      )
    })
  }

  private logRefusal({ expected, why }: Refusal): Effect.Effect<void> {
    return this.log(expected ? "Debug" : "Warn", "stamina.not_retried", { why })
  }

  private log(level: "Debug" | "Warn", message: string, annotations: Record<string, string>): Effect.Effect<void> {
    return Effect.annotateLogs(Effect.logWithLevel(level)(message), { callable: this.name, ...annotations })
  }
}

/** OpenTelemetry's attribute for how often a request was sent before. */
const resendCount = "http.request.resend_count"

const nothing: hints.Reading = { hint: undefined, ignored: [] }

/** What to do about a failure that is retried, with what the server says about it. */
export const toAnswer = (hint: hints.ServerHint | undefined, maxHint: Duration.Duration): RetryOn.Answer => {
  if (hint === undefined) return true
  // who says "now" means it, and is not made to wait for a backoff
  return hint.asked && hint.wait === 0 ? Duration.zero : RetryOn.atLeast(hint.wait, maxHint)
}

/** The response that an error was made of. */
export const responseOf = (error: unknown): Response | undefined =>
  HttpClientError.isHttpClientError(error) ? error.response : undefined

/** Method and host: what people call a request. Paths and parameters hold identifiers and secrets. */
const nameOf = ({ method, url }: Request): string => {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]+)/i.exec(url)?.[1]
  return host === undefined ? method : `${method} ${host.toLowerCase()}`
}
