/**
 * `RpcRetry.on`: a procedure in, an `on` out.
 */
import { type Effect, Schema } from "effect"
import { Stamina } from "effect-stamina"
import * as RpcRetry from "effect-stamina/RpcRetry"
import { Rpc, type RpcClient, type RpcClientError, RpcGroup } from "effect/rpc"

class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

const Pay = Rpc.make("Pay", { payload: { amount: Schema.Int }, success: Schema.String, error: Busy })
const Calls = RpcGroup.make(Pay.annotate(RpcRetry.Idempotent, true)).annotateRpcs(RpcRetry.Idempotent, true)
declare const client: RpcClient.FromGroup<typeof Calls, RpcClientError.RpcClientError>

type Paid = Effect.Effect<string, Busy | RpcClientError.RpcClientError>

export const a: Paid = client.Pay({ amount: 1 }).pipe(Stamina.retry({ on: RpcRetry.on(Pay) }))
export const b: Paid = client.Pay({ amount: 1 }).pipe(Stamina.retry({ on: [RpcRetry.on(Pay), "Busy"] }))
export const c: Paid = Stamina.retry(client.Pay({ amount: 1 }), { on: RpcRetry.on(Pay), attempts: 3 })

// @ts-expect-error -- the procedure is missing
export const d = client.Pay({ amount: 1 }).pipe(Stamina.retry({ on: RpcRetry.on }))
// @ts-expect-error
Pay.annotate(RpcRetry.Idempotent, "yes")
