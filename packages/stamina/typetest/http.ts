import { Duration, Effect, Layer } from "effect"
import { Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { HttpClient, type HttpClientError, type HttpClientResponse } from "effect/http"
import { HttpApi, HttpApiClient } from "effect/http-api"
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

// --- with attemptTimeout and readBody, a client can fail with HttpClientError as well

export const timed = special.pipe(HttpRetry.retry({ attemptTimeout: "5 seconds" }))
same<typeof timed, Client<"mine" | HttpClientError.HttpClientError, Date>>(true)
export const timedFirst = HttpRetry.retry(special, { attemptTimeout: "5 seconds", readBody: true })
same<typeof timedFirst, typeof timed>(true)
export const reading = special.pipe(HttpRetry.retry({ readBody: true }))
same<typeof reading, Client<"mine" | HttpClientError.HttpClientError, Date>>(true)
export const notReading = HttpRetry.retry(special, { readBody: false })
same<typeof notReading, Client<"mine", Date>>(true)
export const notTimed = HttpRetry.retry(special, { attemptTimeout: undefined })
same<typeof notTimed, Client<"mine", Date>>(true)
export const notTimedInPipe = special.pipe(HttpRetry.retry({ attemptTimeout: undefined }))
same<typeof notTimedInPipe, Client<"mine", Date>>(true)
declare const options: HttpRetry.Options
export const spread = HttpRetry.retry(special, { ...options, attempts: 3 })
same<typeof spread, Client<"mine", Date>>(true)

// --- so a plain client stays one, wherever one is wanted

export const timedClient: HttpClient.HttpClient = HttpRetry.retry(client, { attemptTimeout: "5 seconds" })
export const timedInPipe: HttpClient.HttpClient = client.pipe(
  HttpRetry.retry({ attemptTimeout: Duration.seconds(5), readBody: true })
)
export const timedLayer: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpRetry.retry({ attemptTimeout: "5 seconds" }))
)
export const apiClient = HttpApiClient.make(HttpApi.make("Api"), {
  transformClient: HttpRetry.retry({ attemptTimeout: "5 seconds", readBody: true })
})
same<Effect.Error<typeof apiClient>, never>(true)
// @ts-expect-error: it can fail with HttpClientError now
export const notMine: Client<"mine", Date> = HttpRetry.retry(special, { attemptTimeout: "5 seconds" })
// @ts-expect-error: the same in a pipe
export const notMineInPipe: Client<"mine", Date> = special.pipe(HttpRetry.retry({ attemptTimeout: "5 seconds" }))

// --- options that there are, and values that they take

// @ts-expect-error: what is retried is known
HttpRetry.retry({ on: "HttpClientError" })
// @ts-expect-error: a typo
HttpRetry.retry({ status: [503] })
// @ts-expect-error: no status
HttpRetry.retry({ statuses: ["503"] })
// @ts-expect-error: no answer
HttpRetry.retry({ classify: () => "no" })
// @ts-expect-error: no header
HttpRetry.retry({ idempotencyHeader: true })
// @ts-expect-error: no duration
HttpRetry.retry({ attemptTimeout: "soon" })
HttpRetry.retry({ classify: ({ response }) => response?.status === 409 ? true : undefined })
HttpRetry.retry({ classify: (): Duration.Input => "5 seconds" })

// --- `on` fits every effect

declare const call: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError | "other">
export const retried = call.pipe(Stamina.retry({ on: HttpRetry.on }))
same<typeof retried, typeof call>(true)
export const alone: typeof call = Stamina.retry({ on: HttpRetry.on })(call)

// --- also in a list, and beside the time-outs that it leaves alone

export const listed = call.pipe(
  Stamina.retry({ on: [HttpRetry.on, "AttemptTimedOut"], attemptTimeout: "5 seconds" })
)
same<Effect.Error<typeof listed>, Effect.Error<typeof call> | Stamina.AttemptTimedOut>(true)
