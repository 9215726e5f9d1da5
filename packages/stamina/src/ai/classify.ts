/**
 * What kind of trouble an `AiError` stands for. Known by its brand, so that `AiError` and its schemas are not loaded.
 */
import type { AiError, AiErrorReason } from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import { read } from "../tools/errors.ts"
import { isFinalTlsCause } from "../tools/tlsFaults.ts"
import type { Verdict } from "../verdict/model.ts"
import type { Kind } from "./model.ts"

/** Whether an error is an `AiError`. */
export const isAiError = (error: unknown): error is AiError => read(error, "~effect/ai/AiError") !== undefined

/** The kind of trouble. Reasons that Effect may add later are final. */
export const kindOf = (error: AiError): Kind => {
  // the other tools of the same answer may have run
  if (error.module === "Toolkit") return "Tool"
  const { reason } = error
  switch (reason._tag) {
    case "RateLimitError":
      return saysSo(reason, usedUp) ? "Quota" : "RateLimit"
    case "QuotaExhaustedError":
      return "Quota"
    case "InternalProviderError":
      return statusOf(reason) === 503 || statusOf(reason) === 529 || saysSo(reason, overloaded)
        ? "Overload"
        : "Server"
    case "NetworkError":
      return reason.reason === "TransportError" && !isFinalTlsCause(reason.cause) ? "Network" : "Final"
    case "InvalidOutputError":
    case "StructuredOutputError":
    case "ToolNotFoundError":
    case "ToolParameterValidationError":
      return "Output"
    // statuses for which Effect has no reason of their own
    case "InvalidRequestError":
    case "UnknownError":
      return statusOf(reason) === 408 || statusOf(reason) === 409 ? "Server" : "Final"
    case "InvalidToolResultError":
    case "ToolResultEncodingError":
    case "ToolConfigurationError":
      return "Tool"
    case "AuthenticationError":
    case "ContentPolicyError":
    case "InvalidResponseError":
    case "InvalidUserInputError":
    case "ToolkitRequiredError":
    case "UnsupportedSchemaError":
    default:
      return "Final"
  }
}

/** What becomes of an error if nothing limits it; `max` is the longest wait that is granted, in milliseconds. */
export const verdictOf = (error: unknown, max: number): Verdict => {
  if (!isAiError(error)) return false
  switch (kindOf(error)) {
    case "RateLimit":
    case "Overload":
    case "Server": {
      const wait = hintOf(error)
      if (wait === Infinity) return false
      return wait === undefined || wait <= 0 ? true : { _tag: "Hint", wait, max }
    }
    case "Network":
    case "Output":
      return true
    case "Quota":
    case "Tool":
    case "Final":
      return false
  }
}

/** How often one call may fail for a reason, by default: what the model wrote, it may write again. */
export const defaultLimits: ReadonlyMap<string, number> = /*#__PURE__*/ new Map([
  ["InvalidOutputError", 3],
  ["StructuredOutputError", 3],
  ["ToolNotFoundError", 3],
  ["ToolParameterValidationError", 3]
])

/** How long the provider asks to wait, in milliseconds: as the error says, else as the header does. */
const hintOf = (error: AiError): number | undefined => {
  const wait = error.retryAfter
  if (wait !== undefined) return Duration.toMillis(wait)
  const millis = headerOf(error.reason, "retry-after-ms")
  if (millis !== undefined) return millis
  const seconds = headerOf(error.reason, "retry-after")
  return seconds === undefined ? undefined : seconds * 1000
}

/** A number in a header that has one. Dates are left to the package of the provider: they need a clock. */
const headerOf = (reason: AiErrorReason, name: string): number | undefined => {
  const value = read(read(responseOf(reason), "headers"), name)
  return typeof value === "string" && /^\d{1,9}(?:\.\d{1,9})?$/.test(value) ? Number(value) : undefined
}

const statusOf = (reason: AiErrorReason): unknown => read(responseOf(reason), "status")

const responseOf = (reason: AiErrorReason): unknown => read(read(reason, "http"), "response")

/**
 * Codes and types in error bodies that say what a status leaves open: an account that has nothing left to spend, and a model
 * that is overloaded.
 *
 * - OpenAI: `error.type` is `insufficient_quota` and `error.code` one of the others, with status 429; `slow_down` and
 *   `server_is_overloaded` (https://platform.openai.com/docs/guides/error-codes).
 * - Anthropic: `error.details.error_code` is `enforced_spend_limit_reached`, with status 429; `overloaded_error`, with 529 or
 *   as an event of a stream (https://docs.anthropic.com/en/api/errors).
 */
const usedUp: ReadonlySet<string> = /*#__PURE__*/ new Set([
  "insufficient_quota",
  "billing_hard_limit_reached",
  "credit_balance_exhausted",
  "enforced_spend_limit_reached",
  "organization_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
  "project_spend_limit_exceeded"
])
const overloaded: ReadonlySet<string> = /*#__PURE__*/ new Set(["overloaded_error", "server_is_overloaded", "slow_down"])

const saysSo = (reason: AiErrorReason, codes: ReadonlySet<string>): boolean => {
  const body = read(read(reason, "http"), "body")
  if (typeof body !== "string") return false
  const found = body.slice(0, longestBody).matchAll(/"(?:type|code|error_code)"\s*:\s*"(\w+)"/g)
  for (const [, code = ""] of found) if (codes.has(code)) return true
  return false
}

/** Several times as long as an error body, and quick to search. */
const longestBody = 10_000
