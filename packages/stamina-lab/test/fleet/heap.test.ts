import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Heap } from "../../src/fleet/heap.ts"

const steps = Schema.Array(Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
  Schema.Literal("take")
]))

describe("what is to come", () => {
  it.prop(
    "comes by time, and what comes at the same time in the order in which it was added",
    { steps },
    ({ steps }) => {
      const heap = new Heap<number>()
      // sorted stably, all the time
      let expected: Array<readonly [time: number, item: number]> = []
      steps.forEach((step, item) => {
        if (step === "take") assert.strictEqual(heap.take(), expected.shift()?.[1])
        else {
          heap.add(step, item)
          expected = [...expected, [step, item] as const].toSorted(([a], [b]) => a - b)
        }
        assert.strictEqual(heap.time, expected[0]?.[0] ?? Infinity)
      })
    },
    { arbitrary: { runs: 500 } }
  )
})
