/**
 * Durable retries on the engine that lives in memory.
 */
import { Effect, Layer, Schema, SchemaTransformation } from "effect"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { Activity, Workflow, WorkflowEngine } from "effect/workflow"
import type { Driver } from "./drivers.ts"

/** A schema that hands out the very object that was encoded, for tests of which object comes out. */
export const keeping = <E>(): Schema.Codec<E, number> => {
  const objects: Array<E> = []
  return Schema.Number.pipe(
    Schema.decodeTo(
      Schema.Any as Schema.Codec<E>,
      SchemaTransformation.transform({
        decode: (index: number) => objects[index] as E,
        encode: (object: E) => objects.push(object) - 1
      })
    )
  )
}

/** Longer than any wait, so that none suspends its workflow. */
const inMemory = 1e15

/** A workflow that does nothing but retry one activity durably. */
export const driver: Driver = {
  name: "DurableRetry.retry",
  build: <E>(options: any, block: (attempt: undefined) => Effect.Effect<string, E>): Effect.Effect<string, E> => {
    const error = keeping<E>()
    const call = Activity.make({
      name: "call",
      success: Schema.String,
      error,
      execute: Effect.suspend(() => block(undefined))
    }).pipe(DurableRetry.retry({ holdWaitsUpTo: inMemory, ...options }))
    const workflow = Workflow.make("Once", { payload: {}, idempotencyKey: () => "once", success: Schema.String, error })
    const layer = workflow.toLayer(() => call as Effect.Effect<string, E>).pipe(
      Layer.provideMerge(WorkflowEngine.layerMemory)
    )
    return Effect.provide(workflow.execute({}), layer)
  },
  knowsAttempt: false
}
