/**
 * A workflow in memory on a clock that jumps, and activities to retry in it.
 */
import { Clock, Effect, Layer, Schema } from "effect"
import { Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { JumpingClock } from "effect-stamina/testing"
import { Activity, Workflow, WorkflowEngine } from "effect/workflow"

export class Down extends Schema.TaggedError<Down>()("Down", { call: Schema.Int }) {}
export class Broken extends Schema.TaggedError<Broken>()("Broken", {}) {}
export class Failed extends Schema.TaggedError<Failed>()("Failed", { why: Schema.String, attempts: Schema.Int }) {}

export const errors = Schema.Union([Down, Broken, Failed, DurableRetry.AttemptLost, DurableRetry.AttemptTimedOut])
export type Errors = typeof errors.Type

export const Order = Workflow.make("Order", {
  payload: {},
  idempotencyKey: () => "1",
  success: Schema.String,
  error: errors
})

export type Body = Effect.Effect<string, Errors, WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance>

/** Executes a workflow with this body on a clock that jumps; `test` is what happens beside it. */
export const execute = <A, E>(
  body: Body,
  test: Effect.Effect<A, E, WorkflowEngine.WorkflowEngine | JumpingClock.JumpingClock>,
  workflow: typeof Order = Order
) =>
  Effect.runPromise(
    test.pipe(
      Effect.provide(workflow.toLayer(() => body).pipe(Layer.provideMerge(WorkflowEngine.layerMemory))),
      Effect.provide([JumpingClock.layer({ random: [0.5] }), Stamina.layerHooks([])])
    )
  )

/** Executes a workflow with this body to its end. */
export const outcome = (body: Body) => execute(body, Effect.result(Order.execute({})))

/** An activity that fails with `Down` until its call number `until`, and counts. */
export const flaky = (until: number, name = "charge") => {
  const calls: Array<{ readonly attempt: number; readonly at: number }> = []
  const activity = Activity.make({
    name,
    success: Schema.String,
    error: Schema.Union([Down, Broken]),
    execute: Effect.gen(function*() {
      calls.push({ attempt: yield* Activity.CurrentAttempt, at: yield* Clock.currentTimeMillis })
      return calls.length < until ? yield* new Down({ call: calls.length }) : `done in call ${calls.length}`
    })
  })
  return { calls, activity }
}

/** Without jitter: the waits are 1, 2, 4, 8 … seconds. */
export const seconds = {
  on: "Down",
  waitInitial: "1 second",
  waitMax: "1 hour",
  waitJitter: 0,
  timeout: "1 day"
} as const

export const numbers = (calls: ReadonlyArray<{ readonly attempt: number }>) => calls.map(({ attempt }) => attempt)

/** Counts how often it was looked at. */
export const counting = () => {
  let count = 0
  return { count: () => count, look: Effect.sync(() => void count++) }
}

/** A clock whose wall-clock time is off by so many milliseconds. */
export const setBack = (clock: Clock.Clock, offset: () => number): Clock.Clock => ({
  sleep: (duration) => clock.sleep(duration),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + offset(),
  currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() + offset())
})
