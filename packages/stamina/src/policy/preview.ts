/**
 * What each retry of a policy comes to: `RetryPolicy.preview`.
 */
import * as Duration from "effect/Duration"
import { checkKnown, checkTimeout, checkWait, refuse } from "../tools/check.ts"
import * as Backoff from "./Backoff.ts"
import type { PreviewedRetry, PreviewOptions, RetryPolicy } from "./model.ts"

const caller = "RetryPolicy.preview"

/**
 * Lists the retries that can happen where every attempt takes `latency`. A retry can happen if the shortest waits leave
 * time for it; it begins latest after the longest waits, or after the longest that may still begin before the timeout.
 */
export const preview = (policy: RetryPolicy, options: PreviewOptions = {}): ReadonlyArray<PreviewedRetry> => {
  checkKnown(caller, options, ["retries", "latency", "attemptTimeout", "deadline"])
  const most = Math.min(policy.attempts - 1, checkRetries(options.retries))
  const limit = (field: "attemptTimeout" | "deadline") =>
    Duration.toMillis(checkTimeout(caller, options[field] ?? Duration.infinity, field))
  const latency = Math.min(
    Duration.toMillis(checkWait(caller, options.latency ?? 0, "latency")),
    limit("attemptTimeout")
  )
  const deadline = limit("deadline")
  const timeout = Duration.toMillis(policy.timeout)
  const refuses = policy.overshoot === "refuse"
  const backoff = Backoff.fromPolicy(policy)
  const retries: Array<PreviewedRetry> = []
  let earliest = 0
  let latest = 0
  for (let retryNum = 1; retryNum <= most; retryNum++) {
    const shortest = Backoff.shortest(backoff, retryNum)
    const longest = Backoff.longest(backoff, retryNum)
    const failsFrom = earliest + latency
    earliest = failsFrom + shortest
    if (failsFrom >= timeout || (refuses && earliest >= timeout) || earliest >= deadline) break
    const failsTo = Math.min(latest + latency, timeout)
    latest = Math.min(failsTo + longest, refuses ? timeout : Infinity, deadline)
    retries.push({
      retryNum,
      shortest: Duration.millis(shortest),
      longest: Duration.millis(longest),
      startsFrom: Duration.millis(earliest),
      startsTo: Duration.millis(latest)
    })
  }
  return retries
}

const checkRetries = (value: unknown = 20): number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= mostRetries
    ? value
    : refuse(caller, "retries", `an integer >= 1 and <= ${mostRetries}`, value)

/** More are not for reading, and would fill the memory. */
const mostRetries = 100_000
