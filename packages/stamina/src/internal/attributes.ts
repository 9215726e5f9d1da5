/**
 * What logs and spans say of an event, under one name each; times in seconds.
 */
import * as Duration from "effect/Duration"
import type { RetriedRun, RetryDetails } from "../RetryDetails.ts"

export type Attributes = Readonly<Record<string, string | number>>

export const ofRetry = ({ name, retryNum, waitFor, waitedSoFar }: RetryDetails): Attributes => ({
  callable: name,
  retry_num: retryNum,
  wait_for: Duration.toSeconds(waitFor),
  waited_so_far: Duration.toSeconds(waitedSoFar)
})

export const ofRun = ({ attempts, elapsed, inAttempts, name, waited }: RetriedRun): Attributes => ({
  callable: name,
  attempts,
  elapsed: Duration.toSeconds(elapsed),
  in_attempts: Duration.toSeconds(inAttempts),
  waited: Duration.toSeconds(waited)
})
