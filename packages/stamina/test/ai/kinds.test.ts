import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import * as AiRetry from "effect-stamina/AiRetry"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { AiError } from "effect/ai"
import {
  aiError,
  ended,
  http,
  invalid,
  network,
  output,
  parameters,
  quiet,
  rateLimit,
  type Reason,
  server
} from "../kit/modelErrors.ts"

const cases: ReadonlyArray<readonly [AiRetry.Kind, Reason]> = [
  ["RateLimit", rateLimit()],
  ["RateLimit", new AiError.RateLimitError({ http: http(429, {}, `{"error":{"code":"rate_limit_exceeded"}}`) })],
  ["RateLimit", new AiError.RateLimitError({ http: http(429, {}, `{"error":{"message":"insufficient_quota"}}`) })],
  ...[
    "insufficient_quota",
    "billing_hard_limit_reached",
    "credit_balance_exhausted",
    "enforced_spend_limit_reached",
    "organization_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "project_spend_limit_exceeded"
  ].map((code) =>
    ["Quota", new AiError.RateLimitError({ http: http(429, {}, JSON.stringify({ error: { code } })) })] as const
  ),
  ["Quota", new AiError.QuotaExhaustedError({})],
  ["Overload", server({ http: http(529) })],
  ["Overload", server({ http: http(503) })],
  ["Overload", server({ http: http(500, {}, `{ "error": { "type" : "overloaded_error" } }`) })],
  ["Server", server({ http: http(500) })],
  ["Server", server()],
  ["Server", new AiError.UnknownError({ http: http(408) })],
  ["Server", new AiError.UnknownError({ http: http(409) })],
  ["Server", new AiError.InvalidRequestError({ http: http(409) })],
  ["Network", network()],
  ["Network", network("ECONNRESET")],
  ["Final", network("CERT_HAS_EXPIRED")],
  ["Final", new AiError.NetworkError({ reason: "EncodeError", method: "POST", url: "/" })],
  ["Output", invalid],
  ["Output", output],
  ["Output", parameters],
  ["Output", new AiError.ToolNotFoundError({ toolName: "Pay", availableTools: [] })],
  ["Tool", new AiError.InvalidToolResultError({ toolName: "Pay", description: "?" })],
  ["Tool", new AiError.ToolResultEncodingError({ toolName: "Pay", toolResult: 1, description: "?" })],
  ["Tool", new AiError.ToolConfigurationError({ toolName: "Pay", description: "?" })],
  ["Final", new AiError.UnknownError({ http: http(402) })],
  ["Final", new AiError.InvalidRequestError({ http: http(400) })],
  ["Final", new AiError.AuthenticationError({ kind: "InvalidKey" })],
  ["Final", new AiError.ContentPolicyError({ description: "?" })],
  ["Final", new AiError.InvalidResponseError({ description: "?" })],
  ["Final", new AiError.UnsupportedSchemaError({ description: "?" })],
  ["Final", new AiError.ToolkitRequiredError({ pendingApprovals: [] })],
  ["Final", new AiError.InvalidUserInputError({ description: "?" })]
]
const retriedKinds: ReadonlySet<AiRetry.Kind | undefined> = new Set([
  "RateLimit",
  "Overload",
  "Server",
  "Network",
  "Output"
])

const attempt = (num: number) => ({ num, elapsed: Duration.zero, previousWait: Duration.zero })
const first = attempt(1)

describe("AiRetry.kindOf and on", () => {
  it.each(cases)("%s: %o", (kind, reason) => {
    expect(AiRetry.kindOf(aiError(reason))).toBe(kind)
    expect(AiRetry.on(aiError(reason), first)).toBe(retriedKinds.has(kind))
  })

  it("know each reason of AiError", () => {
    expect(new Set(cases.map(([, { _tag }]) => _tag)).size).toBe(AiError.AiErrorReason.members.length)
  })

  it("retry nothing that a toolkit says: other tools of the same answer may have run", () => {
    for (const reason of [parameters, rateLimit(), network()]) {
      expect(AiRetry.kindOf(aiError(reason, "Toolkit"))).toBe("Tool")
      expect(AiRetry.on(aiError(reason, "Toolkit"), first)).toBe(false)
    }
  })

  it("take nothing else for an error of a model", () => {
    for (const error of [undefined, null, "AiError", new Error("?"), { _tag: "AiError" }, rateLimit()]) {
      expect(AiRetry.kindOf(error)).toBeUndefined()
      expect(AiRetry.on(error, first)).toBe(false)
    }
  })

  it.each<readonly [number | false, Reason]>([
    [7000, rateLimit("7 seconds")],
    [7000, new AiError.RateLimitError({ http: http(429, { "retry-after": "7" }) })],
    [70, new AiError.RateLimitError({ http: http(429, { "retry-after": "7", "retry-after-ms": "70" }) })],
    [7000, new AiError.RateLimitError({ retryAfter: Duration.seconds(7), http: http(429, { "retry-after": "8" }) })],
    [1500, server({ http: http(529, { "retry-after": "1.5" }) })],
    [3000, server({ http: http(500, { "retry-after": "3" }) })],
    [false, rateLimit(Duration.infinity)]
  ])("wait as long as the provider asks: %s", (wait, reason) => {
    expect(AiRetry.on(aiError(reason), first)).toEqual(wait && { _tag: "Hint", wait, max: 60_000 })
  })

  it.each(["", "soon", "-1", "1e9", "Wed, 21 Oct 2015 07:28:00 GMT", "9".repeat(400), "0"])(
    "take the default wait where a header says %j",
    (value) => {
      expect(AiRetry.on(aiError(server({ http: http(503, { "retry-after": value }) })), first)).toBe(true)
    }
  )

  it("ask a model three times for what parses", () => {
    expect([1, 2, 3, 4].map((num) => AiRetry.on(aiError(output), attempt(num)))).toEqual([true, true, false, false])
    expect(AiRetry.on(aiError(server()), attempt(9))).toBe(true)
  })

  it.effect("decide for every driver", () =>
    Effect.gen(function*() {
      const calls = (
        error: AiError.AiError,
        retry: (self: Effect.Effect<never, AiError.AiError>) => Effect.Effect<never, unknown>
      ) =>
        Effect.gen(function*() {
          let made = 0
          yield* ended(retry(Effect.suspend(() => {
            made++
            return Effect.fail(error)
          })))
          return made
        })
      const on = AiRetry.on
      for (
        const retry of [
          Stamina.retry({ on, attempts: 5 }),
          Effect.retry(staminaSchedule({ on, attempts: 5 })),
          AiRetry.retry({ attempts: 5 })
        ]
      ) {
        expect(yield* calls(aiError(output), retry)).toBe(3)
        expect(yield* calls(aiError(server()), retry)).toBe(5)
        expect(yield* calls(aiError(new AiError.QuotaExhaustedError({})), retry)).toBe(1)
      }
    }).pipe(quiet))

  it("decide for promises", async () => {
    let made = 0
    const call = () => {
      made++
      return Promise.reject(aiError(output))
    }
    const options = { on: AiRetry.on, waitInitial: 0, waitJitter: 0, hooks: [] }
    await expect(RetryPromise.retry(call, options)).rejects.toThrow("Structured output validation failed")
    expect(made).toBe(3)
  })
})
