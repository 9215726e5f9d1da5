import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import { answer, badServer, reset } from "../kit/BadServer.ts"
import { unlogged } from "../kit/unlogged.ts"

const plain = { attempts: 3, waitInitial: 1, waitJitter: 0, budget: "none", hooks: [] } as const

/** Opens an upload, and counts how often. */
const opening = () => {
  let opened = 0
  const open = () => Stream.make(`part 1 of ${++opened}, `, "part 2").pipe(Stream.encodeText)
  return { open, opened: () => opened }
}

const run = <A, E>(effect: Effect.Effect<A, E, HttpClient.HttpClient>) =>
  effect.pipe(Effect.provide(FetchHttpClient.layer), unlogged)

describe("uploads on real sockets", () => {
  it.live("with HttpRetry.bodyAnew each attempt opens its own, by a function or an effect", () =>
    Effect.gen(function*() {
      const bad = yield* badServer
      const client = HttpRetry.retry(yield* HttpClient.HttpClient, plain)
      const { open } = opening()
      for (const make of [open, () => Effect.sync(open)]) {
        bad.script(answer(503), reset, answer(201))
        const response = yield* client.put(bad.url, { body: HttpRetry.bodyAnew(make, { contentType: "text/plain" }) })
        expect(response.status).toBe(201)
      }
      expect(bad.seen.map(({ body }) => body)).toEqual(
        [1, 2, 3, 4, 5, 6].map((n) => `part 1 of ${n}, part 2`)
      )
      expect(bad.seen[5]?.headers["content-type"]).toBe("text/plain")
    }).pipe(Effect.scoped, run))

  it.live("what prepares requests may open another stream for each attempt, on either side", () =>
    Effect.gen(function*() {
      const bad = yield* badServer
      const platform = yield* HttpClient.HttpClient
      const { open, opened } = opening()
      const upload = HttpClient.mapRequestEffect((request: HttpClientRequest.HttpClientRequest) =>
        Effect.sync(() => HttpClientRequest.setBody(request, HttpBody.stream(open())))
      )
      bad.script(answer(503))
      for (
        const client of [platform.pipe(upload, HttpRetry.retry(plain)), platform.pipe(HttpRetry.retry(plain), upload)]
      ) {
        expect((yield* client.put(bad.url)).status).toBe(503)
      }
      expect(opened()).toBe(6)
      expect(bad.seen).toHaveLength(6)
    }).pipe(Effect.scoped, run))

  it.live("the same stream is never sent twice, whoever prepares it", () =>
    Effect.gen(function*() {
      const bad = yield* badServer
      const platform = yield* HttpClient.HttpClient
      bad.script(answer(503))
      const once = opening().open()
      const handedOver = yield* HttpRetry.retry(platform, plain).put(bad.url, { body: HttpBody.stream(once) })
      expect(handedOver.status).toBe(503)
      expect(bad.seen).toHaveLength(1)
      const other = opening().open()
      const preparing = HttpClient.mapRequest(platform, HttpClientRequest.setBody(HttpBody.stream(other)))
      const error = yield* Effect.flip(HttpRetry.retry(preparing, plain).put(bad.url))
      expect(error.message).toContain("the stream of the body was sent before")
      expect(bad.seen).toHaveLength(2)
    }).pipe(Effect.scoped, run))

  it.live("HttpRetry.on retries an effect around that opens the stream, if the body says that it is made anew", () =>
    Effect.gen(function*() {
      const bad = yield* badServer
      const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
      const { budget: _, ...options } = plain
      const { open } = opening()
      const send = (body: () => HttpBody.HttpBody) =>
        Effect.suspend(() => client.put(bad.url, { body: body() })).pipe(
          Stamina.retry({ ...options, on: HttpRetry.on }),
          Effect.flip
        )
      bad.script(answer(503))
      yield* send(() => HttpRetry.bodyAnew(open))
      expect(bad.seen).toHaveLength(3)
      yield* send(() => HttpBody.stream(open()))
      expect(bad.seen).toHaveLength(4)
    }).pipe(Effect.scoped, run))

  it("refuses what is no function", () => {
    // @ts-expect-error: what the types forbid as well
    expect(() => HttpRetry.bodyAnew(Stream.empty)).toThrow("HttpRetry.bodyAnew: make must be a function")
  })
})
