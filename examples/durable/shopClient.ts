/**
 * One call to the shop, and what can become of it: errors with schemas, since they are kept in storage.
 */
import { Effect, Schema } from "effect"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { HttpClient, type HttpClientError, HttpClientResponse } from "effect/http"

/** No answer, or one that says: later. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", { why: Schema.String }) {}

/** An answer that stays the same, however often it is asked for. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { why: Schema.String }) {}

/** Asks the shop for something that it does once for each key, however often it is asked. */
export const post = Effect.fn("post")(function*(path: string) {
  const client = yield* HttpClient.HttpClient
  const key = yield* DurableRetry.idempotencyKey
  return yield* client.post(path, { headers: { "idempotency-key": key } }).pipe(
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap((response) => response.text),
    Effect.mapError(toOurs)
  )
})

const toOurs = ({ reason }: HttpClientError.HttpClientError): Unavailable | Refused =>
  reason._tag !== "StatusCodeError"
    ? new Unavailable({ why: reason._tag })
    : reason.response.status >= 500
    ? new Unavailable({ why: `status ${reason.response.status}` })
    : new Refused({ why: `status ${reason.response.status}` })
