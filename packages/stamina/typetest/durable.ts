/**
 * Durable retries: what their types accept, and what they refuse.
 */
import { Context, Effect, Schema } from "effect"
import type { RetryReport } from "effect-stamina"
import { Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { Activity, type WorkflowEngine } from "effect/workflow"

class HttpError extends Schema.TaggedError<HttpError>()("HttpError", { status: Schema.Int }) {}
class Declined extends Schema.TaggedError<Declined>()("Declined", {}) {}
class Failed extends Schema.TaggedError<Failed>()("Failed", { why: Schema.String }) {}

type Engine = WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance

const execute: Effect.Effect<string, HttpError | Declined> = Effect.succeed("receipt")
const charge = Activity.make({
  name: "charge",
  success: Schema.String,
  error: Schema.Union([HttpError, Declined]),
  execute
})

// both forms keep success and errors
export const first: Effect.Effect<string, HttpError | Declined, Engine> = DurableRetry.retry(charge, {
  on: "HttpError",
  attempts: 5
})
export const last: Effect.Effect<string, HttpError | Declined, Engine> = charge.pipe(
  DurableRetry.retry({ on: "HttpError", timeout: "1 day", waitMax: "1 hour", holdWaitsUpTo: "1 second" })
)

// a hook and a record know the errors
charge.pipe(DurableRetry.retry({ on: { HttpError: (error) => error.status >= 500 } }))
charge.pipe(DurableRetry.retry({ on: (error) => error._tag === "HttpError" && error.status >= 500 }))
DurableRetry.retry(charge, { on: { HttpError: (error) => error.status >= 500 } })
DurableRetry.retry(charge, { on: [HttpError, "Declined"] })

// @ts-expect-error a tag that the activity cannot fail with
DurableRetry.retry(charge, { on: "HtpError" })
// @ts-expect-error the same, piped
charge.pipe(DurableRetry.retry({ on: "HtpError" }))
// @ts-expect-error the same, in a record
charge.pipe(DurableRetry.retry({ on: { HtpError: true } }))
// @ts-expect-error without `on` nothing is retried
DurableRetry.retry(charge, { attempts: 3 })
// @ts-expect-error an effect is no activity
DurableRetry.retry(execute, { on: "HttpError" })
// @ts-expect-error a durable run has no spans of its own: each attempt is an activity
DurableRetry.retry(charge, { on: "HttpError", spans: true })

// what the options add to the errors
export const timed: Effect.Effect<string, HttpError | Declined | Stamina.AttemptTimedOut, Engine> = charge.pipe(
  DurableRetry.retry({ on: "HttpError", attemptTimeout: "5 seconds" })
)
// @ts-expect-error an attempt may have taken too long
export const untimed: Effect.Effect<string, HttpError | Declined, Engine> = timed
export const counted: Effect.Effect<string, HttpError | Declined | DurableRetry.AttemptLost, Engine> = charge.pipe(
  DurableRetry.retry({ on: "HttpError", lostAttempts: "count" })
)
// @ts-expect-error an attempt may have been lost
export const uncounted: Effect.Effect<string, HttpError | Declined, Engine> = counted

// what comes out is what `onGiveUp` makes of it
export const mapped: Effect.Effect<string, Failed, Engine> = charge.pipe(
  DurableRetry.retry({
    on: "HttpError",
    attemptTimeout: "5 seconds",
    onGiveUp: (error, report: RetryReport.RetryReport) =>
      new Failed({ why: `${error._tag satisfies "HttpError" | "Declined" | "AttemptTimedOut"}: ${report.reason}` })
  })
)

// both errors have schemas, for the workflow's own
export const errors = Schema.Union([HttpError, DurableRetry.AttemptLost, DurableRetry.AttemptTimedOut])
export const decoded: HttpError | DurableRetry.AttemptLost | Stamina.AttemptTimedOut = errors.Type

// services of the activity and of its schemas stay
class Gateway extends Context.Service<Gateway, { readonly url: string }>()("Gateway") {}
export const gateway: Effect.Effect<void, HttpError, Engine | Gateway> = Activity.make({
  name: "pay",
  error: HttpError,
  execute: Effect.asVoid(Gateway)
}).pipe(DurableRetry.retry({ on: "HttpError" }))

// @ts-expect-error the policy is checked, too
DurableRetry.retry(charge, { on: "HttpError", attempts: "three" })
