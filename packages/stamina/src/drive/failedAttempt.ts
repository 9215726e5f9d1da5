/**
 * The failed attempt of a run, as a backoff hook sees it.
 */
import * as Duration from "effect/Duration"
import type { Run } from "../run/Run.ts"
import type { FailedAttempt } from "../verdict/Verdict.ts"

/** Made when asked for only, since few hooks look at it. */
export const failedAttempt = (run: Run): FailedAttempt => ({
  num: run.attempt,
  get elapsed() {
    return Duration.millis(run.elapsed)
  },
  get previousWait() {
    return Duration.millis(run.attempt === 1 ? 0 : run.wait)
  }
})
