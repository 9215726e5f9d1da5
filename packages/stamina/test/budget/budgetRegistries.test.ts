import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { freshRegistry } from "../kit/telemetry.ts"

/** A call that asks for one retry. */
const call = (budget: RetryBudget.RetryBudget): Effect.Effect<void> => {
  let calls = 0
  return Effect.suspend(() => ++calls === 1 ? Effect.fail("down") : Effect.void).pipe(
    Stamina.retry({ on: () => true, waitInitial: 0, waitMax: 0, budget, attempts: 2, hooks: [] }),
    Effect.ignore
  )
}

describe("a budget that outlives registries of metrics", () => {
  it("keeps none of them alive", async () => {
    setFlagsFromString("--expose-gc")
    const gc: () => void = runInNewContext("gc")
    const budget = RetryBudget.makeUnsafe({ name: "long-lived" })
    const references: Array<WeakRef<object>> = []
    for (let i = 0; i < 100; i++) {
      const { provide, registry } = freshRegistry()
      references.push(new WeakRef(registry))
      Effect.runSync(provide(call(budget)))
    }
    // references are held until the end of the turn that looked at them
    await new Promise((resume) => setTimeout(resume))
    gc()
    // V8 may keep the last of them in a register
    expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(5)
    expect(Effect.runSync(budget.state).granted).toBe(100)
  })

  it("takes its series out of all that are left when its key is forgotten", () => {
    const keyed = RetryBudget.keyedUnsafe({ maxKeys: 1 })
    const registries = Array.from({ length: 40 }, freshRegistry)
    for (const { provide } of registries) {
      Effect.runSync(provide(call(keyed("one"))))
    }
    const left = () => registries.filter(({ series }) => series("stamina_budget_tokens").length > 0).length
    expect(left()).toBe(40)
    keyed("two")
    expect(left()).toBe(0)
  })
})
