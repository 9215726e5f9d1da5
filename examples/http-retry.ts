/**
 * HTTP with `HttpRetry`: a client that retries by itself, waits as long as the server asks, and never repeats a POST
 * without a key.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, Option } from "effect"
import { Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import * as Http from "node:http"

/** The one client of the program. It stays a plain `HttpClient`, so its users need not know that it retries. */
const layer = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpRetry.retry({
      attempts: 4,
      attemptTimeout: "5 seconds",
      waitInitial: "20 millis",
      waitJitter: 0,
      maxHint: "10 seconds",
      idempotencyKey: true,
      attemptHeader: "X-Attempt"
    })
  )
).pipe(Layer.provide(FetchHttpClient.layer))

/** What the server does, in this order. */
const script: Record<string, Array<(response: Http.ServerResponse) => unknown>> = {
  "/users/1": [
    (response) => response.socket?.destroy(),
    (response) => response.writeHead(500).end("a page full of apologies"),
    (response) => response.writeHead(429, { "retry-after-ms": "300" }).end(),
    (response) => response.end("Ada")
  ],
  "/orders": [(response) => response.writeHead(503).end(), (response) => response.writeHead(201).end()],
  "/reports": [(response) => response.writeHead(503, { "retry-after": "3600" }).end("closed for an hour")]
}

/** The requests that arrived: attempt, key, and when. */
const arrived: Array<{ readonly attempt: string; readonly key: string; readonly at: number }> = []

const server = Effect.acquireRelease(
  Effect.callback<Http.Server>((resume) => {
    const server = Http.createServer(({ headers, url }, response) => {
      arrived.push({
        attempt: String(headers["x-attempt"]),
        key: String(headers["idempotency-key"]),
        at: performance.now()
      })
      const next = script[url ?? ""]?.shift()
      if (next) next(response)
      else response.writeHead(418, "One request too many").end()
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close().closeAllConnections())
)

const program = Effect.gen(function*() {
  const address = (yield* server).address()
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`

  // a reset, a 500, a 429 that asks for 300 ms, and then the answer
  const user = yield* HttpClient.get(`${url}/users/1`)
  const [first, ...others] = arrived.splice(0)
  yield* Console.log(`user: ${yield* user.text}, in attempt ${others.at(-1)?.attempt}`) // user: Ada, in attempt 4
  strictEqual(first?.attempt, "1")
  const waited = (others[2]?.at ?? 0) - (others[1]?.at ?? 0)
  strictEqual(waited >= 299, true, `the server asked for 300 ms, and had ${waited}`)

  // a POST, sent twice under the same key
  const order = yield* HttpClientRequest.post(`${url}/orders`).pipe(
    HttpClientRequest.bodyJsonUnsafe({ book: "Notes" }),
    HttpClient.execute
  )
  const keys = arrived.splice(0).map(({ key }) => key)
  yield* Console.log(`order: ${order.status}, after ${keys.length} requests with ${new Set(keys).size} key`)
  // order: 201, after 2 requests with 1 key
  deepStrictEqual(keys, [keys[0], keys[0]])
  strictEqual(keys[0]?.length, 36)

  // nobody waits for an hour: the answer comes at once, as it is, and a report says why
  const report = yield* HttpClient.get(`${url}/reports`)
  const reason = Option.map(Stamina.report(report), ({ reason }) => reason)
  yield* Console.log(`report: ${report.status} ${yield* report.text}, ${Option.getOrThrow(reason)}`)
  // report: 503 closed for an hour, HintTooLong
  strictEqual(arrived.length, 1)
})

program.pipe(Effect.provide(layer), Effect.scoped, NodeRuntime.runMain)
