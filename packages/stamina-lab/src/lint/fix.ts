/**
 * Which change of a policy is offered for a finding: one that was tried.
 *
 * Rules know what silences them, and nothing of one another. So one could undo the fix of the other, without end. Each
 * change is therefore tried: with it, its rule finds nothing, and no rule finds anything as bad that it did not find
 * before. So every fix takes a finding away and adds only milder ones. Such steps come to an end, and never back to the
 * same policy. And no change may take away what the policy is there for: a run that gives up earlier needs more attempts.
 */
import { make, type RetryPolicy } from "effect-stamina/RetryPolicy"
import type { Found } from "./facts.ts"
import type { Finding, Fix, Rule, Severity } from "./model.ts"
import { lastsAsLong, type Staying } from "./staying.ts"

/** A finding with the name of its rule, and with changes that nobody has tried yet. */
export interface Named extends Found {
  readonly rule: Rule
}

/** What is known of a policy that is tried. */
export interface Trial {
  /** What the rules find in it. */
  readonly look: (policy: RetryPolicy) => ReadonlyArray<Named>
  /** How long its runs last. */
  readonly stay: (policy: RetryPolicy) => Staying
}

/** How bad a severity is. */
export const rank: Readonly<Record<Severity, number>> = { info: 1, warning: 2, error: 3 }

/** So many changes are joined at most, each because of what the one before would bring. */
const deep = 3

/** A finding with the first of its changes that helps. If none does, its message says what the first would bring. */
export const withFix = (
  { fields, fixes, message, rule, severity }: Named,
  before: ReadonlyArray<Named>,
  policy: RetryPolicy,
  { look, stay }: Trial
): Finding => {
  if (fixes.length === 0) return { rule, severity, fields, message, fix: undefined }
  const stayed = stay(policy)
  /** The change, with as many more attempts as it takes to last as long; undefined if none do. */
  const lasting = (fix: Fix): Fix | undefined => {
    const lasts = (one: Fix) => lastsAsLong(stay(make({ ...policy, ...one })), stayed)
    if (lasts(fix)) return fix
    if (fix.attempts !== undefined || policy.attempts === Infinity) return undefined
    return first(more, (share) => {
      const longer = { ...fix, attempts: Math.ceil(policy.attempts * share - 1e-9) }
      return lasts(longer) ? longer : undefined
    })
  }
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
    if (worse === undefined) {
      const longer = lasting(fix)
      return longer === undefined || longer === fix || brings(longer)?.length === 0 ? longer : undefined
    }
    return left === 1 ? undefined : first(worse.fixes, (other) => helps({ ...fix, ...other }, left - 1))
  }
  const fix = first(fixes, (one) => helps(one, deep))
  return {
    rule,
    severity,
    fields,
    message: fix === undefined ? `${message}${instead(fixes[0], brings)}` : message,
    fix
  }
}

/** What is wrong with the change that comes to mind first, where none is offered. */
const instead = (fix: Fix | undefined, brings: (fix: Fix) => ReadonlyArray<Named> | undefined): string => {
  const all = fix === undefined ? undefined : brings(fix)
  if (all === undefined) return ""
  const harm = all.length === 0 ? "give up earlier" : `bring ${all.map(({ rule }) => rule).join(", ")}`
  return ` ${JSON.stringify(fix)} would change that, and ${harm}.`
}

/** How many times as many attempts are tried. */
const more = [1.1, 1.2, 1.3, 1.5, 2]

/** The first answer that there is. */
const first = <A, B>(all: ReadonlyArray<A>, answer: (one: A) => B | undefined): B | undefined => {
  for (const one of all) {
    const answered = answer(one)
    if (answered !== undefined) return answered
  }
  return undefined
}
