/**
 * The order: a workflow of two steps, each an activity that is retried durably. **Start here.**
 */
import { Effect, Schema } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { Activity, Workflow } from "effect/workflow"
import * as Shop from "./shopClient.ts"

/** A step has given up. The schema takes the reason over the border of the workflow; a report stays inside. */
export class StepFailed extends Schema.TaggedError<StepFailed>()("StepFailed", {
  step: Schema.String,
  reason: Schema.String,
  attempts: Schema.Int
}) {}

/** A day of patience. The waits are short here, so that somebody can watch. */
const patient = RetryPolicy.make({
  attempts: 50,
  timeout: "1 day",
  waitInitial: "500 millis",
  waitMax: "1 hour",
  waitJitter: 0
})

const charge = Activity.make({
  name: "charge",
  success: Schema.String,
  error: Schema.Union([Shop.Unavailable, Shop.Refused]),
  execute: Shop.post("/charge")
}).pipe(DurableRetry.retry({
  ...patient,
  on: "Unavailable",
  onGiveUp: (_, { attempts, reason }) => new StepFailed({ step: "charge", attempts, reason })
}))

const ship = Activity.make({
  name: "ship",
  success: Schema.String,
  error: Schema.Union([Shop.Unavailable, Shop.Refused]),
  execute: Shop.post("/ship")
}).pipe(DurableRetry.retry({
  ...patient,
  waitInitial: "4 seconds",
  on: "Unavailable",
  onGiveUp: (_, { attempts, reason }) => new StepFailed({ step: "ship", attempts, reason })
}))

/** Whoever executes it again with the same id joins the execution that there is, or gets its result. */
export const Order = Workflow.make("Order", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Schema.Struct({ receipt: Schema.String, parcel: Schema.String }),
  error: StepFailed
})

export const layer = Order.toLayer(Effect.fnUntraced(function*() {
  const receipt = yield* charge
  const parcel = yield* ship
  return { receipt, parcel }
}))
