/**
 * Why a run was given up, as a sentence.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { GaveUp } from "../RetryDetails.ts"

export const sentence = (run: GaveUp): string => {
  const after = `after ${run.attempts} attempt${run.attempts === 1 ? "" : "s"}`
  const spent = `${seconds(run.inAttempts)} of it inside attempts, ${seconds(run.waited)} waiting`
  switch (run.reason) {
    case "AttemptsExhausted":
      return `gave up ${after}, as many as allowed, in ${seconds(run.elapsed)}: ${spent}`
    case "TimeoutReached":
      return `timeout of ${Duration.toSeconds(run.limits.timeout)}s reached ${after}: ${spent}`
    case "NotRetryable":
      return `not retryable, ${after} in ${seconds(run.elapsed)}: ${spent}`
    case "Inactive":
      return `retries are switched off, gave up ${after}`
    case "WaitExceedsDeadline":
      return `no time for another wait ${after} in ${seconds(run.elapsed)}${refused(run)}: ${spent}`
    case "DeadlineExceeded":
      return `deadline passed ${after} in ${seconds(run.elapsed)}: ${spent}`
    case "AlreadyRetried":
      return `retried further inside already, gave up ${after} of ${run.calls} calls in ${seconds(run.elapsed)}`
    case "HintTooLong":
      return `asked to wait for too long ${after} in ${seconds(run.elapsed)}${refused(run)}: ${spent}`
  }
}

const refused = ({ refused }: GaveUp): string =>
  Option.match(refused, {
    onNone: () => "",
    onSome: ({ left, wait }) => ` (a wait of ${seconds(wait)}, ${seconds(left)} left)`
  })

/** Seconds with no more digits than anybody reads, down to milliseconds: "3661s", "44.1s", "0.9s", "0.004s". */
const seconds = (duration: Duration.Duration): string => {
  const number = Duration.toSeconds(duration)
  return number < 100 ? `${Math.round(Number(number.toPrecision(3)) * 1000) / 1000}s` : `${Math.round(number)}s`
}
