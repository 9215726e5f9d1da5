/**
 * Why a run was given up, as a sentence.
 */
import * as Duration from "effect/Duration"
import type { GaveUp } from "../RetryDetails.ts"

export const sentence = (run: GaveUp): string => {
  const after = `after ${run.attempts} attempt${run.attempts === 1 ? "" : "s"}`
  const spent = `${seconds(run.inAttempts)} of it inside attempts, ${seconds(run.waited)} waiting`
  switch (run.reason) {
    case "AttemptsExhausted":
      return `gave up ${after}, as many as allowed, in ${seconds(run.elapsed)}: ${spent}`
    case "TimeoutReached":
      return `timeout of ${seconds(run.limits.timeout)} reached ${after}: ${spent}`
    case "NotRetryable":
      return `not retryable, ${after} in ${seconds(run.elapsed)}: ${spent}`
    case "Inactive":
      return `retries are switched off, gave up ${after}`
  }
}

/** Seconds with no more digits than anybody reads: "44.1s", "0.9s", "0.004s". */
const seconds = (duration: Duration.Duration): string => `${Number(Duration.toSeconds(duration).toPrecision(3))}s`
