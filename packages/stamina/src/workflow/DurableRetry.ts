/**
 * Retries that survive the process: an activity of a workflow, retried with a policy, on Effect's own workflow engine.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Activity from "effect/workflow/Activity"
import { isActivity } from "../tools/activity.ts"
import { refuse } from "../tools/check.ts"
import { eager } from "../tools/dataFirstOrLast.ts"
import type { Checked, OnOf } from "../verdict/RetryOn.ts"
import { retryActivity } from "./body.ts"
import { type AnyActivity, codingOf } from "./coding.ts"
import type { Durable, Errors, LostAttempts, OnGiveUp, Options } from "./model.ts"
import { type AnyOptions, type DurableSettings, fromOptions } from "./options.ts"

export { AttemptLost, AttemptTimedOut } from "./errors.ts"
export { idempotencyKey } from "./idempotency.ts"
export type { Durable, Errors, LostAttempts, OnGiveUp, Options } from "./model.ts"

/**
 * Retries an activity of a workflow when it fails with what `on` names. The waits and the decisions survive the process.
 *
 * **When to use**
 *
 * In the body of a workflow, in place of `Activity.retry`, which cannot wait. Not `Stamina.retry`: the engine answers each
 * further call of an activity with the recorded failure of the first.
 *
 * **Details**
 *
 * Each attempt is an activity of its own, named `<activity>/<number>`. It records its outcome together with the decision
 * about it, so a replay asks neither `on`, nor a clock, nor chance, and a policy that a later version changes holds for
 * attempts to come. The decisions are those of `Stamina.retry`; see `RetryPolicy` for the options and the formula.
 *
 * A wait of up to `holdWaitsUpTo` is slept in memory, a longer one by the engine's clock once no other activity of the
 * execution runs. After a restart, what is left of it is slept. Time is wall-clock time and never runs backwards: `timeout` includes the time when no process was running.
 *
 * An attempt whose outcome is not recorded, as when its process dies, is made again under its number: at least once.
 * `lostAttempts: "count"` counts it as failed with `AttemptLost`: at most once. Two processes may call at once while a
 * shard moves, so give the other side {@link idempotencyKey} in any case.
 *
 * Interruptions and suspensions pass. What the storage fails with is a defect, and is not judged. A deadline around the
 * workflow (`Stamina.withDeadline`) does not bind it: use `timeout`.
 *
 * Hooks, metrics and logs are notified of each attempt once, however often the body is replayed; again where an
 * attempt was not recorded. `Stamina.report` knows the error inside the workflow, on every replay. Over the border
 * of the workflow goes what its error schema holds: use `onGiveUp` to put the reason there.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown, or when handed anything but an activity.
 *
 * **Gotchas**
 *
 * The name of the activity must be unique in its workflow: in a loop, put the index in the name, and a `name` in the
 * options for metrics. Errors come out as their schema decodes them: tags and classes hold, identity does not.
 *
 * **Example** (Charging a card for a day)
 *
 * ```ts
 * import { Effect, Layer, Schema } from "effect"
 * import { Activity, Workflow, WorkflowEngine } from "effect/workflow"
 * import * as DurableRetry from "effect-stamina/DurableRetry"
 *
 * class HttpError extends Schema.TaggedError<HttpError>()("HttpError", { status: Schema.Int }) {}
 *
 * let calls = 0
 * const charge = Activity.make({
 *   name: "charge",
 *   success: Schema.String,
 *   error: HttpError,
 *   execute: Effect.suspend(() =>
 *     ++calls < 3 ? Effect.fail(new HttpError({ status: 503 })) : Effect.succeed("charged"))
 * }).pipe(
 *   DurableRetry.retry({ on: "HttpError", attempts: 20, timeout: "1 day", waitInitial: "1 milli", waitJitter: 0 })
 * )
 *
 * const Order = Workflow.make("Order", {
 *   payload: { id: Schema.String },
 *   idempotencyKey: ({ id }) => id,
 *   success: Schema.String,
 *   error: HttpError
 * })
 *
 * const live = Order.toLayer(() => charge).pipe(Layer.provideMerge(WorkflowEngine.layerMemory))
 *
 * Effect.runPromise(Order.execute({ id: "42" }).pipe(Effect.provide(live)))
 *   .then((outcome) => console.log(outcome, "after", calls, "calls")) // charged after 3 calls
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const retry: {
  <
    E extends Schema.Constraint,
    const O extends OnOf<E["Type"]>,
    const T extends Duration.Input | undefined = undefined,
    const L extends LostAttempts | undefined = undefined,
    E2 = Errors<E, T, L>
  >(
    options: Options<O & Checked<NoInfer<E["Type"]>, O>, T, L> & OnGiveUp<Errors<E, T, L>, E2>
  ): <S extends Schema.Constraint, R>(activity: Activity.Activity<S, E, R>) => Durable<S, E, E2, R>
  <
    S extends Schema.Constraint,
    E extends Schema.Constraint,
    R,
    const O extends OnOf<E["Type"]>,
    const T extends Duration.Input | undefined = undefined,
    const L extends LostAttempts | undefined = undefined,
    E2 = Errors<E, T, L>
  >(
    activity: Activity.Activity<S, E, R>,
    options: Options<O & Checked<NoInfer<E["Type"]>, O>, T, L> & OnGiveUp<Errors<E, T, L>, E2>
  ): Durable<S, E, E2, R>
} = (...args: ReadonlyArray<unknown>): never => {
  const caller = "DurableRetry.retry"
  const ready = (options: AnyOptions) => fromOptions(caller, options)
  // the overloads say what comes back
  return eager(args, { caller, is: Effect.isEffect, rule: "an activity" }, ready, apply) as never
}

const apply = (self: unknown, durable: DurableSettings) => {
  if (!isActivity(self)) return refuse("DurableRetry.retry", "what is retried", "an activity", self)
  // what the overloads take
  const activity = self as AnyActivity
  const name = durable.settings.name ?? activity.name
  return retryActivity({ activity, coding: codingOf(activity), durable, name })
}
