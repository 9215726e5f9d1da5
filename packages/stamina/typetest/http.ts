import { type Duration, Effect, Layer } from "effect"
import { type AttemptTimedOut, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { HttpClient, type HttpClientError, type HttpClientResponse } from "effect/http"
import { same } from "./errors.ts"

declare const client: HttpClient.HttpClient
type Client<E, R = never> = HttpClient.HttpClient.With<E, R>

// --- a client goes in, and one comes out that fits wherever it did

export const first = HttpRetry.retry(client)
same<typeof first, Client<HttpClientError.HttpClientError>>(true)
export const withOptions: HttpClient.HttpClient = HttpRetry.retry(client, { attempts: 3 })
export const piped: HttpClient.HttpClient = client.pipe(HttpRetry.retry())
export const pipedWithOptions: HttpClient.HttpClient = client.pipe(HttpRetry.retry({ statuses: [503] }))
export const layer: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpRetry.retry({ attempts: 3 }))
)

// --- its own errors and services stay

declare const special: Client<"mine", Date>
export const kept = special.pipe(HttpRetry.retry({ idempotencyKey: true }))
same<typeof kept, Client<"mine", Date>>(true)

// --- attemptTimeout and readBody add theirs, and nothing else does

export const timed = special.pipe(HttpRetry.retry({ attemptTimeout: "5 seconds" }))
same<typeof timed, Client<"mine" | AttemptTimedOut.AttemptTimedOut, Date>>(true)
export const reading = special.pipe(HttpRetry.retry({ readBody: true }))
same<typeof reading, Client<"mine" | HttpClientError.HttpClientError, Date>>(true)
export const notReading = HttpRetry.retry(special, { readBody: false })
same<typeof notReading, Client<"mine", Date>>(true)
// @ts-expect-error: it can fail with AttemptTimedOut, which no HttpClient can
export const notAClient: HttpClient.HttpClient = HttpRetry.retry(client, { attemptTimeout: "5 seconds" })

// --- options that there are, and values that they take

// @ts-expect-error: what is retried is known
HttpRetry.retry({ on: "HttpClientError" })
// @ts-expect-error: a typo
HttpRetry.retry({ status: [503] })
// @ts-expect-error: no status
HttpRetry.retry({ statuses: ["503"] })
// @ts-expect-error: no answer
HttpRetry.retry({ classify: () => "no" })
HttpRetry.retry({ classify: ({ response }) => response?.status === 409 ? true : undefined })
HttpRetry.retry({ classify: (): Duration.Input => "5 seconds" })

// --- `on` fits every effect

declare const call: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError | "other">
export const retried = call.pipe(Stamina.retry({ on: HttpRetry.on }))
same<typeof retried, typeof call>(true)
export const alone: typeof call = Stamina.retry({ on: HttpRetry.on })(call)
