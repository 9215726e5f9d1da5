/**
 * What may be retried of a whole cause.
 */
import * as Cause from "effect/Cause"
import type { Verdict } from "./model.ts"

/** The errors of a cause, typed failures first. */
export const errorsOf = ({ reasons }: Pick<Cause.Cause<unknown>, "reasons">): ReadonlyArray<unknown> => {
  const errors: Array<unknown> = []
  for (const reason of reasons) if (reason._tag === "Fail") errors.push(reason.error)
  for (const reason of reasons) if (reason._tag === "Die") errors.push(reason.defect)
  return errors
}

/** The error that represents a cause where only one can: the first typed failure, else the first defect. */
export const firstErrorOf = ({ reasons }: Cause.Cause<unknown>): unknown => {
  const [first] = reasons
  return first?._tag === "Fail" ? first.error : errorsOf({ reasons })[0]
}

/**
 * The verdict on a cause. Only typed failures are retried: a defect or an interruption anywhere in the cause decides
 * against it, and so does a single failure that must not be retried. Where several failures ask for waits, the longest
 * is granted, so that none of them is called back too early.
 */
export const judgeCause = <Attempt, Fiber>(
  { reasons }: Cause.Cause<unknown>,
  judge: (error: unknown, attempt: Attempt, fiber: Fiber) => Verdict,
  attempt: Attempt,
  fiber: Fiber
): Verdict => {
  if (reasons.length === 0 || !reasons.every(Cause.isFailReason)) return false
  return judgeAll(reasons, ({ error }) => judge(error, attempt, fiber))
}

/** One verdict on several failures: each must be retried, and the longest wait is granted. */
export const judgeAll = <Failure>(failures: ReadonlyArray<Failure>, judge: (failure: Failure) => Verdict): Verdict => {
  let verdict: Exclude<Verdict, false> = true
  for (const failure of failures) {
    const one = judge(failure)
    if (one === false) return false
    if (rank(one) > rank(verdict)) verdict = one
  }
  return verdict
}

/** Orders verdicts: the default wait, then a backoff of its own, then an explicit wait by its length. */
const rank = (verdict: Exclude<Verdict, false>): number =>
  verdict === true ? byDefault : typeof verdict === "number" ? verdict : verdict._tag === "Hint" ? verdict.wait : own

const byDefault = -2
const own = -1
