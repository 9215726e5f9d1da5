/**
 * A server of RPCs, as a process: `node rpcServer.ts tcp|websocket|http <port> [mortal|slow]`. It prints each call that it takes. In a
 * call that `ends` it, a mortal server kills itself, as a crash does, and a slow one does not answer.
 */
import { NodeHttpServer, NodeRuntime, NodeSocketServer } from "@effect/platform-node"
import { Effect, Layer, Schema } from "effect"
import * as RpcRetry from "effect-stamina/RpcRetry"
import { HttpRouter } from "effect/http"
import { Rpc, RpcGroup, RpcSerialization, RpcServer } from "effect/rpc"
import { createServer } from "node:http"

const payload = { id: Schema.String, ends: Schema.Boolean }

/** A query. */
export const Find = Rpc.make("Find", { payload, success: Schema.String }).annotate(RpcRetry.Idempotent, true)
/** Something that must not be done twice. */
export const Pay = Rpc.make("Pay", { payload, success: Schema.String })
export const Calls = RpcGroup.make(Find, Pay)

export type Protocol = "tcp" | "websocket" | "http"

const [, , protocol = "", port = "", mode] = process.argv

const take = (tag: string) => ({ id, ends }: { readonly id: string; readonly ends: boolean }) =>
  Effect.suspend(() => {
    process.stdout.write(`${tag} ${id}\n`)
    if (!ends || mode === undefined) return Effect.succeed(`${tag} ${id}`)
    if (mode === "mortal") process.kill(process.pid, "SIGKILL")
    return Effect.never
  })

const handlers = Calls.toLayer({ Find: take("Find"), Pay: take("Pay") })

const serve = (protocol: string, port: number): Layer.Layer<never, unknown> =>
  protocol === "tcp"
    ? RpcServer.layer(Calls).pipe(
      Layer.provide(RpcServer.layerProtocolSocketServer),
      Layer.provide(NodeSocketServer.layer({ port, host: "127.0.0.1" })),
      Layer.provide([handlers, RpcSerialization.layerNdjson])
    )
    : HttpRouter.serve(
      RpcServer.layerHttp({ group: Calls, path: "/rpc", protocol: protocol === "http" ? "http" : "websocket" }).pipe(
        Layer.provide([handlers, RpcSerialization.layerNdjson])
      )
    ).pipe(Layer.provide(NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" })))

if (process.argv[1] === import.meta.filename) {
  NodeRuntime.runMain(
    Effect.scoped(Effect.gen(function*() {
      yield* Layer.build(serve(protocol, Number(port)))
      process.stdout.write("listening\n")
      yield* Effect.never
    }))
  )
}
