/**
 * Why a run was given up, as a sentence.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { GiveUpReason } from "../Decision.ts"
import type { GaveUp } from "../RetryDetails.ts"

/** The reason in lower case, its words apart: `attempts_exhausted` for metrics, `attempts exhausted` for people. */
export const words = (reason: GiveUpReason, between: string): string =>
  reason.replaceAll(/\B[A-Z]/g, `${between}$&`).toLowerCase()

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

/** Seconds with no more digits than anybody reads, down to milliseconds: "3661s", "44.1s", "0.9s", "0.004s". */
const seconds = (duration: Duration.Duration): string => {
  const number = Duration.toSeconds(duration)
  return number < 100 ? `${Math.round(Number(number.toPrecision(3)) * 1000) / 1000}s` : `${Math.round(number)}s`
}
