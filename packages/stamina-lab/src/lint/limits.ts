/**
 * Rules about the limits of a policy: attempts and time.
 */
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import { time } from "../tools/Words.ts"
import { type Check, found, longestOfAll } from "./facts.ts"

export const singleAttempt: Check = ({ attempts }) =>
  attempts === 1
    ? found("info", ["attempts"], "attempts is 1: nothing is retried, and no other field has an effect.")
    : undefined

export const noWait: Check = ({ backoff, isExponential, list, most, neverWaits }) => {
  if (!neverWaits || most <= 3) return undefined
  const calls = most === Infinity
    ? "calls follow one another without a pause and without a limit"
    : `all ${most} calls are made at once`
  return found(
    most > 10 ? "error" : "warning",
    list === undefined ? ["waitInitial", "waitJitter"] : ["backoff"],
    `Every wait is 0: ${calls}, which helps against nothing that lasts longer than one call.`,
    {
      ...(list === undefined ? {} : { backoff: "equal" }),
      ...(backoff.max < 100 ? { waitMax: 5000 } : {}),
      ...((list !== undefined || isExponential) && backoff.base < 1 ? { waitExpBase: 2 } : {}),
      waitInitial: 100
    }
  )
}

export const endless: Check = ({ most, neverWaits, outage = 0, timeout }) =>
  most === Infinity && timeout === Infinity && !neverWaits
    ? found(
      "warning",
      ["attempts", "timeout"],
      "Neither attempts nor timeout limits a run: what never recovers is retried for ever.",
      { timeout: Math.max(600_000, 2 * outage) }
    )
    : undefined

export const runaway: Check = ({ backoff, longest, most, neverWaits, timeout }) =>
  most === Infinity && timeout < Infinity && !neverWaits && longest(1000) < timeout / 1000
    ? found(
      "error",
      ["attempts", "waitExpBase", "waitMax"],
      `Waits are at most ${time(longest(1000))} in the long run: over 1000 calls fit in the timeout of ${
        time(timeout)
      }.`,
      { attempts: 10 },
      grownTo(Math.min(timeout / 20, Math.max(backoff.max, 5000)), backoff.initial)
    )
    : undefined

/** Waits that grow to so much, whatever they were. */
const grownTo = (max: number, initial: number) => ({
  backoff: "equal" as const,
  waitExpBase: 2,
  waitInitial: initial > 0 ? Math.min(initial, max) : Math.min(100, max),
  waitMax: max
})

export const attemptsUnreachable: Check = ({ attempts, most, timeout }) =>
  attempts < Infinity && most < attempts
    ? found(
      "warning",
      ["attempts", "timeout"],
      `attempts is ${attempts}, but no run makes more than ${most} calls: by then, even the shortest waits have used up the timeout of ${
        time(timeout)
      }.`,
      { attempts: most }
    )
    : undefined

export const attemptsUnlikely: Check = ({ attempts, longest, most, retries, shortest, timeout }) => {
  if (attempts === Infinity || timeout === Infinity || most < attempts) return undefined
  let waited = 0
  let calls = 1
  while (calls < attempts && calls <= retries && waited < timeout) {
    waited += (shortest(calls) + longest(calls)) / 2
    calls++
  }
  return waited >= timeout && calls < 0.8 * attempts
    ? found(
      "info",
      ["attempts", "timeout"],
      `attempts is ${attempts}, but with average waits, the timeout of ${
        time(timeout)
      } ends a run after ${calls} calls.`,
      // the fewest that last as long: chance can make the waits shorter
      ...[1, 1.06, 1.12, 1.18, 1.25].map((factor) => ({ attempts: Math.floor(calls * factor) }))
    )
    : undefined
}

export const timeoutUnreachable: Check = ({ attempts, attemptTimeout, timeout, totalWait }) => {
  if (timeout === Infinity || attempts === Infinity) return undefined
  if (attemptTimeout !== undefined) {
    const worst = totalWait + attempts * attemptTimeout
    return worst < timeout
      ? found(
        "info",
        ["timeout"],
        `No run gets to the timeout of ${time(timeout)}: ${attempts} calls of ${
          time(attemptTimeout)
        } and all waits take at most ${time(worst)}.`,
        // a timeout is longer than 0
        { timeout: Math.floor(worst) || worst }
      )
      : undefined
  }
  const each = (timeout - totalWait) / attempts
  return timeout > 10 * totalWait && each > 60_000
    ? found(
      "info",
      ["timeout"],
      `Waits take at most ${time(totalWait)}: the timeout of ${time(timeout)} counts only where a call takes ${
        time(each)
      } on average.`
    )
    : undefined
}

/** Below so many milliseconds, a limit on time is likely to be meant in seconds. */
const fastest = 100

export const timeoutBelowWait: Check = ({ shortest, timeout }) =>
  timeout <= shortest(1)
    ? found(
      "error",
      ["timeout", "waitInitial"],
      `The timeout of ${time(timeout)} is no longer than the first wait of ${
        time(shortest(1))
      }: at most one retry. Is one of them meant in another unit? A bare number is milliseconds.`,
      ...(timeout < fastest ? [{ timeout: 1000 * timeout }] : [])
    )
    : undefined

export const unitSuspect: Check = ({ backoff: { initial, max }, most, shortest, timeout }) =>
  (initial > 0 && initial < 1) || (timeout < fastest && timeout > shortest(1)) || (max > 0 && max < 10 && most > 2)
    ? found(
      "warning",
      ["waitInitial", "waitMax", "timeout"],
      `waitInitial of ${time(initial)}, waitMax of ${time(max)}, timeout ${
        timeout === Infinity ? "unlimited" : `of ${time(timeout)}`
      }: that is shorter than a call over a network. Are seconds meant? A bare number is milliseconds.`,
      {
        ...(initial > 0 && initial < 1 ? { waitInitial: 1000 * initial } : {}),
        ...(max > 0 && max < 10 ? { waitMax: 1000 * max } : {}),
        ...(timeout < fastest ? { timeout: 1000 * timeout } : {})
      }
    )
    : undefined

export const windowShort: Check = ({ most, neverWaits, totalWait }) =>
  !neverWaits && most > 2 && totalWait < 500
    ? found(
      "info",
      ["attempts", "waitInitial"],
      `All waits together take at most ${
        time(totalWait)
      }: retries help against a single bad reply, not against an outage that lasts longer.`
    )
    : undefined

export const waitMaxUnreached: Check = (facts) => {
  const { backoff: { max }, neverWaits, policy, retries, most } = facts
  // the default is a safeguard that nobody has asked for, and a very long one says that there is no cap
  if (max === defaultMax || max >= noCap || neverWaits || retries === 0 || retries < most - 1) return undefined
  const longest = longestOfAll(facts)
  return longest < max
    ? found(
      "info",
      ["waitMax", "attempts"],
      `waitMax is ${time(max)}, and no wait is longer than ${time(longest)}: ${
        typeof policy.backoff === "string" ? "it has no effect with so few attempts" : "it has no effect on this list"
      }.`
    )
    : undefined
}

const noCap = 86_400_000

const defaultMax = /*#__PURE__*/ Duration.toMillis(RetryPolicy.defaults.waitMax)

export const overshoots: Check = (facts) => {
  const { overshoots, timeout, totalWait } = facts
  const wait = longestOfAll(facts)
  return overshoots && timeout < Infinity && wait > timeout / 2 && totalWait > timeout
    ? found(
      "warning",
      ["overshoot", "timeout", "waitMax"],
      `A wait may begin just before the timeout of ${time(timeout)}: a run can end ${
        time(wait)
      } and one call after it.`,
      { overshoot: "refuse" },
      { overshoot: "refuse", timeout: Math.ceil(timeout + wait) }
    )
    : undefined
}
