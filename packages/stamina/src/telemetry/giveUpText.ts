/**
 * Why a run was given up, as a sentence.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { GaveUp } from "./RetryDetails.ts"
import { words } from "../tools/words.ts"

export const sentence = ({ attempts, calls, elapsed, inAttempts, limits, reason, refused, waited }: GaveUp): string => {
  const made = `after ${attempts} attempt${attempts === 1 ? "" : "s"}${calls > attempts ? ` of ${calls} calls` : ""}`
  const [tooLong = ""] = Option.toArray(refused).map(({ left, wait }) =>
    ` (a wait of ${seconds(wait)}, ${seconds(left)} left)`
  )
  const what = reason === "TimeoutReached"
    ? `timeout of ${Duration.toSeconds(limits.timeout)}s reached ${made}`
    : `${words(reason, " ")} ${made} in ${seconds(elapsed)}${tooLong}`
  return `${what}: ${seconds(inAttempts)} of it inside attempts, ${seconds(waited)} waiting`
}

/** Seconds, down to milliseconds. */
const seconds = (duration: Duration.Duration): string => `${Math.round(Duration.toMillis(duration)) / 1000}s`
