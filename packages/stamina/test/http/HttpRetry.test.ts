import { describe, expect, it } from "@effect/vitest"
import {
  Cause,
  Data,
  Duration,
  Effect,
  Exit,
  Layer,
  Option,
  Ref,
  Schema,
  type Scope,
  Stream,
  type Tracer
} from "effect"
import { type RetryEvent, RetryOn, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { SecureRandom } from "effect/crypto"
import { HttpBody, HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { HttpApi, HttpApiClient, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { inTime } from "../kit/inTime.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { scripted, type Step } from "../kit/scriptedClient.ts"
import { recordLogs, recordSpans } from "../kit/telemetry.ts"

const url = "http://user:secret@localhost:8080/users/7?token=abc"
const plain = { attempts: 3, waitInitial: 10, waitJitter: 0 } as const

/** Most of these fail in a row, which a budget would notice. */
const unlimited = { ...plain, budget: "none" } as const
const quiet = Effect.provide(Stamina.layerHooks([]))

const transport = (request: HttpClientRequest.HttpClientRequest, cause?: unknown) =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

describe("HttpRetry.retry", () => {
  it("takes the client first, or in a pipe", () => {
    const { client } = scripted({ status: 200 })
    expect(HttpClient.isHttpClient(HttpRetry.retry(client))).toBe(true)
    expect(HttpClient.isHttpClient(HttpRetry.retry(client, unlimited))).toBe(true)
    expect(HttpClient.isHttpClient(client.pipe(HttpRetry.retry()))).toBe(true)
    expect(HttpClient.isHttpClient(client.pipe(HttpRetry.retry(unlimited)))).toBe(true)
  })

  it.effect("is a client like any other: layers take it, methods and pipes work", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 }, { status: 200, body: "hello" })
      const layer = Layer.succeed(HttpClient.HttpClient, client)
      const retrying = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(HttpClient.HttpClient, HttpRetry.retry(unlimited))
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
    [
      { idempotencyHeader: "" },
      "HttpRetry.retry: idempotencyHeader must be the name of a header, got \"\""
    ],
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
      const error = yield* inTime(
        Effect.flip(client.pipe(HttpClient.filterStatusOk, HttpRetry.retry(unlimited)).get(url))
      )
      expect(error.response?.status).toBe(404)
      expect(sent).toHaveLength(3)
    }).pipe(quiet))

  const openSsl = (what: string) => {
    const message =
      `write EPROTO 405D4B456E7F0000:error:0A00010B:SSL routines:${what}:../deps/openssl/ssl/record.c:84:\n`
    return Object.assign(new Error(message), { code: "EPROTO" })
  }

  const failsWith = (cause: unknown) =>
    Effect.gen(function*() {
      let sent = 0
      const client = HttpClient.make((request) => {
        sent++
        return Effect.fail(transport(request, cause))
      })
      yield* inTime(Effect.flip(HttpRetry.retry(client, unlimited).get(url)))
      return sent
    }).pipe(quiet)

  it.effect.each([
    // what comes of verifying a certificate
    "CERT_HAS_EXPIRED",
    "CERT_NOT_YET_VALID",
    "CERT_REVOKED",
    "CERT_CHAIN_TOO_LONG",
    "CRL_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_GET_CRL",
    "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
    "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "ERROR_IN_CERT_NOT_AFTER_FIELD",
    "HOSTNAME_MISMATCH",
    "INVALID_CA",
    "INVALID_PURPOSE",
    "PATH_LENGTH_EXCEEDED",
    // TLS
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "ERR_SSL_UNSUPPORTED_PROTOCOL",
    "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    "ERR_SSL_TLSV1_UNRECOGNIZED_NAME",
    "ERR_SSL_DH_KEY_TOO_SMALL",
    "ERR_SSL_CA_MD_TOO_WEAK",
    // requests that cannot be sent, responses over a limit
    "ERR_INVALID_CHAR",
    "ERR_INVALID_PROTOCOL",
    "ERR_UNESCAPED_CHARACTERS",
    "UND_ERR_INVALID_ARG",
    "UND_ERR_NOT_SUPPORTED",
    "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
    "UND_ERR_HEADERS_OVERFLOW",
    "HPE_HEADER_OVERFLOW",
    // redirects, aborts, closed clients
    "ERR_FR_TOO_MANY_REDIRECTS",
    "UND_ERR_ABORTED",
    "UND_ERR_DESTROYED",
    "UND_ERR_CLOSED",
    "ABORT_ERR",
    "ERR_HTTP2_INVALID_HEADER_VALUE",
    "ERR_HTTP2_INVALID_CONNECTION_HEADERS",
    "ERR_HTTP2_PSEUDOHEADER_NOT_ALLOWED",
    // alerts with another prefix, or none
    "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "ERR_SSL_TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
    "ERR_SSL_TLSV1_UNSUPPORTED_EXTENSION",
    // Bun
    "TooManyRedirects",
    "UnexpectedRedirect",
    "RedirectURLInvalid",
    "ResponseHeadersTooLarge",
    "RequestBodyNotReusable"
  ])("a fault with code %s is final, by itself and where fetch wraps it", (code) =>
    Effect.gen(function*() {
      const fault = Object.assign(new Error(code), { code })
      expect(yield* failsWith(fault)).toBe(1)
      expect(yield* failsWith(new TypeError("fetch failed", { cause: fault }))).toBe(1)
    }))

  it.effect.each([
    "ECONNRESET",
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EPIPE",
    "EPROTO",
    "OUT_OF_MEM",
    "HPE_INVALID_CONSTANT",
    "UND_ERR_SOCKET",
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_HEADERS_TIMEOUT",
    "ERR_TLS_HANDSHAKE_TIMEOUT",
    "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR",
    "ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC",
    "ERR_SSL_UNEXPECTED_EOF_WHILE_READING",
    "ERR_HTTP2_STREAM_ERROR",
    "ERR_HTTP2_SESSION_ERROR",
    "ERR_HTTP2_INVALID_SESSION",
    "ERR_HTTP2_INVALID_STREAM",
    "ERR_STREAM_PREMATURE_CLOSE",
    // Bun
    "ConnectionClosed",
    "FailedToOpenSocket",
    "HTTP2StreamReset",
    "HTTP2RefusedStream",
    "Malformed_HTTP_Response"
  ])("a fault with code %s passes, by itself and where fetch wraps it", (code) =>
    Effect.gen(function*() {
      const fault = Object.assign(new Error(code), { code })
      expect(yield* failsWith(fault)).toBe(3)
      expect(yield* failsWith(new TypeError("fetch failed", { cause: fault }))).toBe(3)
    }))

  it.effect.each<readonly [string, unknown, number]>([
    [
      "undici's fetch, about a redirect",
      new TypeError("fetch failed", { cause: new Error("redirect count exceeded") }),
      1
    ],
    ["undici's fetch, about a port", new TypeError("fetch failed", { cause: new Error("bad port") }), 1],
    [
      "undici's fetch, about the answer",
      new TypeError("fetch failed", { cause: Object.assign(new Error("no HTTP"), { name: "HTTPParserError" }) }),
      3
    ],
    ["undici's fetch, about a scheme", new TypeError("fetch failed", { cause: new Error("unknown scheme") }), 1],
    ...[
      "error sending request for url (http://localhost/): client error (Connect): tcp connect error: Connection refused",
      "error sending request for url (http://localhost/): client error (Connect): dns error: failed to lookup address",
      "Connection reset by peer (os error 104)",
      "client error (SendRequest): connection closed before message completed",
      "stream error received: refused stream before processing any application logic",
      "client error (Connect): received fatal alert: InternalError"
    ].map((text) => [`Deno, ${text}`, new TypeError("fetch failed", { cause: new Error(text) }), 3] as const),
    ...[
      "client error (Connect): invalid peer certificate: UnknownIssuer",
      "client error (Connect): received corrupt message of type InvalidContentType",
      "client error (Connect): received fatal alert: HandshakeFailure",
      "client error (Connect): received fatal alert: CertificateRequired",
      "client error (Connect): peer is incompatible: NoCipherSuitesInCommon"
    ].flatMap((text) => [
      [`Deno, ${text}`, new TypeError("fetch failed", { cause: new Error(text) }), 1] as const,
      [
        `Deno before 2.9, ${text}`,
        new TypeError(`error sending request for url (https://localhost/): ${text}`),
        1
      ] as const
    ]),
    ...[
      "Fetch failed: Maximum number of redirects (20) reached",
      "Fetch failed: Encountered redirect while redirect mode is set to 'error'",
      "Fetch failed: Requests to port 1 are blocked"
    ].map((text) => [`Deno, ${text}`, new TypeError(text), 1] as const),
    [
      "Deno, about what is not allowed",
      Object.assign(new Error("Requires net access to \"localhost:80\""), { name: "NotCapable" }),
      1
    ],
    [
      "Bun, about TLS",
      Object.assign(new TypeError("EPROTO: The TLS handshake failed. Does the server speak TLS on this port?"), {
        code: "EPROTO"
      }),
      1
    ],
    ["Chrome, with the host", new TypeError("Failed to fetch (api.example.com)"), 3],
    ["a fetch that refuses a header", new TypeError("Headers.append: \"a\" is an invalid header value."), 1],
    ["a mistake in a client", new TypeError("Cannot read properties of undefined"), 1],
    ["an abort", new DOMException("This operation was aborted", "AbortError"), 1],
    ["a time-out of the platform", new DOMException("The operation timed out", "TimeoutError"), 3],
    ["undici", new TypeError("fetch failed"), 3],
    ["Chrome", new TypeError("Failed to fetch"), 3],
    ["Firefox", new TypeError("NetworkError when attempting to fetch resource."), 3],
    ["Safari", new TypeError("Load failed"), 3],
    ["Safari, offline", new TypeError("The Internet connection appears to be offline."), 3],
    ["React Native", new TypeError("Network request failed"), 3],
    ["Deno", new TypeError("error sending request for url (http://localhost/)"), 3],
    ["Cloudflare Workers", new Error("Network connection lost."), 3],
    ["somebody else", new Error("out of luck"), 3],
    ["nobody", undefined, 3],
    ["text", "ECONNRESET", 3],
    ["node:https, about a server without TLS", openSsl("tls_validate_record_header:wrong version number"), 1],
    ["node:https, about a server in trouble", openSsl("ssl3_read_bytes:tlsv1 alert internal error"), 3]
  ])("where the code does not say it, name and message decide: %s", ([, cause, requests]) =>
    Effect.gen(function*() {
      expect(yield* failsWith(cause)).toBe(requests)
    }))

  it.effect("a cause that cannot be looked at is retried", () =>
    Effect.gen(function*() {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      expect(yield* failsWith(proxy)).toBe(3)
    }))

  // one that takes more than linear time would not end
  it.effect.each<readonly [before: string, part: string, after: string]>([
    ["ERR_SSL_", "_ALERT_BAD_CERTIFICATE_", "!"],
    ["ERR_SSL_TLSV1", "_BAD_CERTIFICATE", "!"],
    ["ERR_SSL_", "_TOO_SMALL_TOO_WEAK", "!"],
    ["RedirectURL", "a", "!"],
    ["E", "E", "!"],
    ["", " ", ""],
    [" ", "fetch failed ", "\n"],
    ["", "received fatal alert: ", ""],
    ["received fatal alert: ", "a", "!"],
    ["", ":SSL routines:", ""],
    [":SSL routines:", "a", ""],
    [":SSL routines:", ":a", ""]
  ])("long texts of others are read in linear time: %o", ([before, part, after]) =>
    Effect.gen(function*() {
      const text = before + part.repeat(1_000_000 / part.length) + after
      for (const name of ["Error", "TypeError"]) {
        for (const code of [undefined, "EPROTO", text]) {
          const fault = { name, message: text, ...code === undefined ? {} : { code } }
          yield* failsWith(fault)
          yield* failsWith(new TypeError("fetch failed", { cause: fault }))
          HttpRetry.on(
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.DecodeError({
                request: HttpClientRequest.get(url),
                response: HttpClientResponse.fromWeb(HttpClientRequest.get(url), new Response()),
                cause: fault
              })
            })
          )
        }
      }
    }))

  it.effect("a message that cannot be looked at is none", () =>
    Effect.gen(function*() {
      const hostile = () => {
        throw new Error("no")
      }
      expect(yield* failsWith({ name: "TypeError", message: { toString: hostile } })).toBe(1)
      expect(yield* failsWith({ code: "EPROTO", message: { toString: hostile } })).toBe(3)
    }))

  it.effect("a cause that leads back to itself is followed only so far", () =>
    Effect.gen(function*() {
      const cause: { code: string; cause?: unknown } = { code: "ECONNRESET" }
      cause.cause = cause
      let sent = 0
      const client = HttpClient.make((request) => Effect.fail(transport(request, sent++ < 9 ? cause : undefined)))
      yield* inTime(Effect.flip(HttpRetry.retry(client, unlimited).get(url)))
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
      const retrying = HttpRetry.retry(client, unlimited)
      yield* inTime(Effect.all(Array.from({ length: 20 }, () => retrying.get(url)), { concurrency: "unbounded" }))
      expect(sent).toHaveLength(60)
    }).pipe(quiet))
})

describe("which requests are sent again", () => {
  const requests = (request: HttpClientRequest.HttpClientRequest, options: HttpRetry.Options = {}) =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 })
      const response = yield* inTime(HttpRetry.retry(client, { ...unlimited, ...options }).execute(request))
      const faulty = scripted("fault")
      yield* inTime(Effect.flip(HttpRetry.retry(faulty.client, { ...plain, ...options }).execute(request)))
      expect(response.status).toBe(503)
      expect(faulty.sent).toHaveLength(sent.length)
      return sent
    }).pipe(quiet)

  it.effect.each(["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PUT", "DELETE"] as const)(
    "%s is",
    (method) =>
      Effect.gen(function*() {
        expect(yield* requests(HttpClientRequest.make(method)(url))).toHaveLength(3)
      })
  )

  it.effect.each(["POST", "PATCH"] as const)(
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
      // a list of the user's own may leave out what is idempotent
      const { lines, provide } = recordLogs()
      const post = HttpRetry.retry(scripted({ status: 503 }).client, { ...plain, methods: ["POST"] })
      yield* provide(post.execute(HttpClientRequest.make("QUERY")(url)))
      expect(lines[0]?.annotations["why"]).toBe("QUERY is not among the methods, and there is no Idempotency-Key")
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
      expect(error).toMatchObject({
        reason: { _tag: "TransportError", cause: { _tag: "AttemptTimedOut", attempt: 1 } }
      })
      expect(error.message).toMatch(/^Transport: attempt 1 took longer than 1s \(POST http/)
      expect(error.request.method).toBe("POST")
      expect(sent).toBe(1)
      expect(lines.map(({ message }) => message)).toEqual(["stamina.not_retried"])
      yield* inTime(Effect.flip(retrying.get(url)))
      expect(sent).toBe(4)
    }).pipe(quiet))
})

describe("attemptTimeout", () => {
  const hanging = () => {
    const sent: Array<string> = []
    const client = HttpClient.make(({ method }) => Effect.andThen(Effect.sync(() => sent.push(method)), Effect.never))
    return { client, sent }
  }

  it.effect("classify is asked about an attempt that takes too long", () =>
    Effect.gen(function*() {
      const { client, sent } = hanging()
      const asked: Array<HttpRetry.Failure> = []
      const retrying = HttpRetry.retry(client, {
        ...plain,
        attemptTimeout: "1 second",
        methods: ["GET", "POST"],
        classify: (failure) => {
          asked.push(failure)
          return failure.request.method === "POST" && failure.response?.status !== 429 ? false : undefined
        }
      })
      const error = yield* inTime(Effect.flip(retrying.post(url)))
      expect(sent).toEqual(["POST"])
      expect(asked).toMatchObject([{ error, response: undefined, byDefault: true }])
      yield* inTime(Effect.flip(retrying.get(url)))
      expect(sent).toEqual(["POST", "GET", "GET", "GET"])
    }).pipe(quiet))

  it.effect("what takes too long to prepare is prepared again, though it was not sent", () =>
    Effect.gen(function*() {
      let prepared = 0
      const { client, sent } = scripted({ status: 503 })
      const slow = HttpClient.mapRequestEffect(client, (request) =>
        Effect.as(++prepared === 2 ? Effect.never : Effect.void, request))
      const retrying = HttpRetry.retry(slow, { ...plain, attemptTimeout: "1 second" })
      expect((yield* inTime(retrying.get(url))).status).toBe(503)
      expect([prepared, sent.length]).toEqual([3, 2])
    }).pipe(quiet))

  it.effect("HttpRetry.on around it knows the request", () =>
    Effect.gen(function*() {
      const { client, sent } = hanging()
      const timed = HttpRetry.retry(client, { attempts: 1, attemptTimeout: "1 second" })
      yield* inTime(Effect.flip(Stamina.retry(timed.post(url), { ...plain, on: HttpRetry.on })))
      expect(sent).toEqual(["POST"])
      yield* inTime(Effect.flip(Stamina.retry(timed.get(url), { ...plain, on: HttpRetry.on })))
      expect(sent).toEqual(["POST", "GET", "GET", "GET"])
    }).pipe(quiet))

  it.effect("HttpRetry.on never sends again what a time-out around it has ended", () =>
    Effect.gen(function*() {
      const { client, sent } = hanging()
      const inside = HttpClient.transformResponse(client, Effect.timeout("1 second"))
      const timed = { ...plain, attemptTimeout: "1 second" } as const
      const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        client.post(url).pipe(Stamina.retry({ ...timed, on: HttpRetry.on })),
        client.post(url).pipe(Stamina.retry({ ...timed, on: [HttpRetry.on, "HttpClientError.StatusCodeError"] })),
        client.post(url).pipe(Stamina.retry({ ...timed, on: RetryOn.make(HttpRetry.on) })),
        client.post(url).pipe(Stamina.retry({ ...timed, on: RetryOn.among("Other", HttpRetry.on) })),
        Stamina.retryContext({ ...timed, on: HttpRetry.on }, () => client.post(url)),
        Stamina.retried({ ...timed, on: HttpRetry.on })(() => client.post(url))(),
        client.post(url).pipe(Effect.timeout("1 second"), Stamina.retry({ ...plain, on: HttpRetry.on })),
        client.post(url).pipe(
          Effect.timeout("1 second"),
          Effect.retry(Stamina.schedule({ ...plain, on: HttpRetry.on }))
        ),
        inside.post(url).pipe(Stamina.retry({ ...plain, on: HttpRetry.on })),
        HttpRetry.retry(inside, plain).post(url)
      ]
      for (const call of calls) {
        yield* inTime(Effect.flip(call))
        expect(sent.splice(0)).toEqual(["POST"])
      }
    }).pipe(quiet))

  it.effect("who knows better names the time-out beside HttpRetry.on", () =>
    Effect.gen(function*() {
      const { client, sent } = hanging()
      const timed = { ...plain, attemptTimeout: "1 second" } as const
      yield* inTime(Effect.flip(Stamina.retry(client.get(url), { ...timed, on: [HttpRetry.on, "AttemptTimedOut"] })))
      expect(sent.splice(0)).toHaveLength(3)
      const call = client.get(url).pipe(
        Effect.timeout("1 second"),
        Stamina.retry({ ...plain, on: [HttpRetry.on, "TimeoutError"] })
      )
      yield* inTime(Effect.flip(call))
      expect(sent).toHaveLength(3)
    }).pipe(quiet))
})

describe("idempotencyKey", () => {
  const keyOf = (request: HttpClientRequest.HttpClientRequest | undefined) => request?.headers["idempotency-key"]

  it.effect("gives POST and PATCH one key per call, and nothing else", () =>
    Effect.gen(function*() {
      for (const method of ["POST", "PATCH", "PUT", "GET", "QUERY"] as const) {
        const { client, sent } = scripted({ status: 503 })
        const retrying = HttpRetry.retry(client, { ...unlimited, idempotencyKey: true })
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
      yield* inTime(client.pipe(keyed, HttpRetry.retry({ ...unlimited, idempotencyKey: true })).post(url))
      yield* inTime(client.pipe(HttpRetry.retry({ ...unlimited, idempotencyKey: true }), keyed).post(url))
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

  it.effect("an empty key is none", () =>
    Effect.gen(function*() {
      for (const empty of ["", "  "]) {
        const { client, sent } = scripted({ status: 503 })
        const request = HttpClientRequest.setHeader(HttpClientRequest.post(url), "Idempotency-Key", empty)
        yield* inTime(HttpRetry.retry(client, unlimited).execute(request))
        expect(sent.splice(0)).toHaveLength(1)
        yield* inTime(HttpRetry.retry(client, { ...unlimited, idempotencyKey: true }).execute(request))
        expect(sent).toHaveLength(3)
        expect(new Set(sent.map(keyOf)).size).toBe(1)
        expect(keyOf(sent[0])).toHaveLength(36)
        const error = new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) })
        expect(HttpRetry.on(error)).toBe(false)
      }
    }).pipe(quiet))

  it.effect("stands in the header that is named, and stays the same there", () =>
    Effect.gen(function*() {
      const idOf = (request: HttpClientRequest.HttpClientRequest) => request.headers["x-request-id"]
      const { client, sent } = scripted({ status: 503 })
      const options = { ...plain, idempotencyHeader: "X-Request-Id" } as const
      let n = 0
      const numbered = HttpClient.mapRequestEffect((request: HttpClientRequest.HttpClientRequest) =>
        Effect.sync(() => HttpClientRequest.setHeader(request, "X-Request-Id", `id ${++n}`))
      )
      yield* inTime(client.pipe(numbered, HttpRetry.retry(options)).post(url))
      expect(sent.splice(0).map(idOf)).toEqual(["id 1", "id 1", "id 1"])
      n = 0
      yield* inTime(client.pipe(HttpRetry.retry(options), numbered).post(url))
      expect(sent.splice(0).map(idOf)).toEqual(["id 1", "id 1", "id 1"])

      yield* inTime(HttpRetry.retry(client, { ...options, idempotencyKey: true }).post(url))
      const made = sent.splice(0)
      expect(made).toHaveLength(3)
      expect(new Set(made.map(idOf)).size).toBe(1)
      expect(idOf(made[0] ?? HttpClientRequest.empty)).toHaveLength(36)
      expect(made.map(keyOf)).toEqual([undefined, undefined, undefined])

      // another header is then no key
      const keyed = HttpClientRequest.setHeader(HttpClientRequest.post(url), "Idempotency-Key", "mine")
      const { lines, provide } = recordLogs()
      yield* provide(HttpRetry.retry(client, { ...options, budget: "none" }).execute(keyed))
      expect(sent).toHaveLength(1)
      expect(lines[0]?.annotations["why"]).toBe("POST is not idempotent, and there is no X-Request-Id")
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
        yield* inTime(HttpRetry.retry(client, { ...unlimited, statuses: [418] }).get(url))
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
          yield* inTime(HttpRetry.retry(client, { ...unlimited, attempts: 2, classify: () => answer }).get(url))
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
      yield* HttpRetry.retry(client, { ...unlimited, classify: () => true }).post(url)
      expect(sent).toHaveLength(1)
    }).pipe(quiet))

  it.effect.each(
    [
      ["an error", "fault", "TransportError"],
      ["a response", { status: 503 }, "StatusCodeError"]
    ] as const
  )(
    "classify: what it throws about %s, or answers that is none, is a defect alone, and is logged",
    ([, step, reason]) =>
      Effect.gen(function*() {
        const bug = new TypeError("bug")
        const failing: ReadonlyArray<readonly [() => never, string]> = [
          [() => {
            throw bug
          }, "HttpRetry.retry: classify threw TypeError"],
          [
            () => "nonsense" as never,
            "HttpRetry.retry: classify must answer true, false or a finite duration, got \"nonsense\""
          ]
        ]
        for (const [classify, summary] of failing) {
          const { lines, provide } = recordLogs()
          const client = HttpRetry.retry(scripted(step).client, { ...plain, classify })
          const exit = yield* Effect.exit(client.get("http://localhost/")).pipe(provide)
          const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
          expect(reasons.map(({ _tag }) => _tag)).toEqual(["Die"])
          expect(reasons.find(Cause.isDieReason)?.defect).toMatchObject({ cause: { reason: { _tag: reason } } })
          expect(lines.filter(({ level }) => level === "Error")).toMatchObject([
            { message: "stamina.mistake", annotations: { callable: "GET localhost", summary } }
          ])
        }
      })
  )
})

describe("what surrounds the requests", () => {
  it.effect("attemptHeader numbers them, and is off by default", () =>
    Effect.gen(function*() {
      const { client, sent } = scripted({ status: 503 })
      yield* inTime(HttpRetry.retry(client, { ...unlimited, attemptHeader: "X-Attempt" }).get(url))
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
      const response = yield* inTime(Effect.provide(HttpRetry.retry(client, unlimited).get(url), layer))
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
      const retrying = client.pipe(HttpClient.withCookiesRef(cookies as never), HttpRetry.retry(unlimited))
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
        const call = client.pipe(HttpRetry.retry(unlimited), HttpClient.filterStatusOk).get(url).pipe(
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
  const decodeError = (cause: unknown, status = 200, request = HttpClientRequest.get(url)) => {
    const response = HttpClientResponse.fromWeb(
      request,
      new Response(null, { status, headers: { "retry-after": "3" } })
    )
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
    // neither says which request it was
    expect(HttpRetry.on(new Cause.TimeoutError())).toBe(false)
    expect(HttpRetry.on(new Stamina.AttemptTimedOut({ attempt: 1, after: Duration.seconds(1) }))).toBe(false)
    expect(HttpRetry.on(new Error("mine"))).toBe(false)
    expect(HttpRetry.on("503")).toBe(false)
  })

  it("tells a body that broke off from one that makes no sense", () => {
    const coded = (code: string) => Object.assign(new Error(), { code })
    const brokenOff = { _tag: "Hint", wait: 3000, max: 60_000 }
    expect(HttpRetry.on(decodeError(coded("ECONNRESET")))).toEqual(brokenOff)
    expect(HttpRetry.on(decodeError(new TypeError("terminated")))).toEqual(brokenOff)
    expect(HttpRetry.on(decodeError(new TypeError("terminated", { cause: coded("UND_ERR_SOCKET") })))).toEqual(
      brokenOff
    )
    for (const code of ["ERR_HTTP2_STREAM_ERROR", "ERR_HTTP2_SESSION_ERROR", "HTTP2StreamReset", "ConnectionClosed"]) {
      expect(HttpRetry.on(decodeError(coded(code)))).toEqual(brokenOff)
    }
    // the code says more than the message
    expect(HttpRetry.on(decodeError(new TypeError("terminated", { cause: coded("Z_DATA_ERROR") })))).toBe(false)
    for (const code of ["ZlibError", "ERR_ENCODING_INVALID_ENCODED_DATA", "UND_ERR_ABORTED"]) {
      expect(HttpRetry.on(decodeError(coded(code)))).toBe(false)
    }
    expect(HttpRetry.on(decodeError(new DOMException("aborted", "AbortError")))).toBe(false)
    expect(HttpRetry.on(decodeError(new SyntaxError("Unexpected token")))).toBe(false)
    expect(HttpRetry.on(decodeError(new TypeError("Failed to parse body as FormData.")))).toBe(false)
    expect(HttpRetry.on(decodeError(undefined))).toBe(false)
  })

  it("judges an error that holds a response by its status, whatever the error is about", () => {
    const post = HttpClientRequest.post(url)
    for (const status of HttpRetry.defaultStatuses) {
      expect(HttpRetry.on(decodeError(undefined, status))).toEqual({ _tag: "Hint", wait: 3000, max: 60_000 })
      expect(HttpRetry.on(decodeError(undefined, status, post))).toBe(false)
    }
    for (const status of [200, 400, 404, 501, 525, 526]) {
      expect(HttpRetry.on(decodeError(undefined, status))).toBe(false)
    }
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

describe("HttpRetry.on around a method of HttpApiClient", () => {
  class Busy extends Schema.TaggedError<Busy>()("Busy", { queue: Schema.Int }, { httpApiStatus: 503 }) {}
  const Api = HttpApi.make("Api").add(
    HttpApiGroup.make("users").add(
      HttpApiEndpoint.get("find", "/users/7", { success: Schema.String, error: Busy })
    )
  )
  const json = { "content-type": "application/json" }

  /** How many requests there are until the method succeeds, or fails for good. */
  const requests = (first: Step, on: RetryOn.On<Busy | HttpClientError.HttpClientError | Schema.SchemaError>) =>
    Effect.gen(function*() {
      const { client, sent } = scripted(first, { status: 200, headers: json, body: "\"Ada\"" })
      const { users } = yield* HttpApiClient.make(Api, { baseUrl: "http://localhost" }).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      yield* inTime(Effect.exit(Stamina.retry(users.find(), { ...plain, on })))
      return sent.length
    }).pipe(quiet)

  it.effect("a status that is not declared counts", () =>
    Effect.gen(function*() {
      expect(yield* requests({ status: 502, body: "<html>" }, HttpRetry.on)).toBe(2)
      expect(yield* requests({ status: 404, body: "<html>" }, HttpRetry.on)).toBe(1)
    }))

  it.effect("one that is declared is an error of its own, with a name of its own", () =>
    Effect.gen(function*() {
      const busy = { status: 503, headers: json, body: JSON.stringify({ _tag: "Busy", queue: 3 }) }
      expect(yield* requests(busy, HttpRetry.on)).toBe(1)
      expect(yield* requests(busy, [HttpRetry.on, "Busy"])).toBe(2)
    }))

  it.effect("one that is declared and cannot be decoded comes with a SchemaError, which decides", () =>
    Effect.gen(function*() {
      expect(yield* requests({ status: 503, body: "<html>" }, HttpRetry.on)).toBe(1)
      expect(yield* requests({ status: 503, headers: json, body: "{}" }, HttpRetry.on)).toBe(1)
    }))

  it.effect("a 200 that breaks the schema is not retried", () =>
    Effect.gen(function*() {
      expect(yield* requests({ status: 200, headers: json, body: "7" }, HttpRetry.on)).toBe(1)
    }))
})
