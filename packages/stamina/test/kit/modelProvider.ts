/**
 * Two providers of models over HTTP, as small as they can be: an OpenAI-compatible one and Anthropic's, with their public
 * error bodies, and `effect/ai`'s own helpers to read them. Both send what they are asked as one request.
 */
import { Duration, Effect, Layer, Option, Schema, Stream } from "effect"
import { AiError, EmbeddingModel, LanguageModel, Model, type Response } from "effect/ai"
import { Sse } from "effect/encoding"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"

/** What differs between the two. */
interface Provider {
  readonly name: string
  readonly path: string
  /** The text of an answer. */
  readonly text: (body: unknown) => string
  /** The reason that a status and a body stand for, where those of `effect/ai` do not do. */
  readonly reason: (error: ErrorBody, failed: Failed) => AiError.AiErrorReason | undefined
}

interface Failed {
  readonly status: number
  readonly http: typeof AiError.HttpContext.Type
  readonly retryAfter: Duration.Duration | undefined
}

const ErrorBody = Schema.Struct({
  error: Schema.Struct({
    type: Schema.optional(Schema.NullOr(Schema.String)),
    code: Schema.optional(Schema.NullOr(Schema.String)),
    message: Schema.String
  })
})
type ErrorBody = typeof ErrorBody.Type

const decodeError = Schema.decodeUnknownOption(Schema.fromJsonString(ErrorBody))
const OpenAiAnswer = Schema.Struct({
  choices: Schema.Array(Schema.Struct({ message: Schema.Struct({ content: Schema.String }) }))
})
const AnthropicAnswer = Schema.Struct({ content: Schema.Array(Schema.Struct({ text: Schema.String })) })

/** `{ "error": { "message", "type", "param", "code" } }`, https://platform.openai.com/docs/guides/error-codes */
export const openAi: Provider = {
  name: "openai",
  path: "/v1/chat/completions",
  text: (body) => Schema.decodeUnknownSync(OpenAiAnswer)(body).choices.map(({ message }) => message.content).join(""),
  reason: ({ error }, { http }) =>
    error.code === "insufficient_quota" ? new AiError.QuotaExhaustedError({ http }) : undefined
}

/** `{ "type": "error", "error": { "type", "message" } }`, https://docs.anthropic.com/en/api/errors */
export const anthropic: Provider = {
  name: "anthropic",
  path: "/v1/messages",
  text: (body) => Schema.decodeUnknownSync(AnthropicAnswer)(body).content.map(({ text }) => text).join(""),
  reason: ({ error }, { http }) =>
    error.type === "billing_error" ? new AiError.QuotaExhaustedError({ http }) : undefined
}

/** A model of a provider at an address. */
export const model = (provider: Provider, name: string, url: string) =>
  Model.make(provider.name, name, layer(provider, name, url).pipe(Layer.provide(FetchHttpClient.layer)))

const layer = (provider: Provider, name: string, url: string) => {
  const clientOf = Effect.map(
    HttpClient.HttpClient,
    (client) => (method: string, body: Record<string, unknown>) =>
      HttpClientRequest.post(url + provider.path).pipe(
        HttpClientRequest.bodyJsonUnsafe({ model: name, ...body }),
        client.execute,
        Effect.catch((error) => failed(method, error)),
        Effect.flatMap((response) =>
          response.status < 400 ? Effect.succeed(response) : refused(provider, method, response)
        )
      )
  )
  const languageModel = Effect.flatMap(clientOf, (send) =>
    LanguageModel.make({
      generateText: ({ prompt }) =>
        send("generateText", { messages: prompt.content }).pipe(
          Effect.flatMap((response) => response.json.pipe(Effect.catch((error) => failed("generateText", error)))),
          Effect.map((body): Array<Response.PartEncoded> => [{ type: "text", text: provider.text(body) }, finish])
        ),
      streamText: ({ prompt }) =>
        Stream.unwrap(Effect.map(send("streamText", { messages: prompt.content, stream: true }), (response) =>
          response.stream.pipe(
            Stream.decodeText(),
            Stream.pipeThroughChannel(Sse.decode()),
            Stream.catch((error) =>
              HttpClientError.isHttpClientError(error)
                ? Stream.fromEffect(failed("streamText", error))
                : Stream.die(error)
            ),
            Stream.mapEffect((event): Effect.Effect<Response.StreamPartEncoded, AiError.AiError> =>
              event.event === "error"
                ? Effect.fail(errorOf("streamText", new AiError.InternalProviderError({ description: event.data })))
                : Effect.succeed({ type: "text-delta", id: "1", delta: event.data })
            )
          )))
    }))
  const embeddingModel = Effect.flatMap(clientOf, (send) =>
    EmbeddingModel.make({
      embedMany: ({ inputs }) =>
        Effect.as(send("embedMany", { input: inputs }), {
          results: inputs.map(() => [1, 0]),
          usage: { inputTokens: undefined }
        })
    }))
  return Layer.mergeAll(
    Layer.effect(LanguageModel.LanguageModel)(languageModel),
    Layer.effect(EmbeddingModel.EmbeddingModel)(embeddingModel)
  )
}

const finish: Response.FinishPartEncoded = {
  type: "finish",
  reason: "stop",
  usage: { inputTokens: {}, outputTokens: {} }
}

const errorOf = (method: string, reason: AiError.AiErrorReason) =>
  AiError.make({ module: "TestProvider", method, reason })

const failed = (method: string, error: HttpClientError.HttpClientError) =>
  Effect.fail(errorOf(
    method,
    isUnsent(error)
      ? AiError.NetworkError.fromHttpClientError(error)
      : new AiError.InvalidResponseError({ description: error.message })
  ))

/** What `effect/ai` takes for an error of the network. */
const isUnsent = (
  error: HttpClientError.HttpClientError
): error is HttpClientError.HttpClientError & { readonly reason: HttpClientError.RequestError } =>
  ["TransportError", "EncodeError", "InvalidUrlError"].includes(error.reason._tag)

const refused = (provider: Provider, method: string, response: HttpClientResponse.HttpClientResponse) =>
  Effect.flatMap(response.text.pipe(Effect.catch((error) => failed(method, error))), (body) => {
    const { headers, status } = response
    const seconds = Number(headers["retry-after"] ?? NaN)
    const http = { response: { status, headers: { ...headers } }, body }
    const retryAfter = Number.isNaN(seconds) ? undefined : Duration.seconds(seconds)
    const known = Option.flatMapNullishOr(
      decodeError(body),
      (error) => provider.reason(error, { status, http, retryAfter })
    )
    const reason = Option.getOrElse(known, () =>
      status === 429
        ? new AiError.RateLimitError({ retryAfter, http })
        : AiError.reasonFromHttpStatus({ status, body, http }))
    return Effect.fail(errorOf(method, reason))
  })
