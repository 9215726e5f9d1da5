/**
 * What promises reject with.
 */
import type * as Cause from "effect/Cause"
import { lastFailure, type Run } from "../run/run.ts"

/**
 * The error of a cause. What `on` threw is a mistake that must be seen, so it goes before the error that `on` was asked
 * about; a report of it leads there.
 */
export const rejectionOf = ({ reasons }: Cause.Cause<unknown>, run: Run | undefined): unknown => {
  for (const reason of reasons) if (reason._tag === "Die") return reason.defect
  for (const reason of reasons) if (reason._tag === "Fail") return reason.error
  return interrupted(run)
}

/** For a call that is ended, and not by the caller's signal. */
export const interrupted = (run: Run | undefined): Error => {
  const cause = run === undefined ? undefined : lastFailure(run)?.error
  return Object.assign(new Error("the retry was interrupted", { cause }), { name: "AbortError" })
}
