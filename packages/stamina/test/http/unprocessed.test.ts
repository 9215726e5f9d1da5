import { NodeHttpClient } from "@effect/platform-node"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Stamina } from "effect-stamina"
import * as FetchRetry from "effect-stamina/FetchRetry"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { answer, badServer, reset } from "../kit/BadServer.ts"
import { type FaultServer, open } from "../kit/faults/FaultServer.ts"
import { unlogged } from "../kit/unlogged.ts"

const plain = { attempts: 3, waitInitial: 1, waitJitter: 0, budget: "none", hooks: [] } as const
const { budget: _, ...options } = plain

describe("requests that were surely not processed", () => {
  let servers: FaultServer
  beforeAll(async () => {
    servers = await open()
  })
  afterAll(() => servers.close())

  /** How often a POST to that URL is sent, in both ways. */
  const sentBy = (layer: Layer.Layer<HttpClient.HttpClient>, url: string) =>
    Effect.gen(function*() {
      let sent = 0
      const client = HttpClient.mapRequestEffect(yield* HttpClient.HttpClient, (request) =>
        Effect.sync(() => {
          sent++
          return request
        }))
      const request = HttpClientRequest.bodyText(HttpClientRequest.post(url), "work")
      yield* Effect.exit(HttpRetry.retry(client, plain).execute(request))
      const byClient = sent
      yield* Effect.exit(Stamina.retry(client.execute(request), { ...options, on: HttpRetry.on }))
      return [byClient, sent - byClient]
    }).pipe(Effect.provide(layer), unlogged, Effect.runPromise)

  const undici = (allowH2: boolean) =>
    NodeHttpClient.layerUndiciOptions({ connect: { ca: servers.places.ca }, allowH2 })

  it("are retried for any method: nobody listens, no such name, on undici and node:http", async () => {
    for (const layer of [undici(false), NodeHttpClient.layerNodeHttp]) {
      expect(await sentBy(layer, servers.places.nobody)).toEqual([3, 3])
      expect(await sentBy(layer, "http://nowhere.invalid/")).toEqual([3, 3])
      expect(await sentBy(layer, `${servers.places.http1}/reset`)).toEqual([1, 1])
      expect(await sentBy(layer, `${servers.places.http1}/closed`)).toEqual([1, 1])
    }
  })

  it("so are streams that the server refuses, and no streams that it resets otherwise", async () => {
    expect(await sentBy(undici(true), `${servers.places.http2}/h2-refused`)).toEqual([3, 3])
    for (const path of ["h2-reset", "h2-cancelled", "h2-session", "h2-goaway"]) {
      expect([path, ...await sentBy(undici(true), `${servers.places.http2}/${path}`)]).toEqual([path, 1, 1])
    }
  })

  it("are not known to fetch, which may have followed a redirect, unless it must not", async () => {
    expect(await sentBy(FetchHttpClient.layer, servers.places.nobody)).toEqual([1, 1])
    const sent = async (init: FetchRetry.Init) => {
      let count = 0
      const counting: FetchRetry.Fetch = (input, init) => (count++, fetch(input, init as RequestInit))
      await FetchRetry.make({ ...plain, fetch: counting })(servers.places.nobody, { method: "POST", ...init })
        .catch(() => {})
      return count
    }
    expect(await sent({ body: "x" })).toBe(1)
    expect(await sent({ body: "x", redirect: "manual" })).toBe(3)
    expect(await sent({ body: "x", redirect: "error" })).toBe(3)
  })

  it("never send a stream again", async () => {
    let count = 0
    const counting: FetchRetry.Fetch = (input, init) => (count++, fetch(input, init as RequestInit))
    const retrying = FetchRetry.fromContext(await Effect.runPromise(unlogged(Effect.context())), {
      ...plain,
      fetch: counting
    })
    const body = new Blob(["x"]).stream()
    await retrying(servers.places.nobody, { method: "POST", redirect: "manual", body, duplex: "half" }).catch(() => {})
    await retrying(new Request(servers.places.nobody, { method: "POST", redirect: "manual", body: "x" })).catch(
      () => {}
    )
    expect(count).toBe(2)
  })

  it.live("are those that the user's statuses name, for any method", () =>
    Effect.gen(function*() {
      const bad = yield* badServer
      const client = yield* HttpClient.HttpClient
      bad.script(answer(421), answer(429), reset)
      const retrying = HttpRetry.retry(client, { ...plain, notProcessed: [421, 429] })
      yield* Effect.exit(retrying.post(bad.url))
      expect(bad.seen).toHaveLength(3)
      bad.script(answer(421))
      yield* HttpRetry.retry(client, plain).get(bad.url)
      expect(bad.seen).toHaveLength(4)
      // the reset may have come after the work
      bad.script(answer(429), reset, answer(200))
      yield* Effect.exit(retrying.post(bad.url))
      expect(bad.seen).toHaveLength(6)
      // fetch itself sends a request without a body again after a 421
    }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici), unlogged))
})
