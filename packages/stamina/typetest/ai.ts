/**
 * `AiRetry`: what goes in, what comes out.
 */
import { type Effect, type Stream } from "effect"
import { RetryBudget, Stamina, staminaSchedule } from "effect-stamina"
import * as AiRetry from "effect-stamina/AiRetry"
import { type AiError, type LanguageModel } from "effect/ai"

interface Mine {
  readonly _tag: "Mine"
}

type Call = Effect.Effect<string, AiError.AiError | Mine, LanguageModel.LanguageModel>
declare const call: Call
type Answer = Stream.Stream<string, AiError.AiError | Mine, LanguageModel.LanguageModel>
declare const answer: Answer

// alone, in a pipe, with the effect first
export const a: Call = call.pipe(AiRetry.retry())
export const b: Call = call.pipe(
  AiRetry.retry({ attempts: 3, limits: { StructuredOutputError: 5 }, maxHint: "2 minutes" })
)
export const c: Call = AiRetry.retry(call)
export const d: Call = AiRetry.retry(call, { budget: "none" })
export const e: Call = AiRetry.retry({ budget: RetryBudget.keyedUnsafe() })(call)

// a limit to the time of an attempt is among the errors
export const f = call.pipe(AiRetry.retry({ attemptTimeout: "1 minute" })) satisfies Effect.Effect<
  string,
  AiError.AiError | Mine | Stamina.AttemptTimedOut,
  LanguageModel.LanguageModel
>
// @ts-expect-error
export const g: Call = call.pipe(AiRetry.retry({ attemptTimeout: "1 minute" }))

// what else is retried
export const h: Call = call.pipe(
  AiRetry.retry({ classify: (error) => AiRetry.kindOf(error) === "Quota" ? "1 hour" : undefined })
)
// @ts-expect-error -- a hint is made by `RetryOn.atLeast`
export const i = AiRetry.retry({ classify: () => "soon" })
// @ts-expect-error -- no reason of that name
export const j = AiRetry.retry({ limits: { ParseError: 5 } })
// @ts-expect-error -- it has an `on` of its own
export const k = AiRetry.retry({ on: "AiError" })

export const l: Answer = answer.pipe(AiRetry.retryStream())
export const m: Answer = AiRetry.retryStream(answer, { attempts: 3 })
// @ts-expect-error -- a stream that has delivered something is never restarted
export const n = AiRetry.retryStream({ resetAfter: "1 second" })
// @ts-expect-error -- a stream
export const o = AiRetry.retry(answer)

// the `on` of all other retries
export const p: Call = call.pipe(Stamina.retry({ ...AiRetry.defaults, on: [AiRetry.on, "Mine"] }))
export const q = staminaSchedule({ on: AiRetry.on })
