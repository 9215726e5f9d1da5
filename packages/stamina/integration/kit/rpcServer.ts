/**
 * A server of RPCs, as a process: `node rpcServer.ts tcp|websocket|http <port> [mortal]`. It prints each call that it takes. If it is
 * mortal, it kills itself, as a crash does, in a call that asks for it.
 */
import { NodeHttpServer, NodeRuntime, NodeSocketServer } from "@effect/platform-node"
import { Effect, Layer, Schema } from "effect"
import * as RpcRetry from "effect-stamina/RpcRetry"
import { HttpRouter } from "effect/http"
import { Rpc, RpcGroup, RpcSerialization, RpcServer } from "effect/rpc"
import { createServer } from "node:http"

const payload = { id: Schema.String, kills: Schema.Boolean }

/** A query. */
export const Find = Rpc.make("Find", { payload, success: Schema.String }).annotate(RpcRetry.Idempotent, true)
/** Something that must not be done twice. */
export const Pay = Rpc.make("Pay", { payload, success: Schema.String })
export const Calls = RpcGroup.make(Find, Pay)

export type Protocol = "tcp" | "websocket" | "http"

const isMortal = process.argv[4] === "mortal"

const take = (tag: string) => ({ id, kills }: { readonly id: string; readonly kills: boolean }) =>
  Effect.suspend(() => {
    process.stdout.write(`${tag} ${id}\n`)
    if (!(kills && isMortal)) return Effect.succeed(`${tag} ${id}`)
    process.kill(process.pid, "SIGKILL")
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
  const [, , protocol = "", port = ""] = process.argv
  NodeRuntime.runMain(
    Effect.scoped(Effect.gen(function*() {
      yield* Layer.build(serve(protocol, Number(port)))
      process.stdout.write("listening\n")
      yield* Effect.never
    }))
  )
}
