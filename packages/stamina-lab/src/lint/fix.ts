/**
 * Which change of a policy is offered for a finding: one that was tried.
 *
 * Rules know what silences them, and nothing of one another. So one could undo the fix of the other, without end. Each
 * change is therefore tried: with it, its rule finds nothing, and no rule finds anything as bad that it did not find
 * before. So every fix takes a finding away and adds only milder ones. Such steps come to an end, and never back to the
 * same policy.
 */
import { make, type RetryPolicy } from "effect-stamina/RetryPolicy"
import type { Found } from "./facts.ts"
import type { Finding, Fix, Rule, Severity } from "./model.ts"

/** A finding with the name of its rule, and with changes that nobody has tried yet. */
export interface Named extends Found {
  readonly rule: Rule
}

/** What the rules find in a policy. */
type Look = (policy: RetryPolicy) => ReadonlyArray<Named>

const rank: Readonly<Record<Severity, number>> = { info: 1, warning: 2, error: 3 }

/** So many changes are joined at most, each because of what the one before would bring. */
const deep = 3

/** A finding with the first of its changes that helps. If none does, its message says what the first would bring. */
export const withFix = (
  { fields, fixes, message, rule, severity }: Named,
  before: ReadonlyArray<Named>,
  policy: RetryPolicy,
  look: Look
): Finding => {
  /** What a change would bring that is as bad; undefined if it does not silence its rule. */
  const brings = (fix: Fix): ReadonlyArray<Named> | undefined => {
    const after = look(make({ ...policy, ...fix }))
    if (after.some((one) => one.rule === rule)) return undefined
    return after.filter((one) =>
      rank[one.severity] >= rank[severity] &&
      !before.some((other) => other.rule === one.rule && rank[other.severity] >= rank[one.severity])
    )
  }
  /** The change, if it helps, or with it the changes for what it would bring. */
  const helps = (fix: Fix, left: number): Fix | undefined => {
    const all = brings(fix)
    if (all === undefined) return undefined
    const [worse] = all
    if (worse === undefined) return fix
    return left === 1 ? undefined : first(worse.fixes, (other) => helps({ ...fix, ...other }, left - 1))
  }
  const fix = first(fixes, (one) => helps(one, deep))
  const instead = fix === undefined && fixes[0] !== undefined ? brings(fixes[0]) ?? [] : []
  return {
    rule,
    severity,
    fields,
    message: instead.length === 0
      ? message
      : `${message} ${JSON.stringify(fixes[0])} would change that, and bring ${
        instead.map(({ rule }) => rule).join(", ")
      }.`,
    fix
  }
}

/** The first answer that there is. */
const first = <A, B>(all: ReadonlyArray<A>, answer: (one: A) => B | undefined): B | undefined => {
  for (const one of all) {
    const answered = answer(one)
    if (answered !== undefined) return answered
  }
  return undefined
}
