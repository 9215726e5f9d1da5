/**
 * One attempt at a call, with Effect's `HttpClient`, and what there is to say about its failures.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Cause, Effect, type Layer } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"

export type CallError = HttpClientError.HttpClientError | Cause.TimeoutError

/** The transport: Node's `http`, with an agent that goes away with the layer. */
export const layer: Layer.Layer<HttpClient.HttpClient> = NodeHttpClient.layerNodeHttp

/** How long an attempt may take. A hang becomes a typed failure by this, and only so can it be retried. */
export const attemptTimeout = "600 millis"

/** One attempt: send, insist on a 2xx, and read the whole body. Whatever happens, its socket is closed afterwards. */
export const get = Effect.fn("get")(
  function*(
    url: string,
    attempt?: number
  ): Effect.fn.Return<string, HttpClientError.HttpClientError, HttpClient.HttpClient> {
    const client = HttpClient.withScope(yield* HttpClient.HttpClient)
    const headers = attempt === undefined ? {} : { "x-attempt": String(attempt) }
    return yield* client.get(url, { headers }).pipe(
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      Effect.flatMap((response) => response.text),
      Effect.scoped
    )
  },
  Effect.timeout(attemptTimeout)
)

/** What is worth another attempt: everything that went wrong on the way, and an answer of 5xx. */
export const transient = {
  TimeoutError: true,
  HttpClientError: ({ reason }: HttpClientError.HttpClientError) =>
    reason._tag === "StatusCodeError"
      ? reason.response.status >= 500
      // a body that breaks off is a `DecodeError`, and as much the network's fault as a connection refused
      : reason._tag === "TransportError" || reason._tag === "DecodeError"
}

/** A failure in one word, and in one line. */
export const describe = (error: CallError): { readonly word: string; readonly line: string } => {
  if (Cause.isTimeoutError(error)) return { word: "hang", line: `no answer within ${attemptTimeout}` }
  const { reason } = error
  if (reason._tag === "StatusCodeError") {
    return { word: String(reason.response.status), line: `the server answered ${reason.response.status}` }
  }
  const code = codeOf(reason.cause)
  if (code === "ECONNREFUSED") return { word: "refused", line: `nobody listens (${code})` }
  if (code === "ECONNRESET") return { word: "reset", line: `the connection broke off mid-response (${code})` }
  return { word: reason._tag, line: reason.message }
}

const codeOf = (cause: unknown): unknown => cause instanceof Error && "code" in cause ? cause.code : undefined
