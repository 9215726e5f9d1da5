import { describe, expect, it } from "@effect/vitest"
import { RetryBudget } from "effect-stamina"
import { afterHang, inOutage, withFailures } from "../kit/budgetTrials.ts"

const byDefault: RetryBudget.Options = { capacity: RetryBudget.defaultCapacity, refill: RetryBudget.defaultRefill }

// the table of docs/budgets.md, in short
describe("the defaults of a retry budget", () => {
  it("cost a small client 1.1 times its calls in an outage of two minutes, and a large one 1.02 times, at most", () => {
    expect(inOutage(byDefault, 5, 4)).toBeLessThanOrEqual(1.1)
    expect(inOutage(byDefault, 700, 1)).toBeLessThanOrEqual(1.02)
    expect(inOutage(undefined, 5, 4)).toBeGreaterThan(9)
    expect(inOutage({ capacity: 100, whenEmpty: "refuse" }, 5, 4)).toBeGreaterThan(1.1)
  })

  it.each([1, 70])("take no success away where up to 20 %% fail, at %d calls per second", (rate) => {
    for (const failures of [0.05, 0.2]) {
      const without = withFailures(undefined, failures, rate, 4)
      expect(withFailures(byDefault, failures, rate, 4)).toBeGreaterThanOrEqual(without - 0.5)
    }
  })

  it("let a service recover within a minute that hung for ten seconds at 70 % of what it can do", () => {
    expect(afterHang(byDefault, 0.2)).toBeLessThanOrEqual(60)
    expect(afterHang(undefined, 0.2)).toBe(Infinity)
  })
})
