/**
 * HTTP: retry what is worth it, transport errors and 5xx, and come back no earlier than the server asks.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Context, Duration, Effect, Layer, Result, Schema } from "effect"
import { type RetryOn, Stamina } from "effect-stamina"
import { Headers, HttpClient, type HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { deepStrictEqual } from "node:assert/strict"
import * as Http from "node:http"

class User extends Schema.Class<User>("User")({ id: Schema.Int, name: Schema.String }) {}

/** No user of this program waits longer than that for a server that is busy. */
const patience = Duration.seconds(10)

/** The backoff hook. `true`: the usual wait; a duration: exactly that wait; `false`: no retry. */
const worthIt = ({ reason }: HttpClientError.HttpClientError): RetryOn.Answer => {
  if (reason._tag === "TransportError") return true
  if (reason._tag !== "StatusCodeError" || reason.response.status < 500) return false
  const hint = Result.getOrUndefined(Headers.parseRetryAfter(reason.response.headers["retry-after"] ?? ""))
  if (hint?._tag !== "Duration") return true
  // an exact wait is not capped, so a server that asks for an hour is for us to refuse
  return Duration.isLessThanOrEqualTo(hint.duration, patience) ? hint.duration : false
}

class Users extends Context.Service<Users, {
  readonly find: (id: number) => Effect.Effect<User, HttpClientError.HttpClientError | Schema.SchemaError>
}>()("examples/Users") {
  static readonly layer = (baseUrl: string) =>
    Layer.effect(
      Users,
      Effect.gen(function*() {
        const client = (yield* HttpClient.HttpClient).pipe(
          HttpClient.mapRequest(HttpClientRequest.prependUrl(baseUrl)),
          HttpClient.filterStatusOk
        )
        return Users.of({
          // retried as a whole: sending, reading the body and decoding it
          find: Effect.fn("Users.find")(
            function*(id: number) {
              const response = yield* client.get(`/users/${id}`)
              return yield* HttpClientResponse.schemaBodyJson(User)(response)
            },
            Stamina.retry({ on: { HttpClientError: worthIt }, attempts: 5, waitInitial: "20 millis", waitJitter: 0 })
          )
        })
      })
    ).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))
}

/** What the server does, in this order, when asked for a user. */
const script: Record<string, Array<(response: Http.ServerResponse) => unknown>> = {
  "/users/1": [
    (response) => response.socket?.destroy(),
    (response) => response.writeHead(500).end(),
    (response) => response.writeHead(503, { "retry-after": "1" }).end(),
    (response) => response.end(JSON.stringify({ id: 1, name: "Ada" }))
  ],
  "/users/2": [(response) => response.writeHead(404).end()],
  "/users/3": [(response) => response.writeHead(503, { "retry-after": "3600" }).end()]
}

const server = Effect.acquireRelease(
  Effect.callback<Http.Server>((resume) => {
    const server = Http.createServer((request, response) => {
      const next = script[request.url ?? ""]?.shift()
      if (next) next(response)
      else response.writeHead(418, "One request too many").end()
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close().closeAllConnections())
)

const program = Effect.gen(function*() {
  const address = (yield* server).address()
  const port = typeof address === "object" ? address?.port : undefined

  const waits: Array<string> = []
  const watching = Stamina.layerHooks([{
    onRetryScheduled: ({ waitFor }) => Effect.sync(() => waits.push(Duration.format(waitFor)))
  }])

  yield* Effect.gen(function*() {
    const users = yield* Users

    const ada = yield* users.find(1)
    yield* Console.log(`user 1: ${ada.name}, after waits of ${waits.join(", ")}`)
    // user 1: Ada, after waits of 20ms, 40ms, 1s
    deepStrictEqual(waits.splice(0), ["20ms", "40ms", "1s"])

    // a 404 is not worth it, and neither is a 503 that asks for an hour
    const statusOf = (error: HttpClientError.HttpClientError | Schema.SchemaError) =>
      error._tag === "HttpClientError" ? error.response?.status : undefined
    const others = yield* Effect.forEach([2, 3], (id) => Effect.map(Effect.flip(users.find(id)), statusOf))
    yield* Console.log(`users 2 and 3: ${others.join(", ")}, after ${waits.length} retries`)
    // users 2 and 3: 404, 503, after 0 retries
    deepStrictEqual(others, [404, 503])
    deepStrictEqual(waits, [])
  }).pipe(Effect.provide([Users.layer(`http://127.0.0.1:${port}`), watching]))
})

program.pipe(Effect.scoped, NodeRuntime.runMain)
