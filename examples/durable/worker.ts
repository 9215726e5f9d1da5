/**
 * The process that works on an order, from wherever the process before it was when it died. It prints what it does.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Duration, Effect, Layer } from "effect"
import { Stamina } from "effect-stamina"
import { HttpClient, HttpClientRequest } from "effect/http"
import * as Engine from "./engine.ts"
import { layer, Order } from "./order.ts"
import { Unavailable } from "./shopClient.ts"

const client = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const url = yield* Config.String("SHOP_URL")
    return HttpClient.mapRequest(yield* HttpClient.HttpClient, HttpClientRequest.prependUrl(url))
  })
).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))

/** Hooks hear of each attempt once, however often the workflow is replayed. */
const hooks = Stamina.layerHooks([{
  onRetryScheduled: ({ causedBy, name, retryNum, waitFor }) => {
    const why = causedBy instanceof Unavailable ? causedBy.why : "?"
    return Console.log(`${name}: attempt ${retryNum} failed with ${why}, the next in ${Duration.format(waitFor)}`)
  },
  onRecovered: ({ attempts, name }) => Console.log(`${name}: succeeded in attempt ${attempts}`)
}])

const program = Effect.gen(function*() {
  const id = yield* Config.String("ORDER_ID")
  yield* Console.log("takes up the order")
  const { parcel, receipt } = yield* Order.execute({ id })
  yield* Console.log(`done: ${receipt}, ${parcel}`)
})

program.pipe(
  Effect.provide(layer.pipe(Layer.provideMerge(Engine.layer), Layer.provide([client, hooks]))),
  NodeRuntime.runMain
)
