/**
 * One budget for each key, and a bound on how many there are.
 */
import { refuse } from "../tools/check.ts"
import { isName } from "../tools/errors.ts"

/**
 * Checks how many budgets are kept.
 */
export const checkMaxKeys = (caller: string, maxKeys: unknown = 200): number =>
  typeof maxKeys === "number" && Number.isInteger(maxKeys) && maxKeys >= 1
    ? maxKeys
    : refuse(caller, "maxKeys", "an integer >= 1", maxKeys)

/**
 * Keeps so many budgets. Beyond it the one goes that was not used for longest, of those at rest. If there is none, the one not
 * used for longest goes, and the new one is its heir.
 */
export const byKey = <B extends object>(
  maxKeys: number,
  make: (key: string, heir: B | undefined) => B,
  isAtRest: (budget: B) => boolean,
  forget: (budget: B) => void
): (key: string) => B => {
  const budgets = new Map<string, B>()
  let newest: string | undefined

  /** Makes room for one more. Returns a budget that went before it was at rest. */
  const makeRoom = (): B | undefined => {
    if (budgets.size < maxKeys) return undefined
    let oldest: [string, B] | undefined
    for (const entry of budgets) {
      oldest ??= entry
      if (!isAtRest(entry[1])) continue
      oldest = entry
      break
    }
    if (oldest === undefined) return undefined
    const [key, budget] = oldest
    budgets.delete(key)
    forget(budget)
    return isAtRest(budget) ? undefined : budget
  }

  return (key) => {
    if (!isName(key)) refuse("RetryBudget.keyed", "the key", "a non-empty string", key)
    let budget = budgets.get(key)
    if (budget !== undefined) {
      if (key === newest) return budget
      // a map keeps the order in which its keys were set
      budgets.delete(key)
    } else {
      const heir = makeRoom()
      budget = make(key, heir)
    }
    budgets.set(key, budget)
    newest = key
    return budget
  }
}
