/**
 * The idempotency key of a durable retry.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Activity from "effect/workflow/Activity"
import type { WorkflowInstance } from "effect/workflow/WorkflowEngine"

/** The name of the activity whose attempt is being made. */
export const CurrentActivity: Context.Reference<string | undefined> = /*#__PURE__*/ Context.Reference<
  string | undefined
>("effect-stamina/DurableRetry/CurrentActivity", { defaultValue: () => undefined })

/**
 * A key for the other side, so that it does the work once: the same over all attempts, restarts and replays of one retry
 * in one execution of its workflow, and different from every other one.
 *
 * **Details**
 *
 * A hash of the workflow's execution id and the activity's name. It is there inside an attempt only, and a defect anywhere
 * else.
 *
 * **Example** (Charging once)
 *
 * ```ts
 * import { Effect, Layer, Schema } from "effect"
 * import { Activity, Workflow, WorkflowEngine } from "effect/workflow"
 * import * as DurableRetry from "effect-stamina/DurableRetry"
 *
 * class Down extends Schema.TaggedError<Down>()("Down", {}) {}
 *
 * const keys = new Set<string>()
 * const charge = Activity.make({
 *   name: "charge",
 *   error: Down,
 *   execute: Effect.gen(function*() {
 *     keys.add(yield* DurableRetry.idempotencyKey)
 *     if ((yield* Activity.CurrentAttempt) < 3) return yield* new Down()
 *   })
 * }).pipe(DurableRetry.retry({ on: "Down", waitInitial: "1 milli", waitJitter: 0 }))
 *
 * const Order = Workflow.make("Order", { payload: { id: Schema.String }, idempotencyKey: ({ id }) => id, error: Down })
 * const live = Order.toLayer(() => charge).pipe(Layer.provideMerge(WorkflowEngine.layerMemory))
 *
 * Effect.runPromise(Order.execute({ id: "42" }).pipe(Effect.provide(live)))
 *   .then(() => console.log("3 attempts,", keys.size, "key")) // 3 attempts, 1 key
 * ```
 *
 * @category idempotency
 * @since 0.1.0
 */
export const idempotencyKey: Effect.Effect<string, never, WorkflowInstance> = /*#__PURE__*/ Effect.flatMap(
  CurrentActivity,
  (name) =>
    name === undefined
      ? Effect.die(new Error("DurableRetry.idempotencyKey: there is none outside of an attempt of DurableRetry.retry"))
      : Activity.idempotencyKey(name)
)
