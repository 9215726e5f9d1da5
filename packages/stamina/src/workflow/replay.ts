/**
 * A run made of records. The same steps rebuild it on every replay, and in the process that makes the attempts.
 */
import type { Decision, Plan } from "../run/Decision.ts"
import * as Run from "../run/Run.ts"
import type { Failed } from "./record.ts"

/** Closes a recorded attempt, and does what was decided about it then. */
export const follow = (run: Run.Run, record: Failed, error: unknown, plan: Plan): void => {
  const { decision, inside, startedAt } = record
  if (run.phase === "waiting") Run.begins(run, record.began - startedAt)
  Run.closed(run, record.at - startedAt, { ...plan, ...record.limits })
  const failure = {
    verdict: true,
    error,
    inner: inside === 0 ? undefined : Object.assign(Run.make(0), { calls: inside })
  }
  // reasons are only written by this library
  Run.obeyed(run, failure, decision as Decision)
  if (decision._tag === "Retry") Run.postponed(run, record.toldAt - startedAt)
}

/** A copy that can be led on without a trace in the original. */
export const copied = (run: Run.Run): Run.Run => Object.assign(Run.make(0), run, { history: run.history?.slice() })
