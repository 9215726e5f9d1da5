/**
 * Errors of models, and what runs calls that fail with them.
 */
import { Duration, Effect, Fiber } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import * as AiRetry from "effect-stamina/AiRetry"
import { AiError } from "effect/ai"
import { HttpClientError, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

export type Reason = AiError.AiErrorReason

export const aiError = (reason: Reason, module = "TestProvider") =>
  AiError.make({ module, method: "generateText", reason })
export const http = (status: number, headers: Record<string, string> = {}, body?: string) => ({
  response: { status, headers },
  body
})
export const network = (code?: string) =>
  AiError.NetworkError.fromHttpClientError(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({
        request: HttpClientRequest.post("https://example.com"),
        cause: code && new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) })
      })
    }) as never // its reason is a `RequestError`
  )

export const rateLimit = (retryAfter?: Duration.Input) =>
  new AiError.RateLimitError({
    retryAfter: retryAfter === undefined ? undefined : Duration.fromInputUnsafe(retryAfter)
  })
export const server = (more: { readonly http?: ReturnType<typeof http> } = {}) =>
  new AiError.InternalProviderError({ description: "Server error", ...more })
export const output = new AiError.StructuredOutputError({ description: "no name", responseText: "{}" })
export const invalid = new AiError.InvalidOutputError({ description: "no text" })
export const parameters = new AiError.ToolParameterValidationError({ toolName: "Pay", description: "no amount" })

export const quiet = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provideService(AiRetry.Budgets, RetryBudget.keyedUnsafe()),
    Effect.provide(Stamina.layerHooks([]))
  )

export const ended = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(effect))
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

/** Fails with one reason after the other, and then succeeds. */
export const failing = (...reasons: ReadonlyArray<Reason>) => {
  const left = [...reasons]
  return Effect.suspend(() => {
    const reason = left.shift()
    return reason === undefined ? Effect.succeed("an answer") : Effect.fail(aiError(reason))
  })
}
