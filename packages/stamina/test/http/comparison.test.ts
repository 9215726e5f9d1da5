/**
 * What docs/http.md says of Effect's own `HttpClient.retryTransient`, measured; and the same of `HttpRetry.retry`.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { FetchHttpClient, HttpClient } from "effect/http"
import { answer, type BadServer, badServer, reset } from "../kit/BadServer.ts"

const ours = HttpRetry.retry({ attempts: 4, waitInitial: 5, waitJitter: 0 })
const theirs = (client: HttpClient.HttpClient) =>
  HttpClient.retryTransient(client, { times: 3, schedule: Schedule.spaced("5 millis") })
const theirsForAWhile = (client: HttpClient.HttpClient) =>
  HttpClient.retryTransient(client, Schedule.spaced("5 millis").pipe(Schedule.upTo({ duration: "30 millis" })))

const measured = (
  retrying: (client: HttpClient.HttpClient) => HttpClient.HttpClient,
  body: (client: HttpClient.HttpClient, server: BadServer) => Effect.Effect<unknown, unknown>
) =>
  Effect.gen(function*() {
    const server = yield* badServer
    yield* Effect.ignore(body(retrying(yield* HttpClient.HttpClient), server))
    return server.seen.length
  }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer), Effect.provide(Stamina.layerHooks([])))

describe("3 retries, of HttpRetry.retry and of retryTransient", () => {
  it.live("where responses and faults take turns: 4 requests, and 16", () =>
    Effect.gen(function*() {
      const mixed = (client: HttpClient.HttpClient, server: BadServer) => {
        const turns = [answer(503), answer(503), answer(503), reset]
        server.script(...turns, ...turns, ...turns, ...turns, ...turns)
        return client.get(server.url)
      }
      expect(yield* measured(ours, mixed)).toBe(4)
      expect(yield* measured(theirs, mixed)).toBe(16)
    }))

  it.live("of a POST: 1 request, and 4", () =>
    Effect.gen(function*() {
      const post = (client: HttpClient.HttpClient, server: BadServer) => {
        server.script(answer(503))
        return client.post(server.url)
      }
      expect(yield* measured(ours, post)).toBe(1)
      expect(yield* measured(theirs, post)).toBe(4)
    }))

  it.live("where the server asks for a day: an answer at once, and none", () =>
    Effect.gen(function*() {
      const answered = { ours: false, theirs: false }
      const patient = (who: "ours" | "theirs") => (client: HttpClient.HttpClient, server: BadServer) => {
        server.script(answer(503, { headers: { "retry-after": "86400" } }))
        return client.get(server.url).pipe(
          Effect.tap(() => Effect.sync(() => answered[who] = true)),
          Effect.timeout("300 millis")
        )
      }
      yield* measured(ours, patient("ours"))
      yield* measured(theirsForAWhile, patient("theirs"))
      expect(answered).toEqual({ ours: true, theirs: false })
    }))
})
