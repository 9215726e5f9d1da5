/**
 * The options of `DurableRetry.retry`, and the type of what comes back.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import type { AdmittedOptions, TimedOut } from "../drive/model.ts"
import type { RetryReport } from "../telemetry/RetryReport.ts"
import type { AttemptLost } from "./errors.ts"

/**
 * What becomes of an attempt that began, and whose outcome was never recorded: its process died, the engine interrupted it,
 * or the storage was away when it ended.
 *
 * - `"repeat"`: it is made again under its number. At least once per attempt.
 * - `"count"`: it has failed with `AttemptLost`. At most once per attempt.
 *
 * Neither keeps two processes from calling at once: a runner that has lost its shard goes on with its attempt until it
 * notices. Where calls must not overlap, give the other side `idempotencyKey`.
 *
 * @category models
 * @since 0.1.0
 */
export type LostAttempts = "repeat" | "count"

/**
 * The options of `DurableRetry.retry`: those of `Stamina.retry` that outlive a process, and what a process that dies asks
 * for.
 *
 * **Details**
 *
 * `name` is the label `callable` in metrics and logs. Default: the name of the activity. Give a `name` if the name of
 * the activity holds an index or an id, since each label is a series of its own.
 *
 * `timeout` counts in wall-clock time from the beginning of the first attempt, and includes the time during which no
 * process was running. Its default is 45 s, as everywhere; durable work mostly wants hours or days.
 *
 * A `budget` and a `door` are asked inside the next attempt, before it begins. A refusal is recorded: a replay asks nobody.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<
  out On,
  out Timeout extends Duration.Input | undefined = undefined,
  out Lost extends LostAttempts | undefined = undefined
> extends AdmittedOptions<On> {
  /**
   * How long one attempt may take: longer than 0. The attempt is then interrupted and fails with `AttemptTimedOut`, which
   * is retried unless `on` names it and says no. Default: as long as it takes.
   */
  readonly attemptTimeout?: Timeout | undefined
  /**
   * The longest wait that is slept in memory, at least 0. Such a wait ends on time and costs no storage, and what is left
   * of it is slept after a restart; but a shutdown and `Workflow.interrupt` wait for its end. A longer wait suspends the
   * workflow until the engine's clock wakes it, late by up to the engine's poll interval. While another activity of the
   * execution runs, a longer wait is slept in memory too, since the engine's clock would interrupt that activity. Default:
   * 10 s, which is the default of that interval.
   */
  readonly holdWaitsUpTo?: Duration.Input | undefined
  /**
   * What becomes of an attempt that began, and whose outcome was never recorded, as when its process died. `"count"` costs
   * one more record per attempt. Default `"repeat"`.
   */
  readonly lostAttempts?: Lost | undefined
}

/**
 * Replaces the error that comes out at the end, with what is known about the run: only what the workflow's own error
 * schema holds crosses its border. Called again on every replay, so it must be pure.
 *
 * @category models
 * @since 0.1.0
 */
export interface OnGiveUp<in E, out E2> {
  readonly onGiveUp?: ((error: E, report: RetryReport) => E2) | undefined
}

/**
 * The errors of a durable retry before `onGiveUp`: those of the activity, and those that its options add.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Errors<E extends Schema.Constraint, Timeout, Lost> =
  | E["Type"]
  | TimedOut<Timeout>
  | ([Lost] extends ["count"] ? AttemptLost : never)

/**
 * An activity that is retried durably: an effect for the body of a workflow.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Durable<S extends Schema.Constraint, E extends Schema.Constraint, E2, R> = Effect.Effect<
  S["Type"],
  E2,
  | R
  | S["DecodingServices"]
  | S["EncodingServices"]
  | E["DecodingServices"]
  | E["EncodingServices"]
  | WorkflowEngine
  | WorkflowInstance
>
