import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Duration, Effect, Exit, Layer, Option, Ref, type Scope, Stream, type Tracer } from "effect"
import { type RetryEvent, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { SecureRandom } from "effect/crypto"
import { HttpBody, HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { inTime } from "../kit/inTime.ts"
import { scripted } from "../kit/scriptedClient.ts"
import { recordLogs, recordSpans } from "../kit/telemetry.ts"

const url = "http://user:secret@localhost:8080/users/7?token=abc"
const plain = { attempts: 3, waitInitial: 10, waitJitter: 0 } as const
const quiet = Effect.provide(Stamina.layerHooks([]))

const reasonOf = (value: unknown) => Option.getOrUndefined(Option.map(Stamina.report(value), ({ reason }) => reason))

const transport = (request: HttpClientRequest.HttpClientRequest, cause?: unknown) =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

describe("HttpRetry.retry", () => {
  it("takes the client first, or in a pipe", () => {
    const { client } = scripted({ status: 200 })
    expect(HttpClient.isHttpClient(HttpRetry.retry(client))).toBe(true)
    expect(HttpClient.isHttpClient(HttpRetry.retry(client, plain))).toBe(true)
    expect(HttpClient.isHttpClient(client.pipe(HttpRetry.retry()))).toBe(true)
    expect(HttpClient.isHttpClient(client.pipe(HttpRetry.retry(plain)))).toBe(true)
  })

  it.effect("is a client like any other: layers take it, methods and pipes work", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 }, { status: 200, body: "hello" })
      const layer = Layer.succeed(HttpClient.HttpClient, client)
      const retrying = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(HttpClient.HttpClient, HttpRetry.retry(plain))
      ).pipe(Layer.provide(layer))
      const response = yield* inTime(Effect.provide(HttpClient.get(url), retrying))
      expect(yield* response.text).toBe("hello")
      expect(sent).toHaveLength(2)
    }).pipe(quiet))

  it.each([
    [{ attempts: 0 }, "HttpRetry.retry: attempts must be an integer >= 1 or Infinity, got 0"],
    [{ statuses: [600] }, "HttpRetry.retry: statuses must be an array of statuses from 200 to 599, got [600]"],
    [{ statuses: 503 }, "HttpRetry.retry: statuses must be an array of statuses from 200 to 599, got 503"],
    [{ methods: ["PO ST"] }, "HttpRetry.retry: methods must be an array of methods, got [\"PO ST\"]"],
    [{ maxHint: -1 }, "HttpRetry.retry: maxHint must be a duration >= 0 or Duration.infinity, got -1"],
    [{ maxHint: "soon" }, "HttpRetry.retry: maxHint must be a duration >= 0 or Duration.infinity, got \"soon\""],
    [{ idempotencyKey: "yes" }, "HttpRetry.retry: idempotencyKey must be true or false, got \"yes\""],
    [{ readBody: 1 }, "HttpRetry.retry: readBody must be true or false, got 1"],
    [{ attemptHeader: "a b" }, "HttpRetry.retry: attemptHeader must be the name of a header, got \"a b\""],
    [{ classify: true }, "HttpRetry.retry: classify must be a function, got true"],
    [{ on: () => true }, "HttpRetry.retry: unknown option \"on\""],
    [{ status: [503] }, "HttpRetry.retry: unknown option \"status\""]
  ])("refuses %o when it is built, in either form", (options, message) => {
    const { client } = scripted({ status: 200 })
    // @ts-expect-error: what the types forbid as well
    expect(() => HttpRetry.retry(options)).toThrow(message)
    // @ts-expect-error: what the types forbid as well
    expect(() => HttpRetry.retry(client, options)).toThrow(RangeError)
  })

  it.effect("hands on the very response and the very error", () =>
    Effect.gen(function*() {
      const responses: Array<HttpClientResponse.HttpClientResponse> = []
      const { client } = scripted({ status: 503 })
      const watched = HttpClient.tap(client, (response) => Effect.sync(() => responses.push(response)))
      expect(yield* inTime(HttpRetry.retry(watched, plain).get(url))).toBe(responses[2])

      const errors: Array<unknown> = []
      const faulty = HttpClient.tapError(scripted("fault").client, (error) => Effect.sync(() => errors.push(error)))
      expect(yield* inTime(Effect.flip(HttpRetry.retry(faulty, plain).get(url)))).toBe(errors[2])
    }).pipe(quiet))

  it.effect("hands on defects and errors that are none of its business, at once", () =>
    Effect.gen(function*() {
      class Mine extends Data.TaggedError("Mine")<{}> {}
      const failing = HttpClient.transformResponse(scripted({ status: 200 }).client, () => Effect.fail(new Mine()))
      expect(yield* Effect.flip(HttpRetry.retry(failing, plain).get(url))).toEqual(new Mine())
      const dying = HttpClient.transformResponse(scripted({ status: 200 }).client, () => Effect.die("bug"))
      expect(yield* Effect.exit(HttpRetry.retry(dying, plain).get(url))).toEqual(Exit.die("bug"))
    }).pipe(quiet))

  it.effect("a response in an error is retried as it would be by itself", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 }, "fault", { status: 404 })
      const error = yield* inTime(Effect.flip(client.pipe(HttpClient.filterStatusOk, HttpRetry.retry(plain)).get(url)))
      expect(error.response?.status).toBe(404)
      expect(sent).toHaveLength(3)
    }).pipe(quiet))

  it.effect.each<readonly [string, number]>([
    ["CERT_HAS_EXPIRED", 1],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", 1],
    ["SELF_SIGNED_CERT_IN_CHAIN", 1],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", 1],
    ["ERR_TLS_CERT_ALTNAME_INVALID", 1],
    ["ERR_INVALID_CHAR", 1],
    ["UND_ERR_INVALID_ARG", 1],
    ["ECONNRESET", 3],
    ["ECONNREFUSED", 3],
    ["ENOTFOUND", 3],
    ["UND_ERR_SOCKET", 3],
    ["UND_ERR_CONNECT_TIMEOUT", 3]
  ])("a fault with code %s makes %i requests", ([code, requests]) =>
    Effect.gen(function*() {
      let sent = 0
      const client = HttpClient.make((request) => {
        sent++
        // as fetch wraps what the socket says
        const cause = new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) })
        return Effect.fail(transport(request, cause))
      })
      yield* inTime(Effect.flip(HttpRetry.retry(client, plain).get(url)))
      expect(sent).toBe(requests)
    }).pipe(quiet))

  it.effect("a cause that leads back to itself is followed only so far", () =>
    Effect.gen(function*() {
      const cause: { code: string; cause?: unknown } = { code: "ECONNRESET" }
      cause.cause = cause
      let sent = 0
      const client = HttpClient.make((request) => Effect.fail(transport(request, sent++ < 9 ? cause : undefined)))
      yield* inTime(Effect.flip(HttpRetry.retry(client, plain).get(url)))
      expect(sent).toBe(3)
    }).pipe(quiet))

  it.effect("Effect's own timeouts count as faults", () =>
    Effect.gen(function*() {
      let sent = 0
      const slow = HttpClient.make(() => Effect.andThen(Effect.sync(() => sent++), Effect.never)).pipe(
        HttpClient.transformResponse(Effect.timeout("1 second"))
      )
      expect(Cause.isTimeoutError(yield* inTime(Effect.flip(HttpRetry.retry(slow, plain).get(url))))).toBe(true)
      expect(sent).toBe(3)
    }).pipe(quiet))

  it.effect("does as the switches say", () =>
    Effect.gen(function*() {
      const inactive = scripted({ status: 503 })
      yield* Effect.provide(HttpRetry.retry(inactive.client, plain).get(url), Stamina.layerInactive)
      expect(inactive.sent).toHaveLength(1)
      const testing = scripted({ status: 503, headers: { "retry-after": "3600" } })
      yield* Effect.provide(HttpRetry.retry(testing.client, plain).get(url), Stamina.layerTesting({ attempts: 5 }))
      expect(testing.times).toEqual([0, 0, 0, 0, 0])
    }).pipe(quiet))

  it.effect("one client serves many calls at once, each with a count of its own", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 })
      const retrying = HttpRetry.retry(client, plain)
      yield* inTime(Effect.all(Array.from({ length: 20 }, () => retrying.get(url)), { concurrency: "unbounded" }))
      expect(sent).toHaveLength(60)
    }).pipe(quiet))
})

describe("which requests are sent again", () => {
  const requests = (request: HttpClientRequest.HttpClientRequest, options: HttpRetry.Options = {}) =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 })
      const response = yield* inTime(HttpRetry.retry(client, { ...plain, ...options }).execute(request))
      const faulty = scripted("fault")
      yield* inTime(Effect.flip(HttpRetry.retry(faulty.client, { ...plain, ...options }).execute(request)))
      expect(response.status).toBe(503)
      expect(faulty.sent).toHaveLength(sent.length)
      return sent
    }).pipe(quiet)

  it.effect.each(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] as const)(
    "%s is",
    (method) =>
      Effect.gen(function*() {
        expect(yield* requests(HttpClientRequest.make(method)(url))).toHaveLength(3)
      })
  )

  it.effect.each(["POST", "PATCH", "QUERY"] as const)(
    "%s is not, unless it is named or has a key",
    (method) =>
      Effect.gen(function*() {
        const request = HttpClientRequest.make(method)(url)
        expect(yield* requests(request)).toHaveLength(1)
        expect(yield* requests(request, { methods: [method.toLowerCase()] })).toHaveLength(3)
        expect(yield* requests(HttpClientRequest.setHeader(request, "Idempotency-Key", "mine"))).toHaveLength(3)
      })
  )

  it.effect("GET is not where only others are named", () =>
    Effect.gen(function*() {
      expect(yield* requests(HttpClientRequest.get(url), { methods: ["PUT"] })).toHaveLength(1)
    }))

  const form = new FormData()
  form.append("file", new Blob(["x"]))

  it.effect.each<readonly [string, HttpBody.HttpBody, number]>([
    ["text", HttpBody.text("x"), 3],
    ["JSON", HttpBody.jsonUnsafe({ x: 1 }), 3],
    ["bytes", HttpBody.uint8Array(new Uint8Array(1)), 3],
    ["form data", HttpBody.formData(form), 3],
    ["raw text", HttpBody.raw("x"), 3],
    ["raw null", HttpBody.raw(null), 3],
    ["a raw buffer", HttpBody.raw(new ArrayBuffer(1)), 3],
    ["a raw view", HttpBody.raw(new DataView(new ArrayBuffer(1))), 3],
    ["a raw blob", HttpBody.raw(new Blob(["x"])), 3],
    ["raw parameters", HttpBody.raw(new URLSearchParams("x=1")), 3],
    ["raw form data", HttpBody.raw(form), 3],
    ["a stream", HttpBody.stream(Stream.make(new Uint8Array(1))), 1],
    ["a raw web stream", HttpBody.raw(new Blob(["x"]).stream()), 1],
    ["a raw iterator", HttpBody.raw([new Uint8Array(1)].values()), 1],
    ["a raw object", HttpBody.raw({ pipe: () => {} }), 1]
  ])("a PUT with %s", ([, body, count]) =>
    Effect.gen(function*() {
      expect(yield* requests(HttpClientRequest.setBody(HttpClientRequest.put(url), body))).toHaveLength(count)
    }))

  it.effect("the reason is logged: as a warning for a body, at debug for a method, and only where it mattered", () =>
    Effect.gen(function*() {
      const stream = HttpClientRequest.put(url).pipe(HttpClientRequest.bodyStream(Stream.make(new Uint8Array(1))))
      const logged = (request: HttpClientRequest.HttpClientRequest, status: number) =>
        Effect.gen(function*() {
          const { lines, provide } = recordLogs()
          yield* provide(HttpRetry.retry(scripted({ status }).client, plain).execute(request))
          return lines
        })
      expect(yield* logged(stream, 503)).toEqual([{
        level: "Warn",
        message: "stamina.not_retried",
        annotations: { callable: "PUT localhost:8080", why: "the body can be sent only once" }
      }])
      expect(yield* logged(HttpClientRequest.post(url), 503)).toEqual([{
        level: "Debug",
        message: "stamina.not_retried",
        annotations: {
          callable: "POST localhost:8080",
          why: "POST is not idempotent, and there is no Idempotency-Key"
        }
      }])
      expect(yield* logged(stream, 200)).toEqual([])
      expect(yield* logged(stream, 404)).toEqual([])
    }))

  it.effect("an attempt that takes too long is not repeated either, and that is logged", () =>
    Effect.gen(function*() {
      let sent = 0
      const hanging = HttpClient.make(() => Effect.andThen(Effect.sync(() => sent++), Effect.never))
      const { lines, provide } = recordLogs()
      const retrying = HttpRetry.retry(hanging, { ...plain, attemptTimeout: "1 second" })
      const error = yield* inTime(provide(Effect.flip(retrying.post(url))))
      expect(error._tag).toBe("AttemptTimedOut")
      expect(sent).toBe(1)
      expect(lines.map(({ message }) => message)).toEqual(["stamina.not_retried"])
      yield* inTime(Effect.flip(retrying.get(url)))
      expect(sent).toBe(4)
    }).pipe(quiet))
})

describe("idempotencyKey", () => {
  const keyOf = (request: HttpClientRequest.HttpClientRequest | undefined) => request?.headers["idempotency-key"]

  it.effect("gives POST and PATCH one key per call, and nothing else", () =>
    Effect.gen(function*() {
      for (const method of ["POST", "PATCH", "PUT", "GET", "QUERY"] as const) {
        const { client, sent } = scripted({ status: 503 })
        const retrying = HttpRetry.retry(client, { ...plain, idempotencyKey: true })
        for (let call = 0; call < 2; call++) yield* inTime(retrying.execute(HttpClientRequest.make(method)(url)))
        const keys = sent.map(keyOf)
        if (method === "POST" || method === "PATCH") {
          expect(keys).toHaveLength(6)
          expect(new Set(keys).size).toBe(2)
          expect(new Set(keys.slice(0, 3)).size).toBe(1)
        } else expect(new Set(keys)).toEqual(new Set([undefined]))
      }
    }).pipe(quiet))

  it.effect("keeps a key that is there, wherever it was set", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 })
      const keyed = HttpClient.mapRequest(HttpClientRequest.setHeader("Idempotency-Key", "mine"))
      yield* inTime(client.pipe(keyed, HttpRetry.retry({ ...plain, idempotencyKey: true })).post(url))
      yield* inTime(client.pipe(HttpRetry.retry({ ...plain, idempotencyKey: true }), keyed).post(url))
      expect(sent.map(keyOf)).toEqual(Array.from({ length: 6 }, () => "mine"))
    }).pipe(quiet))

  it.effect("stays the same where what makes it is run anew for each attempt", () =>
    Effect.gen(function*() {
      let n = 0
      const { client, sent } = scripted({ status: 503 })
      const numbered = HttpClient.mapRequest(client, (request) =>
        request.pipe(
          HttpClientRequest.setHeader("Idempotency-Key", `key ${++n}`),
          HttpClientRequest.setHeader("Authorization", `token ${n}`)
        ))
      yield* inTime(HttpRetry.retry(numbered, plain).post(url))
      expect(sent.map(keyOf)).toEqual(["key 1", "key 1", "key 1"])
      expect(sent.map(({ headers }) => headers["authorization"])).toEqual(["token 1", "token 2", "token 3"])
    }).pipe(quiet))

  it.effect("comes from SecureRandom where that is provided", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 200 })
      yield* HttpRetry.retry(client, { idempotencyKey: true }).post(url).pipe(
        Effect.provideService(SecureRandom.SecureRandom, SecureRandom.make((size) => new Uint8Array(size)))
      )
      expect(keyOf(sent[0])).toBe("00000000-0000-4000-8000-000000000000")
    }))
})

describe("what is retried", () => {
  it.effect("statuses: those that are named, and no others", () =>
    Effect.gen(function*() {
      for (const [status, count] of [[418, 3], [503, 1]] as const) {
        const { client, sent } = scripted({ status })
        yield* inTime(HttpRetry.retry(client, { ...plain, statuses: [418] }).get(url))
        expect(sent).toHaveLength(count)
      }
    }).pipe(quiet))

  it.effect("classify: is asked about everything, with the default; undefined leaves it at that", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const { client } = scripted({ status: 503, headers: { "retry-after": "2" } }, "fault", { status: 200 })
      const response = yield* inTime(
        HttpRetry.retry(client, {
          ...plain,
          classify: ({ byDefault, error, request, response }) => {
            asked.push([request.method, response?.status, (error as { _tag?: string })?._tag, byDefault])
            return undefined
          }
        }).get(url)
      )
      expect(response.status).toBe(200)
      expect(asked).toEqual([
        ["GET", 503, undefined, { _tag: "Hint", wait: 2000, max: 60_000 }],
        ["GET", undefined, "HttpClientError", true],
        ["GET", 200, undefined, false]
      ])
    }).pipe(quiet))

  it.effect("classify: true is after the server's hint, a duration is exact, false is not", () =>
    Effect.gen(function*() {
      const run = (status: number, answer: boolean | Duration.Input) =>
        Effect.gen(function*() {
          const { client, times } = scripted({ status, headers: { "retry-after": "2" } })
          yield* inTime(HttpRetry.retry(client, { ...plain, attempts: 2, classify: () => answer }).get(url))
          return times.map((time) => time - (times[0] ?? 0))
        })
      expect(yield* run(409, true)).toEqual([0, 2000])
      expect(yield* run(202, true)).toEqual([0, 2000])
      expect(yield* run(503, "5 seconds")).toEqual([0, 5000])
      expect(yield* run(503, false)).toEqual([0])
    }).pipe(quiet))

  it.effect("classify: cannot make a request be sent twice that must not be", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 })
      yield* HttpRetry.retry(client, { ...plain, classify: () => true }).post(url)
      expect(sent).toHaveLength(1)
    }).pipe(quiet))

  it.effect("classify: what it throws, or answers that is none, is a defect beside the error", () =>
    Effect.gen(function*() {
      const run = (classify: () => never) =>
        Effect.exit(HttpRetry.retry(scripted("fault").client, { ...plain, classify }).get(url))
      const thrown = yield* run(() => {
        throw new Error("bug")
      })
      const tags = (exit: Exit.Exit<unknown, unknown>) =>
        Exit.isFailure(exit) ? exit.cause.reasons.map(({ _tag }) => _tag) : []
      expect(tags(thrown)).toEqual(["Fail", "Die"])
      expect(tags(yield* run(() => "nonsense" as never))).toEqual(["Fail", "Die"])
      const onResponse = yield* Effect.exit(
        HttpRetry.retry(scripted({ status: 503 }).client, { ...plain, classify: () => "nonsense" as never }).get(url)
      )
      // there is no error to stand beside
      expect(tags(onResponse)).toEqual(["Die"])
    }).pipe(quiet))
})

describe("what surrounds the requests", () => {
  it.effect("attemptHeader numbers them, and is off by default", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 })
      yield* inTime(HttpRetry.retry(client, { ...plain, attemptHeader: "X-Attempt" }).get(url))
      expect(sent.map(({ headers }) => headers["x-attempt"])).toEqual(["1", "2", "3"])
      const off = scripted({ status: 503 })
      yield* inTime(HttpRetry.retry(off.client, plain).get(url))
      expect(off.sent.map(({ headers }) => Object.keys(headers))).toEqual(
        off.sent.map(() => ["b3", "traceparent"].filter((name) => name in (off.sent[0]?.headers ?? {})))
      )
    }).pipe(quiet))

  it.effect("spans tell how often a request was sent before, from the second on", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      yield* inTime(provide(Effect.withSpan(
        HttpRetry.retry(scripted({ status: 503 }, "fault", { status: 200 }).client, plain).get("http://localhost/"),
        "outside"
      )))
      const counts = (span: Tracer.Span) => span._tag === "Span" ? span.attributes.get("http.request.resend_count") : 0
      expect(spans.map((span) => [span.name, counts(span)])).toEqual([
        ["outside", undefined],
        ["GET", undefined],
        ["GET", 1],
        ["GET", 2]
      ])
    }).pipe(quiet))

  it.effect("hooks see an HttpClientError, method and host, and can read the body", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const onRetryScheduled = ({ causedBy, name }: RetryEvent.RetryScheduled): Effect.Effect<void> =>
        HttpClientError.isHttpClientError(causedBy) && causedBy.response !== undefined
          ? Effect.ignore(Effect.map(causedBy.response.text, (text) => seen.push([name, causedBy.message, text])))
          : Effect.void
      const layer = Stamina.layerHooks([{ onRetryScheduled }])
      const { client } = scripted({ status: 503, body: "busy" }, { status: 200, body: "hello" })
      const response = yield* inTime(Effect.provide(HttpRetry.retry(client, plain).get(url), layer))
      expect(yield* response.text).toBe("hello")
      expect(seen).toEqual([[
        "GET localhost:8080",
        expect.stringMatching(/^StatusCode: to be retried \(503 GET http:\/\/.*localhost:8080/),
        "busy"
      ]])
    }))

  it.effect.each<readonly [string, string]>([
    ["http://localhost/", "GET localhost"],
    ["https://API.Example.com:8443/users/7", "GET api.example.com:8443"],
    ["https://me:pass@example.com?x=1", "GET example.com"],
    ["https://[::1]:8080/#a", "GET [::1]:8080"],
    ["/users/7", "GET"],
    ["not a url", "GET"]
  ])("%s is called %s", ([url, name]) =>
    Effect.gen(function*() {
      const names: Array<string> = []
      const layer = Stamina.layerHooks([{
        onGaveUp: ({ name }) => Effect.sync(() => void names.push(name))
      }])
      const failing = HttpClient.makeWith(
        (request: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
          Effect.flatMap(request, (request) => Effect.fail(transport(request))),
        (request) => Effect.succeed(request)
      )
      const call = HttpRetry.retry(failing, { attempts: 1 }).get(url)
      yield* Effect.ignore(Effect.provide(call, layer))
      expect(names).toEqual([name])
      yield* Effect.ignore(Effect.provide(HttpRetry.retry(failing, { attempts: 1, name: "mine" }).get(url), layer))
      expect(names).toEqual([name, "mine"])
    }))

  it.effect("what prepares a request and fails is not retried", () =>
    Effect.gen(function*() {
      let prepared = 0
      const { client, sent } = scripted({ status: 503 })
      const unprepared = HttpClient.mapRequestEffect(client, (request) =>
        ++prepared === 2 ? Effect.fail(transport(request)) : Effect.succeed(request))
      yield* inTime(Effect.flip(HttpRetry.retry(unprepared, plain).get(url)))
      expect([prepared, sent.length]).toEqual([2, 1])
    }).pipe(quiet))

  it.effect("cookies of a response that was retried are sent with the next request", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503, headers: { "set-cookie": "a=1" } }, { status: 200 })
      const cookies = yield* Ref.make<ReadonlyArray<never>>([])
      const retrying = client.pipe(HttpClient.withCookiesRef(cookies as never), HttpRetry.retry(plain))
      yield* inTime(retrying.get("http://localhost/"))
      expect(sent.map(({ headers }) => headers["cookie"])).toEqual([undefined, "a=1"])
    }).pipe(quiet))

  it.effect("withScope reaches the request from either side", () =>
    Effect.gen(function*() {
      for (const inside of [true, false]) {
        const signals: Array<AbortSignal> = []
        const client = HttpClient.make((request, _, signal) => {
          signals.push(signal)
          return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null)))
        })
        const options = { ...plain, idempotencyKey: true }
        const scoped: HttpClient.HttpClient.With<HttpClientError.HttpClientError, Scope.Scope> = inside
          ? client.pipe(HttpClient.withScope, HttpRetry.retry(options))
          : client.pipe(HttpRetry.retry(options), HttpClient.withScope)
        yield* Effect.scoped(Effect.andThen(
          scoped.post(url),
          Effect.sync(() => {
            expect(signals.map(({ aborted }) => aborted)).toEqual([false])
          })
        ))
        expect(signals.map(({ aborted }) => aborted)).toEqual([true])
      }
    }))
})

describe("retries around retries", () => {
  it.effect("a report tells of the run, by the response or the error", () =>
    Effect.gen(function*() {
      const response = yield* inTime(HttpRetry.retry(scripted({ status: 503 }).client, plain).get(url))
      expect(Option.getOrThrow(Stamina.report(response))).toMatchObject({ reason: "AttemptsExhausted", attempts: 3 })
      const error = yield* inTime(Effect.flip(HttpRetry.retry(scripted("fault").client, plain).get(url)))
      expect(reasonOf(error)).toBe("AttemptsExhausted")
      const fine = yield* HttpRetry.retry(scripted({ status: 200 }).client, plain).get(url)
      expect(reasonOf(fine)).toBeUndefined()
    }).pipe(quiet))

  it.effect("nested: \"once\" knows an error that was made of a response that was retried", () =>
    Effect.gen(function*() {
      for (const [nested, count] of [["once", 3], ["allow", 6]] as const) {
        const { client, sent } = scripted({ status: 503 })
        const call = client.pipe(HttpRetry.retry(plain), HttpClient.filterStatusOk).get(url).pipe(
          Stamina.retry({ ...plain, attempts: 2, on: HttpRetry.on, nested })
        )
        const error = yield* inTime(Effect.flip(call))
        expect(sent).toHaveLength(count)
        expect(Option.getOrThrow(Stamina.report(error)).calls).toBe(count)
      }
    }).pipe(quiet))
})

describe("HttpRetry.on", () => {
  const statusError = (request: HttpClientRequest.HttpClientRequest, status: number, headers = {}) =>
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.StatusCodeError({
        request,
        response: HttpClientResponse.fromWeb(request, new Response(null, { status, headers }))
      })
    })
  const decodeError = (cause: unknown) => {
    const request = HttpClientRequest.get(url)
    const response = HttpClientResponse.fromWeb(request, new Response(null))
    return new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({ request, response, cause })
    })
  }

  it("answers as HttpRetry.retry does", () => {
    expect(HttpRetry.on(transport(HttpClientRequest.get(url)))).toBe(true)
    expect(HttpRetry.on(transport(HttpClientRequest.post(url)))).toBe(false)
    for (const status of HttpRetry.defaultStatuses) {
      expect(HttpRetry.on(statusError(HttpClientRequest.get(url), status))).toBe(true)
    }
    expect(HttpRetry.on(statusError(HttpClientRequest.get(url), 404))).toBe(false)
    expect(HttpRetry.on(statusError(HttpClientRequest.post(url), 503))).toBe(false)
    expect(HttpRetry.on(new Cause.TimeoutError())).toBe(true)
    expect(HttpRetry.on(new Error("mine"))).toBe(false)
    expect(HttpRetry.on("503")).toBe(false)
  })

  it("tells a body that broke off from one that makes no sense", () => {
    expect(HttpRetry.on(decodeError(Object.assign(new Error(), { code: "ECONNRESET" })))).toBe(true)
    expect(HttpRetry.on(decodeError(new TypeError("terminated")))).toBe(true)
    expect(HttpRetry.on(decodeError(new SyntaxError("Unexpected token")))).toBe(false)
    expect(HttpRetry.on(decodeError(new TypeError("Failed to parse body as FormData.")))).toBe(false)
    expect(HttpRetry.on(decodeError(undefined))).toBe(false)
  })

  it.effect("is an on like any other", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 }, "fault", { status: 200, body: "[1]" })
      const call = HttpClient.filterStatusOk(client).get(url).pipe(
        Effect.flatMap((response) => response.json),
        Stamina.retry({ ...plain, on: HttpRetry.on })
      )
      expect(yield* inTime(call)).toEqual([1])
      expect(sent).toHaveLength(3)
    }).pipe(quiet))
})
