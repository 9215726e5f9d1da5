/**
 * `RpcRetry` with a server that is killed and comes back, behind three kinds of sockets.
 */
import { NodeSocket } from "@effect/platform-node"
import { Cause, Data, Effect, Layer } from "effect"
import { Stamina } from "effect-stamina"
import * as RpcRetry from "effect-stamina/RpcRetry"
import { FetchHttpClient } from "effect/http"
import { RpcClient, type RpcClientError, RpcSerialization } from "effect/rpc"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { freePort, type Running, sleep, start } from "./kit/programs.ts"
import { Calls, Find, Pay, type Protocol } from "./kit/rpcServer.ts"

class ShutDown extends Data.TaggedError("ShutDown") {}

const running: Array<Running> = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

const file = join(import.meta.dirname, "kit", "rpcServer.ts")

/** Starts a server, and gives what it has been asked so far. */
const serve = async (protocol: Protocol, port: number, ...mode: ReadonlyArray<"mortal" | "slow">) => {
  const server = start(process.execPath, [file, protocol, String(port), ...mode])
  running.push(server)
  await server.printed(/listening/)
  return server
}

const callsOf = (...servers: ReadonlyArray<Running>) =>
  servers.flatMap((server) => server.output().split("\n").filter((line) => /^(?:Find|Pay) /.test(line)))

const clientLayer = (protocol: Protocol, port: number) =>
  (protocol === "http"
    ? RpcClient.layerProtocolHttp({ url: `http://127.0.0.1:${port}/rpc` }).pipe(Layer.provide(FetchHttpClient.layer))
    : RpcClient.layerProtocolSocket().pipe(
      Layer.provide(
        protocol === "tcp"
          ? NodeSocket.layerNet({ port, host: "127.0.0.1" })
          : NodeSocket.layerWebSocket(`ws://127.0.0.1:${port}/rpc`)
      )
    )).pipe(Layer.provide(RpcSerialization.layerNdjson))

const patient = { attempts: 100, timeout: "25 seconds", waitInitial: "50 millis", waitMax: "200 millis" } as const

const run = <A, E>(
  protocol: Protocol,
  port: number,
  use: (client: RpcClient.FromGroup<typeof Calls, RpcClientError.RpcClientError>) => Effect.Effect<A, E>
) =>
  RpcClient.make(Calls).pipe(
    Effect.flatMap(use),
    Effect.scoped,
    Effect.provide(clientLayer(protocol, port)),
    Effect.provide(Stamina.layerHooks([])),
    Effect.runPromise
  )

describe.each(["tcp", "websocket", "http"] as const)("RpcRetry, a server behind %s", (protocol) => {
  it("retries a query whose server was killed in the middle of it", async () => {
    const port = await freePort()
    const first = await serve(protocol, port, "mortal")
    const answered = run(
      protocol,
      port,
      ({ Find: find }) => find({ id: "1", ends: true }).pipe(Stamina.retry({ ...patient, on: RpcRetry.on(Find) }))
    )
    await first.ended
    const second = await serve(protocol, port)
    expect(await answered).toBe("Find 1")
    expect(callsOf(first, second)).toEqual(["Find 1", "Find 1"])
  })

  it("does not repeat what may have been done", async () => {
    const port = await freePort()
    const first = await serve(protocol, port, "mortal")
    const failed = run(
      protocol,
      port,
      ({ Pay: pay }) =>
        pay({ id: "1", ends: true }).pipe(Stamina.retry({ ...patient, on: RpcRetry.on(Pay) }), Effect.flip)
    )
    await first.ended
    const second = await serve(protocol, port)
    expect((await failed)._tag).toBe("RpcClientError")
    expect(callsOf(first, second)).toEqual(["Pay 1"])
  })

  it("sends once, and late, what found nobody listening", async () => {
    const port = await freePort()
    const answered = run(
      protocol,
      port,
      ({ Pay: pay }) => pay({ id: "1", ends: false }).pipe(Stamina.retry({ ...patient, on: RpcRetry.on(Pay) }))
    )
    // a while without a server
    await sleep(700)
    const server = await serve(protocol, port)
    expect(await answered).toBe("Pay 1")
    expect(callsOf(server)).toEqual(["Pay 1"])
  })
})

it("retries a query whose server shut down in good order, once its interruption is made an error", async () => {
  const port = await freePort()
  const first = await serve("tcp", port, "slow")
  const answered = run("tcp", port, ({ Find: find }) =>
    find({ id: "1", ends: true }).pipe(
      Effect.catchCauseIf(Cause.hasInterruptsOnly, () => Effect.fail(new ShutDown())),
      Stamina.retry({ ...patient, on: [RpcRetry.on(Find), "ShutDown"] })
    ))
  await first.printed(/Find 1/)
  await first.kill("SIGTERM")
  const second = await serve("tcp", port)
  expect(await answered).toBe("Find 1")
  expect(callsOf(first, second)).toEqual(["Find 1", "Find 1"])
})
