/**
 * A run made of records. The same steps rebuild it on every replay, and in the process that makes the attempts.
 */
import type { Decision, Plan } from "../run/Decision.ts"
import * as Run from "../run/run.ts"
import type { Failed } from "./record.ts"

/** Closes a recorded attempt, and does what was decided about it then. */
export const follow = (run: Run.Run, record: Failed, error: unknown, plan: Plan): void => {
  const { decision, inside, startedAt } = record
  if (run.phase === "waiting") Run.beginAttempt(run, record.began - startedAt)
  Run.closeAttempt(run, record.at - startedAt, { ...plan, ...record.limits })
  const failure = {
    verdict: true,
    error,
    inner: inside === 0 ? undefined : Run.endedElsewhere(inside)
  }
  // reasons are only written by this library
  Run.apply(run, failure, decision as Decision)
  if (decision._tag === "Retry") Run.postpone(run, record.toldAt - startedAt + decision.wait)
}
