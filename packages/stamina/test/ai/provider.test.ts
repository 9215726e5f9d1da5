/**
 * `AiRetry` with providers that are on the other end of a socket, and answer in their own words.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, ExecutionPlan, Logger, Option, Schema, Stream } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import * as AiRetry from "effect-stamina/AiRetry"
import { AiError, EmbeddingModel, LanguageModel, Model, type Response } from "effect/ai"
import { answer, BadServer, badServer, type Behaviour, reset } from "../kit/BadServer.ts"
import { anthropic, model, openAi } from "../kit/modelProvider.ts"
import { reasonOf } from "../kit/reasonOf.ts"

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Behaviour =>
  answer(status, { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } })

const openAiError = (status: number, code: string, headers?: Record<string, string>) =>
  json(status, { error: { message: code, type: code, param: null, code } }, headers)
const anthropicError = (status: number, type: string, more: object = {}) =>
  json(status, { type: "error", error: { type, message: type, ...more }, request_id: "req_1" })

const openAiSays = (content: string) => json(200, { choices: [{ message: { role: "assistant", content } }] })
const anthropicSays = (text: string) => json(200, { content: [{ type: "text", text }] })

const quick = { waitInitial: "1 milli", waitJitter: 0 } as const

const isolated = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.provideService(AiRetry.Budgets, RetryBudget.keyedUnsafe()), Effect.provide(Stamina.layerHooks([])))

const generate = LanguageModel.generateText({ prompt: "Say hello" })
const textOf = Effect.map(({ text }: { readonly text: string }) => text)

const scripted = (...behaviours: ReadonlyArray<Behaviour>) =>
  Effect.tap(badServer, (server) => Effect.sync(() => server.script(...behaviours)))

describe("AiRetry with an OpenAI-compatible provider", () => {
  it.live("waits as long as a 429 says, and takes what comes then", () =>
    Effect.gen(function*() {
      const server = yield* scripted(
        openAiError(429, "rate_limit_exceeded", { "retry-after-ms": "50" }),
        openAiError(503, "server_is_overloaded"),
        openAiError(500, "server_error"),
        reset,
        openAiSays("hello")
      )
      const text = yield* generate.pipe(
        textOf,
        AiRetry.retry(quick),
        Effect.provide(model(openAi, "gpt-5", server.url))
      )
      expect(text).toBe("hello")
      expect(server.seen).toHaveLength(5)
      expect(server.gaps[0]).toBeGreaterThanOrEqual(49)
    }).pipe(isolated))

  it.live("asks an account with nothing left to spend once, by its reason or by its body", () =>
    Effect.gen(function*() {
      const server = yield* scripted(
        openAiError(429, "insufficient_quota"),
        openAiError(429, "credit_balance_exhausted")
      )
      const error = generate.pipe(AiRetry.retry(quick), Effect.flip, Effect.provide(model(openAi, "gpt-5", server.url)))
      const errors = [yield* error, yield* error]
      expect(errors.map(({ reason }: AiError.AiError) => reason._tag)).toEqual([
        "QuotaExhaustedError",
        "RateLimitError"
      ])
      expect(errors.map(AiRetry.kindOf)).toEqual(["Quota", "Quota"])
      expect(server.seen).toHaveLength(2)
    }).pipe(isolated))

  it.live("asks for an object that does not parse three times", () =>
    Effect.gen(function*() {
      const server = yield* scripted(openAiSays(`{ "name": 7 }`))
      const error = yield* LanguageModel.generateObject({
        prompt: "Name it",
        schema: Schema.Struct({ name: Schema.String })
      })
        .pipe(AiRetry.retry(quick), Effect.flip, Effect.provide(model(openAi, "gpt-5", server.url)))
      expect(error.reason._tag).toBe("StructuredOutputError")
      expect(server.seen).toHaveLength(3)
    }).pipe(isolated))

  it.live("retries embeddings", () =>
    Effect.gen(function*() {
      const server = yield* scripted(openAiError(503, "slow_down"), json(200, {}))
      const { vector } = yield* Effect.flatMap(EmbeddingModel.EmbeddingModel, ({ embed }) => embed("hello")).pipe(
        AiRetry.retry(quick),
        Effect.provide(model(openAi, "embedding-3", server.url))
      )
      expect(vector).toEqual([1, 0])
      expect(server.seen).toHaveLength(2)
    }).pipe(isolated))
})

describe("AiRetry with Anthropic", () => {
  it.live("retries an overload, and neither bills nor the end of a month", () =>
    Effect.gen(function*() {
      const server = yield* scripted(
        anthropicError(529, "overloaded_error"),
        anthropicSays("hello"),
        anthropicError(402, "billing_error"),
        anthropicError(429, "rate_limit_error", { details: { error_code: "enforced_spend_limit_reached" } })
      )
      const call = generate.pipe(textOf, AiRetry.retry(quick), Effect.provide(model(anthropic, "claude", server.url)))
      expect(yield* call).toBe("hello")
      expect(AiRetry.kindOf(yield* Effect.flip(call))).toBe("Quota")
      expect(AiRetry.kindOf(yield* Effect.flip(call))).toBe("Quota")
      expect(server.seen).toHaveLength(4)
    }).pipe(isolated))

  const stream: Behaviour = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.write("data: Once\n\n")
    response.write("data: upon\n\n")
    response.end(`event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n`)
  }
  const isText = (part: Response.AnyPart): part is Response.TextDeltaPart => part.type === "text-delta"

  it.live("starts a stream again that was refused, and never one that has said something", () =>
    Effect.gen(function*() {
      const server = yield* scripted(anthropicError(529, "overloaded_error"), stream)
      const seen: Array<string> = []
      const error = yield* LanguageModel.streamText({ prompt: "Tell me a tale" }).pipe(
        AiRetry.retryStream(quick),
        Stream.filter(isText),
        Stream.runForEach(({ delta }) => Effect.sync(() => seen.push(delta))),
        Effect.flip,
        Effect.provide(model(anthropic, "claude", server.url)),
        Effect.provide(Logger.layer([]))
      )
      expect(seen).toEqual(["Once", "upon"])
      expect(error.reason._tag).toBe("InternalProviderError")
      expect(reasonOf(error)).toBe("NotRetryable")
      expect(server.seen).toHaveLength(2)
    }).pipe(isolated))
})

describe("AiRetry inside an ExecutionPlan", () => {
  const planOf = (first: BadServer, second: BadServer) =>
    ExecutionPlan.make(
      { provide: model(anthropic, "claude", first.url) },
      {
        provide: model(openAi, "gpt-5", second.url),
        // another provider does not make a bad request a good one
        while: (error: AiError.AiError) => AiRetry.kindOf(error) !== "Final"
      }
    )

  const both = (first: Behaviour, second: Behaviour) =>
    Effect.gen(function*() {
      const servers = [yield* scripted(first), yield* scripted(second)] as const
      const exit = yield* Effect.all({ answer: textOf(generate), provider: Model.ProviderName }).pipe(
        AiRetry.retry({ ...quick, attempts: 3 }),
        Effect.withExecutionPlan(planOf(...servers)),
        Effect.result
      )
      return { exit, requests: servers.map(({ seen }) => seen.length) }
    }).pipe(isolated)

  it.live("makes its attempts with one model, and then with the next", () =>
    Effect.gen(function*() {
      const { exit, requests } = yield* both(anthropicError(529, "overloaded_error"), openAiSays("hello"))
      expect(Option.getOrThrow(Option.fromNullishOr(exit._tag === "Success" ? exit.success : undefined)))
        .toEqual({ answer: "hello", provider: "openai" })
      expect(requests).toEqual([3, 1])
    }))

  it.live("leaves a model without quota at once", () =>
    Effect.gen(function*() {
      const { requests } = yield* both(anthropicError(402, "billing_error"), openAiSays("hello"))
      expect(requests).toEqual([1, 1])
    }))

  it.live("asks nobody else about a request that is wrong", () =>
    Effect.gen(function*() {
      const { exit, requests } = yield* both(anthropicError(400, "invalid_request_error"), openAiSays("hello"))
      expect(exit._tag).toBe("Failure")
      expect(requests).toEqual([1, 0])
    }))
})
