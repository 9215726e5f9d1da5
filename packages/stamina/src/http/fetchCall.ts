/**
 * One call of a `fetch` that retries: its attempts and their outcomes.
 */
import * as Effect from "effect/Effect"
import type { Settings } from "../drive/settings.ts"
import type { Body } from "../promise/attempt.ts"
import { makeCall } from "../promise/begin.ts"
import type { PromiseAttempt } from "../promise/model.ts"
import type { Place, Services } from "../promise/services.ts"
import { unlessAborted } from "../promise/signals.ts"
import { after } from "../promise/timer.ts"
import * as origins from "../run/origins.ts"
import { AttemptTimedOut } from "../verdict/attemptTimedOut.ts"
import type { Verdict } from "../verdict/model.ts"
import type { Answer } from "../verdict/RetryOn.ts"
import { budgetOf, holdOf } from "./budgets.ts"
import { isBrokenOff, isFinal } from "./codes.ts"
import { ReadAhead, readWhole, textOf } from "./fetchBody.ts"
import { isData, refusal, takesKey, type Traits } from "./idempotency.ts"
import { Judge, type Outcome } from "./judge.ts"
import type { HttpSettings } from "./options.ts"
import type { Target } from "./place.ts"
import { isUnprocessed } from "./unprocessed.ts"
import { uuid } from "./uuid.ts"

// The types below are those of `FetchRetry`, as far as a call needs them.

/** What `fetch` is called with. */
interface Init extends Omit<RequestInit, "body" | "duplex"> {
  readonly duplex?: "half" | undefined
  readonly body?: RequestInit["body"] | (() => RequestInit["body"] | PromiseLike<RequestInit["body"]>)
}

interface Failure {
  readonly request: { readonly method: string; readonly url: string }
  readonly response: Response | undefined
  readonly error: unknown
  readonly byDefault: Answer
  readonly text: () => Promise<string>
}

interface StatusError extends Error {
  readonly response: Response
}

/** The option `classify`. */
export type Classify = (failure: Failure) => Answer | undefined | PromiseLike<Answer | undefined>

/** Checked options. */
export interface FetchSettings {
  /** The function that they were given to. */
  readonly caller: string
  readonly http: HttpSettings<Classify, Target>
  /** What sends the requests; undefined for the platform's. */
  readonly fetch: ((input: string | URL | Request, init?: RequestInit) => Promise<Response>) | undefined
  /** The error that stands for a response that is retried. */
  readonly toError: (response: Response) => StatusError
}

/** Makes a call. */
export const fetchCall = async (
  place: Place,
  settings: FetchSettings,
  input: string | URL | Request,
  init: Init | undefined
): Promise<Response> => {
  // the fields of a request in this place are not its own
  const args: Arguments = isRequest(init) ? { input: new Request(input, init), init: undefined } : { input, init }
  const signal = signalOf(args)
  if (signal?.aborted === true) throw signal.reason
  const found = place()
  const services = found instanceof Promise ? await (signal ? unlessAborted(signal, found) : found) : found
  const call = new FetchCall(settings, services, args)
  if (call.hold > 0) await held(services, call.hold, signal)
  try {
    return await makeCall(() => services, call.settings, call.body, signal)
  } catch (error) {
    const response = call.responseOf(error)
    if (response === undefined) throw error
    return response
  }
}

/** Waits before the first attempt. */
const held = async (services: Services, millis: number, signal: AbortSignal | undefined): Promise<void> => {
  let stop: (() => void) | undefined
  const waited = new Promise<void>((resolve, reject) => stop = after(services, millis, resolve, reject))
  try {
    await (signal === undefined ? waited : unlessAborted(signal, waited))
  } finally {
    stop?.()
  }
}

/** The outcome of an attempt. An attempt that was abandoned may still write to its own. */
interface Attempt {
  /** Aborted when the attempt is abandoned; undefined if nothing can end it. */
  readonly signal: AbortSignal | undefined
  phase: "preparing" | "sent" | "reading"
  /** What it failed with, and the verdict on that; undefined as long as nobody has judged it. */
  judged: { readonly error: unknown; readonly verdict: Verdict } | undefined
  /** What `classify` threw. */
  mistake: { readonly thrown: unknown } | undefined
}

/** What `fetch` was called with. */
interface Arguments {
  readonly input: string | URL | Request
  readonly init: Init | undefined
}

/** `null` in the second argument switches off the signal of a request. */
const signalOf = ({ init, input }: Arguments): AbortSignal | undefined =>
  (init?.signal === undefined ? isRequest(input) ? input.signal : undefined : init.signal) ?? undefined

class FetchCall implements Arguments {
  readonly settings: Settings
  readonly body: Body<Response>
  /** How long the first attempt is held back, in milliseconds. */
  readonly hold: number
  private readonly options: FetchSettings
  private readonly services: Services
  readonly input: string | URL | Request
  readonly init: Init | undefined
  private readonly method: string
  private readonly url: string
  private readonly judge: Judge
  private key: string | undefined
  /** Whether the body of the request was sent without keeping it. */
  private isUsedUp = false
  private current: Attempt | undefined
  private own: StatusError | undefined
  private ahead: ReadAhead | undefined

  constructor(options: FetchSettings, services: Services, { init, input }: Arguments) {
    const request = isRequest(input) ? input : undefined
    this.options = options
    this.services = services
    this.input = input
    this.init = init
    this.method = init?.method ?? request?.method ?? "GET"
    this.url = typeof input === "string" ? input : isRequest(input) ? input.url : input.href
    const { http } = options
    const target: Target = { method: this.method, url: this.url }
    const budget = budgetOf(http, target, services.rested)
    this.judge = new Judge(
      options.caller,
      http,
      target,
      budget,
      (isUnprocessed) => refusal(this.traits(), http.methods, http.idempotencyHeader, isUnprocessed)
    )
    this.settings = this.judge.settings((error, _, fiber) => {
      const { current } = this
      if (current === undefined) return false
      const { judged, mistake } = current
      if (mistake !== undefined) throw mistake.thrown
      if (judged !== undefined && judged.error === error) return judged.verdict
      return this.judge.judge(this.outcomeOf(current, error), fiber, this.overrideOf(error))
    })
    this.hold = holdOf(http, budget, this.settings.about, services.rested)
    this.body = Object.assign((attempt: PromiseAttempt) => this.attempt(attempt), {
      beforeWait: () => this.beforeWait()
    })
  }

  /** The response that an error stands for, if it was made for one. It comes out, and leads to the run. */
  responseOf(error: unknown): Response | undefined {
    if (this.own === undefined || error !== this.own) return undefined
    const { response } = this.own
    this.ahead?.leave()
    const run = origins.behind(error)
    if (run !== undefined) origins.remember(response, run, this.services.rested)
    return response
  }

  private beforeWait(): void {
    this.ahead = this.own && new ReadAhead(this.own.response)
  }

  private async attempt(attempt: PromiseAttempt): Promise<Response> {
    this.ahead?.discard()
    this.ahead = this.own = undefined
    const signal = this.settings.attemptTimeout < Infinity ? attempt.signal : signalOf(this)
    const state: Attempt = this.current = { signal, phase: "preparing", judged: undefined, mistake: undefined }
    const response = await this.send(attempt, state)
    const { classify, readBody, statuses } = this.options.http
    // most responses are healthy, and nobody asks what their headers say
    if (classify === undefined && !readBody && !statuses.has(response.status)) return response
    const outcome = { response: headOf(response), error: undefined, isDue: statuses.has(response.status) }
    const error = this.options.toError(response)
    // an attempt that was abandoned has no outcome
    if (state === this.current) this.own = error
    if (await this.classified(state, outcome, response, error) !== false) throw error
    if (readBody) await this.failing(state, "reading", () => readWhole(response))
    return response
  }

  /** Sends the request, and judges what it fails with, if a user's word on that may take time. */
  private async send(attempt: PromiseAttempt, state: Attempt): Promise<Response> {
    const { fetch: given = fetch } = this.options
    const [input, init] = await this.request(attempt, state)
    return await this.failing(state, "sent", () => given(input, init))
  }

  private async failing<A>(state: Attempt, phase: Attempt["phase"], act: () => Promise<A>): Promise<A> {
    state.phase = phase
    try {
      return await act()
    } catch (error) {
      if (this.options.http.classify !== undefined && state.signal?.aborted !== true) {
        await this.classified(state, this.outcomeOf(state, error), undefined, error)
      }
      throw error
    }
  }

  /** The verdict on the outcome of an attempt, by what a user says about it. */
  private async classified(
    state: Attempt,
    outcome: Outcome,
    response: Response | undefined,
    error: unknown
  ): Promise<Verdict> {
    const { rested } = this.services
    const { classify } = this.options.http
    const seen = this.judge.look(outcome, rested)
    let verdict: Verdict = false
    try {
      const said = classify && await classify(this.failureOf(response, outcome.error, seen.byDefault))
      verdict = this.judge.decide(seen, said, rested)
    } catch (thrown) {
      state.mistake = { thrown: this.judge.mistake(thrown, error) }
      throw error
    }
    state.judged = { error, verdict }
    return verdict
  }

  /** For an attempt that took too long: it cannot wait for an answer. */
  private overrideOf(error: unknown): ((byDefault: Answer) => Answer | undefined) | undefined {
    const { classify } = this.options.http
    return classify && ((byDefault) => {
      const said = classify(this.failureOf(undefined, error, byDefault))
      return typeof said === "object" && "then" in said ? undefined : said
    })
  }

  private failureOf(response: Response | undefined, error: unknown, byDefault: Answer): Failure {
    const { method, url } = this
    const text = () => response === undefined ? Promise.resolve("") : textOf(response, this.services)
    return { request: { method, url }, response, error, byDefault, text }
  }

  private outcomeOf({ phase }: Attempt, error: unknown): Outcome {
    const isDue = error instanceof AttemptTimedOut ||
      (phase === "reading" ? isBrokenOff(error) : phase === "sent" && !isFinal(error))
    // a redirect that was followed leads to another request
    const redirect = this.init?.redirect ?? (isRequest(this.input) ? this.input.redirect : "follow")
    const isSafe = phase === "sent" && redirect !== "follow" && isUnprocessed(error)
    return { response: undefined, error, isDue, isUnprocessed: isSafe }
  }

  /** What decides whether the request may be sent twice. */
  private traits(): Traits {
    const { idempotencyHeader } = this.options.http
    const key = this.key ?? this.headers().get(idempotencyHeader)?.trim()
    return { method: this.method, hasKey: key !== undefined && key !== "", isReplayable: this.isReplayable() }
  }

  private isReplayable(): boolean {
    const body = this.init?.body
    // the body of a request was kept if its method allows another
    if (body === undefined || body === null) return !isRequest(this.input) || this.input.body === null || !this.isUsedUp
    return typeof body === "function" || isData(body)
  }

  private headers(): Headers {
    return new Headers(this.init?.headers ?? (isRequest(this.input) ? this.input.headers : undefined))
  }

  /** The arguments of `fetch` for an attempt. */
  private async request(
    attempt: PromiseAttempt,
    { signal }: Attempt
  ): Promise<[string | URL | Request, RequestInit | undefined]> {
    const { attemptHeader, idempotencyHeader, idempotencyKey } = this.options.http
    const { init, input } = this
    const body = typeof init?.body === "function" ? await init.body() : init?.body
    const more: RequestInit & { duplex?: "half" } = {}
    if (signal !== undefined) more.signal = signal
    if (typeof init?.body === "function") {
      more.body = body ?? null
      if (isStream(body)) more.duplex = "half"
    }
    if (idempotencyKey || attemptHeader !== undefined) {
      const headers = more.headers = this.headers()
      if (idempotencyKey && takesKey(this.method) && !headers.get(idempotencyHeader)?.trim()) {
        headers.set(idempotencyHeader, this.key ??= Effect.runSync(uuid))
      }
      if (attemptHeader !== undefined) headers.set(attemptHeader, String(attempt.num))
    }
    // if the body is a function, `more` holds what it returned
    return [this.sendable(input), { ...init as RequestInit, ...more }]
  }

  /** The request itself is kept if it may be sent again: what sends it uses up its body. */
  private sendable(input: string | URL | Request): string | URL | Request {
    if (!isRequest(input) || input.body === null || (this.init?.body ?? undefined) !== undefined) return input
    const { idempotencyHeader, methods } = this.options.http
    if (refusal(this.traits(), methods, idempotencyHeader) === undefined) return input.clone()
    this.isUsedUp = true
    return input
  }
}

/** Not by `instanceof`: a request may come from another realm, or from a library. */
const isRequest = (value: unknown): value is Request =>
  typeof value === "object" && value !== null && "clone" in value && "url" in value

const isStream = (body: unknown): boolean => typeof body === "object" && body !== null && !isData(body)

/** The part of a response that decides. */
const headOf = ({ headers, status }: Response): Outcome["response"] => ({
  status,
  headers: Object.fromEntries(headers)
})
