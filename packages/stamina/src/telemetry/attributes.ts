/**
 * What logs and spans say of an event, under one name each; times in seconds.
 */
import * as Duration from "effect/Duration"
import type { GaveUp, RetriedRun, RetryDetails } from "./RetryDetails.ts"

/** What is known of an event: of a retry, of a run that ended, or of one that was given up. */
export type Seen = RetryDetails | RetriedRun | GaveUp

export const attributesOf = (seen: Seen): Readonly<Record<string, string | number>> =>
  "retryNum" in seen
    ? {
      callable: seen.name,
      retry_num: seen.retryNum,
      wait_for: Duration.toSeconds(seen.waitFor),
      waited_so_far: Duration.toSeconds(seen.waitedSoFar),
      ...(seen.attemptsInside > 0 ? { attempts_inside: seen.attemptsInside } : undefined)
    }
    : {
      callable: seen.name,
      attempts: seen.attempts,
      ...(seen.calls > seen.attempts ? { calls: seen.calls } : undefined),
      elapsed: Duration.toSeconds(seen.elapsed),
      in_attempts: Duration.toSeconds(seen.inAttempts),
      waited: Duration.toSeconds(seen.waited),
      ...("reason" in seen ? { reason: seen.reason } : undefined)
    }
