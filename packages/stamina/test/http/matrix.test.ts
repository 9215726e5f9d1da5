import { NodeHttpClient } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, Option, Schema } from "effect"
import { Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { HttpApi, HttpApiClient, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { gzipSync } from "node:zlib"
import * as server from "../kit/BadServer.ts"
import { reasonOf } from "../kit/reasonOf.ts"

const clients: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
  ["fetch", FetchHttpClient.layer],
  ["undici", NodeHttpClient.layerUndici],
  ["node:http", NodeHttpClient.layerNodeHttpOptions({ keepAlive: true })]
]

const quick = { attempts: 4, waitInitial: 5, waitMax: 20, waitJitter: 0 } as const

/** How a call ended: the status and the text of the response, or what it failed with. */
const outcome = <E>(call: Effect.Effect<HttpClientResponse.HttpClientResponse, E>) =>
  call.pipe(
    Effect.flatMap((response) => Effect.map(response.text, (text) => `${response.status} ${text}`)),
    Effect.catch((error) =>
      Effect.succeed(HttpClientError.isHttpClientError(error) ? error.reason._tag : (error as { _tag: string })._tag)
    )
  )

/** A client of an API that declares no errors. */
const greetings = (
  client: HttpClient.HttpClient,
  baseUrl: string,
  transformClient?: (client: HttpClient.HttpClient) => HttpClient.HttpClient
) =>
  HttpApiClient.make(Greetings, { baseUrl, transformClient }).pipe(Effect.provideService(HttpClient.HttpClient, client))

const Greetings = HttpApi.make("Greetings").add(
  HttpApiGroup.make("greeting")
    .add(HttpApiEndpoint.get("get", "/", { success: Schema.String }))
    .add(HttpApiEndpoint.post("post", "/", { success: Schema.String }))
)

describe.concurrent.each(clients)("HttpRetry.retry on %s", (name, layer) => {
  /** A server and a client, and at the end no socket that is still in use. */
  const test = (
    what: string,
    body: (server: server.BadServer, client: HttpClient.HttpClient) => Effect.Effect<void, unknown>
  ) =>
    it.live(what, () =>
      Effect.gen(function*() {
        const bad = yield* server.badServer
        yield* HttpClient.HttpClient.use((client) => body(bad, client)).pipe(
          Effect.andThen(Effect.map(bad.close, (open) => expect(open).toBe(0))),
          Effect.provide(layer),
          Effect.provide(Stamina.layerHooks([]))
        )
      }).pipe(Effect.scoped))

  test(
    "a server that recovers is asked until it does, over responses and faults alike",
    (bad, client) =>
      Effect.gen(function*() {
        bad.script(server.answer(503), server.reset, server.answer(429), server.answer(200))
        expect(yield* outcome(HttpRetry.retry(client, quick).get(bad.url))).toBe("200 status 200")
        expect(bad.seen).toHaveLength(4)
      })
  )

  test("one loop: 4 attempts are 4 requests, whatever they come to", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(503), server.reset, server.answer(503), server.reset, server.answer(503))
      expect(yield* outcome(HttpRetry.retry(client, quick).get(bad.url))).toBe("TransportError")
      expect(bad.seen).toHaveLength(4)
    }))

  for (
    const [fault, behaviour] of [
      ["resets the connection", server.reset],
      ["ends the connection", server.end],
      ["resets it in mid-headers", server.resetInHeaders],
      ["talks nonsense", server.garbage]
    ] as const
  ) {
    test(
      `a server that ${fault} is asked 4 times, and the last error comes out`,
      (bad, client) =>
        Effect.gen(function*() {
          bad.script(behaviour)
          const error = yield* Effect.flip(HttpRetry.retry(client, quick).get(bad.url))
          expect(error.reason._tag).toBe("TransportError")
          expect(reasonOf(error)).toBe("AttemptsExhausted")
          expect(bad.seen).toHaveLength(4)
        })
    )
  }

  test("a connection that is refused is tried again, until somebody listens", (bad, client) =>
    Effect.gen(function*() {
      const { url } = bad
      yield* bad.close
      bad.script(server.answer(200))
      const call = outcome(HttpRetry.retry(client, { ...quick, attempts: 100, waitInitial: 10 }).get(url))
      const [answered] = yield* Effect.all([call, Effect.delay(bad.listen, 60)], { concurrency: 2 })
      expect(answered).toBe("200 status 200")
      expect(bad.seen).toHaveLength(1)
    }))

  it.live.each([200, 201, 204, 304, 400, 401, 403, 404, 409, 410, 422, 501, 505, 525, 526])(
    "a %s is not retried, and comes out as it is",
    (status) =>
      Effect.gen(function*() {
        const bad = yield* server.badServer
        bad.script(server.answer(status))
        const client = HttpRetry.retry(yield* HttpClient.HttpClient, quick)
        expect((yield* client.get(bad.url)).status).toBe(status)
        expect(bad.seen).toHaveLength(1)
      }).pipe(Effect.scoped, Effect.provide(layer))
  )

  for (const status of HttpRetry.defaultStatuses) {
    test(`a ${status} is retried, and the last one comes out, unread`, (bad, client) =>
      Effect.gen(function*() {
        let n = 0
        bad.script((response, socket) => server.answer(status, { body: `answer ${++n}` })(response, socket))
        const response = yield* HttpRetry.retry(client, quick).get(bad.url)
        expect(reasonOf(response)).toBe("AttemptsExhausted")
        expect(`${response.status} ${yield* response.text}`).toBe(`${status} answer 4`)
        expect(bad.seen).toHaveLength(4)
      }))
  }

  test(
    "connections are used again: small bodies of retried responses are read to their end",
    (bad, client) =>
      Effect.gen(function*() {
        bad.script(server.answer(503), server.chunked(503, "x".repeat(10_000)), server.answer(503), server.answer(200))
        const waits = { ...quick, waitInitial: 100, waitMax: 100 }
        expect(yield* outcome(HttpRetry.retry(client, waits).get(bad.url))).toBe("200 status 200")
        expect(bad.seen).toHaveLength(4)
        expect(bad.connections).toBe(1)
      })
  )

  test("so they are where the body is compressed", (bad, client) =>
    Effect.gen(function*() {
      bad.script(
        server.answer(503, { body: gzipSync("busy"), headers: { "content-encoding": "gzip" } }),
        server.answer(200)
      )
      const waits = { ...quick, waitInitial: 100, waitMax: 100 }
      expect(yield* outcome(HttpRetry.retry(client, waits).get(bad.url))).toBe("200 status 200")
      expect(bad.seen).toHaveLength(2)
      expect(bad.connections).toBe(1)
    }))

  test("a HEAD, which has no body, is retried", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(503), server.answer(503, { body: Buffer.alloc(100_000) }), server.answer(200))
      expect((yield* HttpRetry.retry(client, quick).head(bad.url)).status).toBe(200)
      expect(bad.seen.map(({ method }) => method)).toEqual(["HEAD", "HEAD", "HEAD"])
    }))

  test("bodies of 10 MB are broken off, and the last one can be read", (bad, client) =>
    Effect.gen(function*() {
      const body = Buffer.alloc(10_000_000, "x")
      bad.script(server.answer(503, { body }), server.chunked(503, body), server.answer(503, { body }))
      const waits = { attempts: 3, waitInitial: 150, waitMax: 150, waitJitter: 0 }
      const response = yield* HttpRetry.retry(client, waits).get(bad.url)
      expect(response.status).toBe(503)
      expect((yield* response.arrayBuffer).byteLength).toBe(10_000_000)
      expect(bad.seen).toHaveLength(3)
      // each broken off with its connection; undici opens some more of its own accord
      expect(bad.connections).toBeGreaterThanOrEqual(3)
    }))

  test(
    "a body that drips in is broken off when it has taken too long, at the latest with the caller",
    (bad, client) =>
      Effect.gen(function*() {
        bad.script(server.drip(503), server.answer(200))
        const call = yield* Effect.forkChild(outcome(HttpRetry.retry(client, quick).get(bad.url)))
        expect(yield* Fiber.join(call)).toBe("200 status 200")
        expect(bad.seen).toHaveLength(2)
      })
  )

  test("a server that hangs is asked again after attemptTimeout", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.hang, server.answer(200))
      const retrying = HttpRetry.retry(client, { ...quick, attemptTimeout: 500 })
      expect(yield* outcome(retrying.get(bad.url))).toBe("200 status 200")
      expect(bad.seen).toHaveLength(2)
      expect(bad.gaps[0]).toBeGreaterThan(100)
    }))

  test("a server that hangs for good: AttemptTimedOut comes out", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.hang)
      const retrying = HttpRetry.retry(client, { ...quick, attempts: 2, attemptTimeout: 500 })
      const error = yield* Effect.flip(retrying.get(bad.url))
      expect(error).toMatchObject({
        reason: { _tag: "TransportError", cause: { _tag: "AttemptTimedOut", attempt: 2 } }
      })
      expect(reasonOf(error)).toBe("AttemptsExhausted")
      expect(bad.seen).toHaveLength(2)
    }))

  const limits: ReadonlyArray<
    readonly [string, (client: HttpClient.HttpClient, url: string) => Effect.Effect<unknown, unknown>]
  > = [
    ["attemptTimeout", (client, url) => HttpRetry.retry(client, { ...quick, attemptTimeout: 200 }).post(url)],
    [
      "the attemptTimeout of a Stamina.retry with HttpRetry.on",
      (client, url) => client.post(url).pipe(Stamina.retry({ ...quick, on: HttpRetry.on, attemptTimeout: 200 }))
    ],
    [
      "Effect.timeout below HttpRetry.on",
      (client, url) => client.post(url).pipe(Effect.timeout(200), Stamina.retry({ ...quick, on: HttpRetry.on }))
    ],
    [
      "Effect.timeout in the client",
      (client, url) => HttpClient.transformResponse(client, Effect.timeout(200)).pipe(HttpRetry.retry(quick)).post(url)
    ]
  ]
  for (const [what, post] of limits) {
    test(`a POST that hangs is sent once, whatever ends it: ${what}`, (bad, client) =>
      Effect.gen(function*() {
        bad.script(server.hang)
        yield* Effect.flip(post(client, bad.url))
        expect(bad.seen).toHaveLength(1)
      }))
  }

  test("classify is asked about an attempt that takes too long", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.hang)
      const asked: Array<unknown> = []
      const retrying = HttpRetry.retry(client, {
        ...quick,
        attemptTimeout: 200,
        methods: [...HttpRetry.defaultMethods, "POST"],
        classify: ({ error, request, response }) => {
          asked.push(error)
          return request.method === "POST" && response?.status !== 429 ? false : undefined
        }
      })
      const error = yield* Effect.flip(retrying.post(bad.url))
      expect(asked).toEqual([error])
      expect(bad.seen).toHaveLength(1)
    }))

  test(
    "redirects that never end are followed once, by a client that follows them",
    (bad, client) =>
      Effect.gen(function*() {
        bad.script(server.answer(302, { headers: { location: "/loop" } }))
        expect(yield* outcome(HttpRetry.retry(client, quick).get(`${bad.url}/loop`))).toBe(
          name === "fetch" ? "TransportError" : "302 status 302"
        )
        expect(bad.seen).toHaveLength(name === "fetch" ? 21 : 1)
      })
  )

  test("TLS with a server that speaks none is tried once", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(200))
      const error = yield* Effect.flip(HttpRetry.retry(client, quick).get(bad.url.replace("http:", "https:")))
      expect(error.reason._tag).toBe("TransportError")
      expect(reasonOf(error)).toBe("NotRetryable")
      expect(bad.connections).toBe(1)
    }))

  test("a request that the client refuses to send is tried once", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(200))
      let prepared = 0
      const counted = HttpClient.mapRequestEffect(
        client,
        (request) => Effect.as(Effect.sync(() => prepared++), request)
      )
      const refused = [
        HttpClientRequest.setHeader(HttpClientRequest.get(bad.url), "authorization", "Bearer abc\ndef"),
        HttpClientRequest.setHeader(HttpClientRequest.get(bad.url), "x-name", "\u20ac"),
        HttpClientRequest.setHeader(HttpClientRequest.get(bad.url), "x name", "value"),
        HttpClientRequest.get(bad.url.replace("http:", "ftp:")),
        ...name === "fetch"
          ? [
            HttpClientRequest.get(bad.url.replace("//", "//user:secret@")),
            HttpClientRequest.get("http://127.0.0.1:6000"),
            HttpClientRequest.make("TRACE")(bad.url),
            HttpClientRequest.setHeader(HttpClientRequest.get(bad.url), "upgrade", "websocket")
          ]
          : []
      ]
      for (const request of refused) {
        expect((yield* Effect.exit(HttpRetry.retry(counted, quick).execute(request)))._tag).toBe("Failure")
      }
      expect(prepared).toBe(refused.length)
      expect(bad.seen).toHaveLength(0)
    }))

  test("a body that is not what it says it is, is read once", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(200, { body: "no gzip", headers: { "content-encoding": "gzip" } }))
      const retrying = HttpRetry.retry(client, { ...quick, readBody: true })
      // the others leave it as it is
      expect(yield* outcome(retrying.get(bad.url))).toBe(name === "fetch" ? "DecodeError" : "200 no gzip")
      expect(bad.seen).toHaveLength(1)
    }))

  test("an empty Idempotency-Key is none", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(503))
      const request = HttpClientRequest.setHeader(HttpClientRequest.post(bad.url), "Idempotency-Key", "")
      yield* HttpRetry.retry(client, quick).execute(request)
      expect(bad.seen.splice(0)).toHaveLength(1)
      yield* HttpRetry.retry(client, { ...quick, idempotencyKey: true }).execute(request)
      expect(bad.seen).toHaveLength(4)
      expect(new Set(bad.seen.map(({ headers }) => headers["idempotency-key"])).size).toBe(1)
      expect(bad.seen[0]?.headers["idempotency-key"]).toHaveLength(36)
    }))

  test("a key in a header of another name is one key per call", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(503), server.reset, server.answer(200))
      const numbered = HttpClient.mapRequestEffect(client, (request) =>
        Effect.sync(() => HttpClientRequest.setHeader(request, "X-Request-Id", crypto.randomUUID())))
      const retrying = HttpRetry.retry(numbered, { ...quick, idempotencyHeader: "X-Request-Id" })
      expect((yield* retrying.post(bad.url)).status).toBe(200)
      expect(bad.seen).toHaveLength(3)
      expect(
        new Set(bad.seen.map(({ headers }) =>
          headers["x-request-id"]
        )).size
      ).toBe(1)
    }))

  test(
    "a status that an HttpApiClient's endpoint does not declare is retried as what it is",
    (bad, client) =>
      Effect.gen(function*() {
        const hello = server.answer(200, { body: "\"hello\"", headers: { "content-type": "application/json" } })
        const { greeting } = yield* greetings(client, bad.url)
        bad.script(server.answer(503), server.answer(429), hello)
        const get = Stamina.retry(greeting.get(), { ...quick, on: HttpRetry.on })
        expect(yield* get).toBe("hello")
        expect(bad.seen.splice(0)).toHaveLength(3)
        bad.script(server.answer(503))
        const post = Stamina.retry(greeting.post(), { ...quick, on: HttpRetry.on })
        expect(yield* Effect.flip(post)).toMatchObject({ reason: { _tag: "DecodeError", response: { status: 503 } } })
        expect(bad.seen.splice(0)).toHaveLength(1)
        bad.script(server.answer(404))
        expect(yield* Effect.flip(get)).toMatchObject({ reason: { response: { status: 404 } } })
        expect(bad.seen.splice(0)).toHaveLength(1)

        // the same inside of the client
        const inside = yield* greetings(client, bad.url, HttpRetry.retry({ ...quick, attemptTimeout: "5 seconds" }))
        bad.script(server.answer(503), server.answer(429), hello)
        expect(yield* inside.greeting.get()).toBe("hello")
        expect(bad.seen.splice(0)).toHaveLength(3)
        bad.script(server.answer(503))
        yield* Effect.flip(inside.greeting.post())
        expect(bad.seen).toHaveLength(1)
      })
  )

  test("a connection that breaks in mid-body is the reader's affair", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.resetInBody("half"))
      expect(yield* outcome(HttpRetry.retry(client, quick).get(bad.url))).toBe("DecodeError")
      expect(bad.seen).toHaveLength(1)
    }))

  test("with readBody it is retried, whether the body had begun or not", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.resetInBody("half"), server.resetInBody(), server.answer(200))
      expect(yield* outcome(HttpRetry.retry(client, { ...quick, readBody: true }).get(bad.url))).toBe("200 status 200")
      expect(bad.seen).toHaveLength(3)
    }))

  test("with readBody, attemptTimeout ends a body that drips", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.drip(200), server.answer(200))
      const options = { ...quick, readBody: true, attemptTimeout: 500 }
      expect(yield* outcome(HttpRetry.retry(client, options).get(bad.url))).toBe("200 status 200")
      expect(bad.seen).toHaveLength(2)
    }))

  test("with Stamina.retry and HttpRetry.on it is retried as well", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.resetInBody("half"), server.resetInBody(), server.answer(503), server.answer(200))
      const call = HttpClient.filterStatusOk(client).get(bad.url).pipe(
        Effect.flatMap((response) => response.text),
        Stamina.retry({ ...quick, on: HttpRetry.on })
      )
      expect(yield* call).toBe("status 200")
      expect(bad.seen).toHaveLength(4)
    }))

  test("a kept connection that the server ends is no failure for the caller", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.halfClose(200))
      const retrying = HttpRetry.retry(client, quick)
      for (let i = 0; i < 6; i++) {
        expect(yield* outcome(retrying.get(bad.url))).toBe("200 ok")
        yield* Effect.sleep(i * 4)
      }
      expect(bad.seen.length).toBeGreaterThanOrEqual(6)
    }))

  test("Retry-After: the server is not asked again before", (bad, client) =>
    Effect.gen(function*() {
      bad.script(
        server.answer(503, { headers: { "retry-after": "1" } }),
        server.answer(429, { headers: { "retry-after-ms": "150", "retry-after": "60" } }),
        server.answer(429, { headers: { "ratelimit-reset": "0", "retry-after": "0" } }),
        server.answer(200)
      )
      expect(yield* outcome(HttpRetry.retry(client, quick).get(bad.url))).toBe("200 status 200")
      const [second = 0, third = 0] = bad.gaps
      expect(second).toBeGreaterThanOrEqual(999)
      expect(third).toBeGreaterThanOrEqual(149)
      expect(bad.seen).toHaveLength(4)
    }))

  test(
    "Retry-After as a date: compared with the server's clock, wherever that stands",
    (bad, client) =>
      Effect.gen(function*() {
        const slow = { date: "Fri, 11 Sep 2020 12:00:00 GMT", "retry-after": "Fri, 11 Sep 2020 12:00:01 GMT" }
        bad.script(server.answer(503, { headers: slow }), server.answer(200))
        expect(yield* outcome(HttpRetry.retry(client, quick).get(bad.url))).toBe("200 status 200")
        expect(bad.gaps[0]).toBeGreaterThanOrEqual(999)
      })
  )

  test("Retry-After of an hour: the response comes out at once", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(503, { headers: { "retry-after": "3600" } }))
      const response = yield* HttpRetry.retry(client, quick).get(bad.url)
      expect(reasonOf(response)).toBe("HintTooLong")
      expect(yield* response.text).toBe("status 503")
      expect(bad.seen).toHaveLength(1)
    }))

  test("garbage hints are ignored", (bad, client) =>
    Effect.gen(function*() {
      bad.script(
        server.answer(503, { headers: { "retry-after": "soon", "retry-after-ms": "-5" } }),
        server.answer(429, { headers: { "retry-after": "NaN", "x-ratelimit-reset": "Infinity" } }),
        server.answer(429, { headers: { "retry-after": "1e9" } }),
        server.answer(200)
      )
      expect(yield* outcome(HttpRetry.retry(client, quick).get(bad.url))).toBe("200 status 200")
      expect(bad.seen).toHaveLength(4)
    }))

  test(
    "POST is sent once; with idempotencyKey again, under the same key and with the same body",
    (bad, client) =>
      Effect.gen(function*() {
        bad.script(server.answer(503))
        const request = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(bad.url), { a: 1 })
        const post = (retrying: HttpClient.HttpClient) => outcome(retrying.execute(request))
        expect(yield* post(HttpRetry.retry(client, quick))).toBe("503 status 503")
        expect(bad.seen.splice(0)).toHaveLength(1)
        bad.script(server.reset)
        expect(yield* post(HttpRetry.retry(client, quick))).toBe("TransportError")
        expect(bad.seen.splice(0)).toHaveLength(1)

        bad.script(server.answer(503), server.reset, server.answer(200))
        const keyed = HttpRetry.retry(client, { ...quick, idempotencyKey: true })
        expect(yield* post(keyed)).toBe("200 status 200")
        const sent = bad.seen.splice(0)
        expect(sent).toHaveLength(3)
        expect(new Set(sent.map(({ headers }) => headers["idempotency-key"])).size).toBe(1)
        expect(sent[0]?.headers["idempotency-key"]).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
        )
        for (const { body } of sent) expect(body).toBe("{\"a\":1}")

        yield* post(keyed)
        expect(bad.seen[0]?.headers["idempotency-key"]).not.toBe(sent[0]?.headers["idempotency-key"])
      })
  )

  test("a deadline interrupts the run, and its error holds the last response", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.answer(503, { body: "busy" }), server.hang)
      const call = Stamina.withDeadline(HttpRetry.retry(client, quick).get(bad.url), "800 millis")
      const error = yield* Effect.flip(call)
      expect(error).toMatchObject({
        _tag: "DeadlineExceeded",
        cause: { reason: { _tag: "StatusCodeError", response: { status: 503 } } }
      })
      expect(reasonOf(error)).toBe("DeadlineExceeded")
      expect(bad.seen).toHaveLength(2)
    }))

  test("an interruption is not retried and closes the connection", (bad, client) =>
    Effect.gen(function*() {
      bad.script(server.hang)
      const call = HttpRetry.retry(client, quick).get(bad.url)
      expect(Option.isNone(yield* Effect.timeoutOption(call, "500 millis"))).toBe(true)
      expect(bad.seen).toHaveLength(1)
    }))
})

describe("clients that somebody has aborted or closed", () => {
  const attempts = (call: Effect.Effect<unknown, unknown>) =>
    Effect.map(
      Effect.flip(call),
      (error) => Option.match(Stamina.report(error), { onNone: () => NaN, onSome: ({ attempts }) => attempts })
    ).pipe(
      Effect.provide(Stamina.layerHooks([]))
    )
  const get = HttpClient.HttpClient.use((client) => HttpRetry.retry(client, quick).get("http://127.0.0.1:9999"))

  it.live("fetch with an aborted signal is called once, and with one that timed out, again", () =>
    Effect.gen(function*() {
      const with_ = (signal: AbortSignal) =>
        get.pipe(
          Effect.provide(FetchHttpClient.layer),
          Effect.provideService(FetchHttpClient.Fetch, (input, init) => fetch(input, { ...init, signal }))
        )
      expect(yield* attempts(with_(AbortSignal.abort()))).toBe(1)
      const late = AbortSignal.timeout(1)
      yield* Effect.sleep(50)
      expect(yield* attempts(with_(late))).toBe(4)
    }))

  it.live("undici with a dispatcher that is closed or destroyed is called once", () =>
    Effect.gen(function*() {
      for (const end of ["close", "destroy"] as const) {
        const dispatcher = yield* NodeHttpClient.makeDispatcher
        yield* Effect.promise(() => dispatcher[end]())
        const call = get.pipe(
          Effect.provide(NodeHttpClient.layerUndiciNoDispatcher),
          Effect.provideService(NodeHttpClient.Dispatcher, dispatcher)
        )
        expect(yield* attempts(call)).toBe(1)
      }
    }).pipe(Effect.scoped))
})
