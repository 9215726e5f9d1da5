/**
 * Rule R4, in one place: what may be retried of a whole cause.
 */
import * as Cause from "effect/Cause"
import type { Verdict } from "./RetryOn.ts"

/** What a cause holds, typed failures first: the first of them stands for the cause where one has to. */
export const errorsOf = ({ reasons }: Cause.Cause<unknown>): ReadonlyArray<unknown> => {
  const errors: Array<unknown> = []
  for (const reason of reasons) if (reason._tag === "Fail") errors.push(reason.error)
  for (const reason of reasons) if (reason._tag === "Die") errors.push(reason.defect)
  return errors
}

/**
 * The verdict on a cause. Only typed failures are retried: a defect or an interruption anywhere in the cause decides
 * against it, and so does a single failure that must not be retried. When several failures ask for a wait of their
 * own, the longest is granted, so that none of them is called back too early; a backoff of its own counts only where no
 * time is named.
 */
export const judgeCause = (cause: Cause.Cause<unknown>, judge: (error: unknown) => Verdict): Verdict => {
  const { reasons } = cause
  if (reasons.length === 0 || !reasons.every(Cause.isFailReason)) return false
  let verdict: Exclude<Verdict, false> = true
  for (const { error } of reasons) {
    const one = judge(error)
    if (one === false) return false
    if (rank(one) > rank(verdict)) verdict = one
  }
  return verdict
}

/** How long a verdict asks to wait: in milliseconds where it says so. */
const rank = (verdict: Exclude<Verdict, false>): number => {
  if (typeof verdict === "number") return verdict
  if (verdict === true) return -2
  return verdict._tag === "Hint" ? verdict.wait : -1
}
