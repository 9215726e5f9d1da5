/**
 * What may be wrong with a policy, found without running it.
 *
 * @since 0.1.0
 */
import type { RetryPolicy } from "effect-stamina/RetryPolicy"
import { checkPolicy, refuse } from "../tools/check.ts"
import * as chance from "./chance.ts"
import * as curve from "./curve.ts"
import { type Check, knownOf, of } from "./facts.ts"
import { type Named, rank, withFix } from "./fix.ts"
import * as limits from "./limits.ts"
import type { Context, Finding, Rule } from "./model.ts"
import { stayingOf } from "./staying.ts"
import * as use from "./use.ts"

export type { Context, Field, Finding, Fix, Rule, Severity } from "./model.ts"

/** A check for every rule. A rule without one does not compile. */
const checks: Readonly<Record<Rule, Check>> = {
  "single-attempt": limits.singleAttempt,
  "no-wait": limits.noWait,
  "endless": limits.endless,
  "runaway": limits.runaway,
  "attempts-unreachable": limits.attemptsUnreachable,
  "attempts-unlikely": limits.attemptsUnlikely,
  "timeout-unreachable": limits.timeoutUnreachable,
  "timeout-below-wait": limits.timeoutBelowWait,
  "unit-suspect": limits.unitSuspect,
  "no-jitter": chance.noJitter,
  "jitter-lost-at-cap": chance.jitterLostAtCap,
  "jitter-thin": chance.jitterThin,
  "jitter-swamps": chance.jitterSwamps,
  "field-unused": curve.fieldUnused,
  "wait-capped": curve.waitCapped,
  "list-unused": curve.listUnused,
  "list-repeats": curve.listRepeats,
  "waits-shrink": curve.waitsShrink,
  "no-growth": curve.noGrowth,
  "no-growth-many": curve.noGrowthMany,
  "growth-steep": curve.growthSteep,
  "window-short": limits.windowShort,
  "wait-max-unreached": limits.waitMaxUnreached,
  "overshoots": limits.overshoots,
  "attempt-timeout-too-long": use.attemptTimeoutTooLong,
  "attempts-starved": use.attemptsStarved,
  "beyond-deadline": use.beyondDeadline,
  "nested": use.nested,
  "can-keep-down": use.canKeepDown,
  "outage-outlasts": use.outageOutlasts
}

/**
 * The names of the rules, in the order in which {@link Rule} documents them.
 *
 * @category linting
 * @since 0.1.0
 */
export const rules: ReadonlyArray<Rule> = /*#__PURE__*/ Object.keys(checks) as Array<Rule> // the type of `checks` has no other keys

/**
 * Checks a policy against all rules. Errors come first, then warnings; else in the order of {@link rules}. {@link Rule} says
 * what each finds.
 *
 * **Details**
 *
 * Findings come from the arithmetic of the policy itself, except for `outage-outlasts`, which simulates up to 500 calls, with
 * the same random numbers each time. Where a fix can be named, its rule finds nothing in a policy with it
 * (`RetryPolicy.make({ ...policy, ...fix })`), the others find nothing as bad that they did not find before, and runs outlast
 * what they outlasted before: that is simulated too, for outages up to the longest that half of the runs outlast. Whoever
 * applies one fix after the other comes to an end, in whatever order. A change that would bring something as bad, or give up
 * earlier, is not offered; the message says so. While an error can be fixed, nothing else has a fix: it may follow from the
 * error.
 *
 * Not every finding is a mistake. A worker that reconnects to its only server may well retry for ever. Rules in
 * `ignore` are not checked. The default policy has one finding: an `info`, that its jitter is lost at the cap. That is the
 * behaviour of stamina in Python, which the defaults keep.
 *
 * **Gotchas**
 *
 * Only default waits are looked at, not waits that `on` chooses. Throws a `RangeError` when a field of the policy or
 * something in the context is out of range or unknown.
 *
 * **Example** (Fifty attempts that nobody makes)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetryLint from "effect-stamina-lab/RetryLint"
 *
 * const policy = RetryPolicy.make({ attempts: 50, backoff: "equal", waitInitial: "1 second" })
 *
 * for (const { fix, message, rule, severity } of RetryLint.check(policy)) console.log(severity, rule, message, fix)
 * // warning attempts-unreachable attempts is 50, but no run makes more than 21 calls: by then, even the shortest waits have used up the timeout of 45s. { attempts: 21 }
 * ```
 *
 * **Example** (A policy where it is used)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetryLint from "effect-stamina-lab/RetryLint"
 *
 * const findings = RetryLint.check(RetryPolicy.make({ attempts: 3 }), {
 *   attemptTimeout: "10 seconds",
 *   deadline: "15 seconds"
 * })
 *
 * console.log(findings.map(({ message, severity }) => `${severity}: ${message}`))
 * // [
 * //   'warning: A run can take 42.3s, and the caller waits 15s.',
 * //   'info: No run gets to the timeout of 45s: 3 calls of 10s and all waits take at most 32.3s.'
 * // ]
 * ```
 *
 * @category linting
 * @since 0.1.0
 */
export const check = (policy: RetryPolicy, context: Context = {}): ReadonlyArray<Finding> => {
  const caller = "RetryLint.check"
  const known = knownOf(caller, context)
  const { ignore = [] } = context
  for (const rule of ignore) if (!Object.hasOwn(checks, rule)) refuse(caller, "ignore", "an array of rules", rule)
  const look = (policy: RetryPolicy): ReadonlyArray<Named> => {
    const facts = of(policy, known)
    // with a single attempt, nothing else has an effect
    const asked = facts.attempts === 1 ? rules.slice(0, 1) : rules
    return asked.flatMap((rule) => {
      const found = ignore.includes(rule) ? undefined : checks[rule](facts)
      return found === undefined ? [] : [{ rule, ...found }]
    })
  }
  const checked = checkPolicy(caller, policy)
  const found = look(checked)
  const stay = (policy: RetryPolicy) => stayingOf(policy, known)
  const all = found.map((one) => withFix(one, found, checked, { look, stay })).toSorted((a, b) =>
    rank[b.severity] - rank[a.severity]
  )
  const isRoot = ({ fix, rule, severity }: Finding) =>
    fix !== undefined && (severity === "error" || rule === "unit-suspect")
  // the rest may follow from a mistake: its fix would only settle what was never meant
  return all.some(isRoot) ? all.map((one) => isRoot(one) ? one : { ...one, fix: undefined }) : all
}
