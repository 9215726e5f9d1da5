/**
 * One budget for each key, and a bound on how many there are.
 */
import { refuse } from "../tools/check.ts"

/**
 * Checks how many budgets are kept.
 */
export const checkMaxKeys = (caller: string, maxKeys: unknown = 200): number =>
  typeof maxKeys === "number" && Number.isInteger(maxKeys) && maxKeys >= 1
    ? maxKeys
    : refuse(caller, "maxKeys", "an integer >= 1", maxKeys)

/**
 * Keeps so many budgets, and lets the one go that was not used for longest.
 */
export const byKey = <B extends object>(
  maxKeys: number,
  make: (key: string) => B,
  forget: (budget: B) => void
): (key: string) => B => {
  const budgets = new Map<string, B>()
  let newest: string | undefined
  return (key) => {
    let budget = budgets.get(key)
    if (budget !== undefined) {
      if (key === newest) return budget
      // a map keeps the order in which its keys were set
      budgets.delete(key)
    } else {
      budget = make(key)
      const oldest = budgets.size >= maxKeys ? budgets.entries().next().value : undefined
      if (oldest !== undefined) {
        budgets.delete(oldest[0])
        forget(oldest[1])
      }
    }
    budgets.set(key, budget)
    newest = key
    return budget
  }
}
