import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Option, PlatformError } from "effect"
import { RetryEvent, Stamina } from "effect-stamina"
import { HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { SqlError } from "effect/sql"
import { inTime } from "../kit/inTime.ts"
import { freshRegistry, recordLogs, recordSpans } from "../kit/telemetry.ts"

const secret = "hunter2"

const request = HttpClientRequest.get(`https://example.com/${secret}`)
const withStatus = (status: number) => HttpClientResponse.fromWeb(request, new Response(secret, { status }))
const refused = (status: number) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.StatusCodeError({ request, response: withStatus(status), description: secret })
  })
const transport = (cause?: unknown) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause, description: secret })
  })
const coded = (code: unknown, cause?: unknown) => Object.assign(new Error(secret, { cause }), { code })

const types: ReadonlyArray<readonly [string, unknown]> = [
  ["HttpClientError.StatusCodeError.429", refused(429)],
  ["HttpClientError.StatusCodeError.503", refused(503)],
  [
    "HttpClientError.DecodeError.502",
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({ request, response: withStatus(502) })
    })
  ],
  ["HttpClientError.TransportError", transport()],
  ["HttpClientError.TransportError", transport(coded(secret))],
  [
    "HttpClientError.TransportError.ECONNRESET",
    transport(new TypeError("fetch failed", { cause: coded("ECONNRESET") }))
  ],
  ["HttpClientError.TransportError.UND_ERR_SOCKET", transport(coded("UND_ERR_SOCKET", coded("ECONNRESET")))],
  [
    "HttpClientError.TransportError.AttemptTimedOut",
    transport(new Stamina.AttemptTimedOut({ attempt: 1, after: "1 second" as never }))
  ],
  ["HttpClientError.TransportError.TimeoutError", transport(new Cause.TimeoutError(secret))],
  ["SqlError.DeadlockError", new SqlError.SqlError({ reason: new SqlError.DeadlockError({ cause: coded("40P01") }) })],
  [
    "SqlError.ConnectionError.ECONNREFUSED",
    new SqlError.SqlError({ reason: new SqlError.ConnectionError({ cause: coded("ECONNREFUSED") }) })
  ],
  ["PlatformError.NotFound", PlatformError.systemError({ _tag: "NotFound", module: "fs", method: "read" })]
]

/** Errors without a reason that has a tag: these have their own name alone, whatever else they hold. */
const plain: ReadonlyArray<readonly [string, unknown]> = [
  ["HttpError", { _tag: "HttpError", status: 503, response: { status: 503 }, code: "ECONNRESET" }],
  ["Named", { _tag: "Named", reason: secret }],
  ["Named", { _tag: "Named", reason: { code: secret } }],
  ["Named", { _tag: "Named", reason: { _tag: "" } }],
  ["Named", { _tag: "Named", reason: { _tag: 42 } }],
  ["Named", { _tag: "Named", reason: null }],
  ["Error", coded("ECONNRESET")],
  ["string", secret],
  ["null", null],
  ["undefined", undefined]
]

const throwing = (property: string, over: object = {}) =>
  Object.defineProperty({ _tag: "Odd", reason: { _tag: "Why" }, ...over }, property, {
    get: () => {
      throw new Error(secret)
    }
  })

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const circular = () => {
  const error: Record<string, unknown> = { _tag: "Odd" }
  error["cause"] = error["reason"] = error["response"] = error
  return error
}

const odd: ReadonlyArray<readonly [string, unknown]> = [
  ["object", revoked()],
  ["Odd", throwing("reason")],
  ["Odd", { _tag: "Odd", reason: throwing("_tag") }],
  ["Odd", { _tag: "Odd", reason: revoked() }],
  ["Odd.Why", throwing("response")],
  ["Odd.Why", throwing("cause")],
  ["Odd.Why", throwing("code")],
  ["Odd.Why", { _tag: "Odd", reason: { _tag: "Why", response: revoked() } }],
  ["Odd.Odd", circular()],
  ...[99, 600, 503.5, Number.NaN, Infinity, "503", 503n, secret].map((status) =>
    ["Odd.Why", { _tag: "Odd", reason: { _tag: "Why", response: { status } } }] as const
  ),
  ["Odd.Why.100", { _tag: "Odd", reason: { _tag: "Why", response: { status: 100 } } }],
  ["Odd.Why.599", { _tag: "Odd", reason: { _tag: "Why" }, response: { status: 599 } }]
]

describe("RetryEvent.errorType", () => {
  it.each(types)("calls an error of Effect %s", (type, error) => {
    expect(RetryEvent.errorType(error)).toBe(type)
  })

  it.each(plain)("calls an error that gives no reason %s", (type, error) => {
    expect(RetryEvent.errorType(error)).toBe(type)
  })

  it.each(odd)("comes to no harm with an odd error, %s", (type, error) => {
    expect(RetryEvent.errorType(error)).toBe(type)
  })

  it("has no secret in it", () => {
    const all = [...types, ...plain, ...odd].map(([, error]) => RetryEvent.errorType(error))
    expect(all.filter((type) => type.includes(secret))).toEqual([])
  })
})

describe("the type of an error", () => {
  it.effect.each(types)(
    "%s is the same in logs, metrics, spans and reports",
    ([type, error]) =>
      Effect.gen(function*() {
        const [logs, metrics, traces] = [recordLogs(), freshRegistry(), recordSpans()]
        yield* Effect.fail(error).pipe(
          Stamina.retry({ on: () => true, attempts: 2, waitJitter: 0 }),
          Effect.exit,
          Effect.withSpan("around"),
          inTime,
          logs.provide,
          metrics.provide,
          traces.provide
        )
        expect(logs.lines.map(({ annotations }) => annotations["caused_by"])).toEqual([type, type])
        expect(metrics.counts("stamina_retries_total").map(([labels]) => labels?.["error_type"])).toEqual([type])
        expect(traces.spans[0]?.events.map(([, , attributes]) => attributes["stamina.error_type"])).toEqual([
          type,
          type
        ])
        expect(Option.map(Stamina.report(error), ({ attempts }) => attempts)).toEqual(Option.some(2))
        expect(logs.text()).not.toContain(secret)
      })
  )

  it.effect("stays before the message, where messages are logged", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      class Refused extends Data.TaggedError("Refused")<{ readonly reason: unknown; readonly message: string }> {}
      yield* Effect.fail(new Refused({ message: "not today", reason: { _tag: "Closed" } })).pipe(
        Stamina.retry({ on: "Refused", attempts: 1 }),
        Effect.exit,
        Effect.provide(Stamina.layerLogs({ messages: true })),
        provide
      )
      expect(lines.map(({ annotations }) => annotations["caused_by"])).toEqual([
        "Refused.Closed",
        "Refused.Closed: not today"
      ])
    }))
})
