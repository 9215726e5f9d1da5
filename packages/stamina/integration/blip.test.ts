/**
 * A blip of two seconds at a real server, under traffic over hundreds of connections: what no budget, one that refuses and one
 * that waits save, and what they send.
 */
import { NodeHttpClient } from "@effect/platform-node"
import { Agent } from "@effect/platform-node/Undici"
import { Effect, Layer, References } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { HttpClient } from "effect/http"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it } from "vitest"

/** Calls per second, and how long there are calls, in milliseconds. */
const rate = 250
const lasts = 8000
const blip = { from: 2000, until: 4000 }
const connections = 500

interface Trial {
  readonly hit: number
  readonly saved: number
  readonly sent: number
  readonly sentInBlip: number
  readonly connections: number
}

/** A server that answers after a while, and fails while the blip lasts. */
const serve = async () => {
  const seen = { sent: 0, sentInBlip: 0, sockets: 0, isDown: false }
  const server: Server = createServer((_, response) => {
    seen.sent++
    if (seen.isDown) seen.sentInBlip++
    const { isDown } = seen
    setTimeout(() => {
      response.statusCode = isDown ? 503 : 200
      response.end("x")
    }, isDown ? 5 : 50)
  })
  server.on("connection", () => seen.sockets++)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { seen, server, url: `http://127.0.0.1:${port}` }
}

const pooled = Layer.provide(
  NodeHttpClient.layerUndiciNoDispatcher,
  Layer.effect(
    NodeHttpClient.Dispatcher,
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ connections })),
      (agent) => Effect.promise(() => agent.close())
    )
  )
)

const play = async (budget: RetryBudget.RetryBudget | "none"): Promise<Trial> => {
  const { seen, server, url } = await serve()
  const outcomes: Array<{ readonly at: number; readonly ok: boolean; readonly retried: boolean }> = []
  const program = Effect.gen(function*() {
    const client = HttpRetry.retry(yield* HttpClient.HttpClient, { budget, timeout: "20 seconds" })
    const began = performance.now()
    const call = Effect.gen(function*() {
      const at = performance.now() - began
      let retried = false
      const hooks = Stamina.layerHooks([{ onRetryScheduled: () => void (retried = true) }])
      const response = yield* Effect.provide(client.get(url), hooks)
      yield* response.text
      outcomes.push({ at, ok: response.status === 200, retried })
    })
    yield* Effect.forkChild(Effect.gen(function*() {
      yield* Effect.sleep(blip.from)
      seen.isDown = true
      yield* Effect.sleep(blip.until - blip.from)
      seen.isDown = false
    }))
    // so many calls are open from the start
    const first = Effect.forEach(Array.from({ length: connections }), () => call, { concurrency: "unbounded" })
    const later = Effect.forEach(
      Array.from({ length: (rate * lasts) / 1000 }, (_, i) => (i * 1000) / rate),
      (at) => Effect.delay(call, at),
      { concurrency: "unbounded", discard: true }
    )
    yield* Effect.all([first, later], { concurrency: 2, discard: true })
  })
  await Effect.runPromise(
    program.pipe(Effect.provide(pooled), Effect.provideService(References.MinimumLogLevel, "None"))
  )
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  // a call that the blip did not hit has succeeded at once
  const hit = outcomes.filter(({ ok, retried }) => retried || !ok)
  return {
    hit: hit.length,
    saved: hit.filter(({ ok }) => ok).length,
    sent: seen.sent,
    sentInBlip: seen.sentInBlip,
    connections: seen.sockets
  }
}

it("is survived by all calls of a budget that waits, at the load of one that refuses", async ({ annotate }) => {
  const none = await play("none")
  const refuses = await play(RetryBudget.makeUnsafe({ capacity: 50, whenEmpty: "refuse" }))
  const waits = await play(RetryBudget.makeUnsafe())
  const told = Object.entries({ none, refuses, waits }).map(([name, { hit, saved, sent, sentInBlip }]) =>
    `${name}: ${saved} of ${hit} saved, ${sent} sent, ${sentInBlip} of them in the blip`
  )
  await annotate(`a blip at ${waits.connections} connections: ${told.join("; ")}`, "note")

  expect(waits.connections).toBeGreaterThanOrEqual(connections)
  for (const { hit } of [none, refuses, waits]) expect(hit).toBeGreaterThan(300)
  expect(none.saved).toBe(none.hit)
  expect(refuses.saved).toBeLessThan(refuses.hit / 2)
  expect(waits.saved).toBe(waits.hit)
  // the blip is met by first attempts, and hardly by a retry
  expect(waits.sentInBlip).toBeLessThan(1.2 * refuses.sentInBlip)
  expect(waits.sentInBlip).toBeLessThan(none.sentInBlip)
})
