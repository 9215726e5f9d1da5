/**
 * Rules about the limits of a policy: attempts and time.
 */
import { type Check, count, found, longestOfAll, time } from "./lintFacts.ts"

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

export const runaway: Check = ({ longest, most, neverWaits, timeout }) =>
  most === Infinity && timeout < Infinity && !neverWaits && longest(1000) < timeout / 1000
    ? found(
      "error",
      ["attempts", "waitExpBase", "waitMax"],
      `Waits are at most ${time(longest(1000))} in the long run: over 1000 calls fit in the timeout of ${
        time(timeout)
      }.`,
      { attempts: 10 }
    )
    : undefined

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
      { attempts: calls }
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

export const timeoutBelowWait: Check = ({ shortest, timeout }) =>
  timeout <= shortest(1)
    ? found(
      "error",
      ["timeout", "waitInitial"],
      `The timeout of ${time(timeout)} is no longer than the first wait of ${
        time(shortest(1))
      }: at most one retry. Is one of them meant in another unit? A bare number is milliseconds.`
    )
    : undefined

export const unitSuspect: Check = ({ backoff: { initial, max }, most, shortest, timeout }) =>
  (initial > 0 && initial < 1) || (timeout < 100 && timeout > shortest(1)) || (max > 0 && max < 10 && most > 2)
    ? found(
      "warning",
      ["waitInitial", "waitMax", "timeout"],
      `waitInitial of ${time(initial)}, waitMax of ${time(max)}, timeout ${
        timeout === Infinity ? "unlimited" : `of ${time(timeout)}`
      }: that is shorter than a call over a network. Are seconds meant? A bare number is milliseconds.`
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
      { overshoot: "refuse" }
    )
    : undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// limits where the policy is used
// ---------------------------------------------------------------------------------------------------------------------

export const attemptTimeoutTooLong: Check = ({ attemptTimeout, timeout }) =>
  attemptTimeout !== undefined && timeout < Infinity && attemptTimeout >= timeout
    ? found(
      "error",
      ["attemptTimeout", "timeout"],
      `attemptTimeout of ${time(attemptTimeout)} is not shorter than the timeout of ${
        time(timeout)
      }: a call that hangs is never retried.`
    )
    : undefined

export const attemptsStarved: Check = ({ attempts, attemptTimeout, retries, shortest, timeout }) => {
  if (attemptTimeout === undefined || attemptTimeout >= timeout || attempts === Infinity) return undefined
  let passed = attemptTimeout
  let calls = 1
  while (passed < timeout && calls <= retries) passed += shortest(calls++) + attemptTimeout
  return passed >= timeout && calls < attempts
    ? found(
      calls <= attempts / 2 ? "warning" : "info",
      ["attemptTimeout", "attempts", "timeout"],
      `Where each call hangs for the attemptTimeout of ${
        time(attemptTimeout)
      }, only ${calls} of ${attempts} calls fit in the timeout of ${time(timeout)}.`
    )
    : undefined
}

export const beyondDeadline: Check = (facts) => {
  const { attempts, attemptTimeout, deadline, most, overshoots, retries, shortest, timeout, totalWait } = facts
  if (deadline === undefined) return undefined
  let waited = 0
  let calls = 1
  while (calls <= retries && waited + shortest(calls) < deadline) waited += shortest(calls++)
  if (calls < most) {
    return found(
      calls === 1 ? "error" : "warning",
      ["deadline", "attempts", "timeout"],
      `The deadline of ${time(deadline)} leaves room for ${calls} of ${
        most === Infinity ? "unlimited" : most
      } calls, even with the shortest waits.`
    )
  }
  const byTime = overshoots ? timeout + longestOfAll(facts) : timeout
  const worst = attemptTimeout === undefined
    ? Infinity
    : Math.min(byTime, totalWait + attempts * attemptTimeout) + attemptTimeout
  if (worst < Infinity && worst > deadline) {
    return found(
      "warning",
      ["deadline", "timeout", "waitMax"],
      `A run can take ${time(worst)}, and the caller waits ${time(deadline)}.`
    )
  }
  return totalWait > deadline
    ? found(
      "info",
      ["deadline", "attempts", "waitMax"],
      `Waits alone can take ${time(totalWait)}, and the caller waits ${time(deadline)}.`
    )
    : undefined
}

export const outageOutlasts: Check = (
  { attempts, longest, most, outage, overshoots, shortest, timeout, totalWait }
) => {
  if (outage === undefined || totalWait >= outage) return undefined
  // with average waits, and some time to spare
  let waited = 0
  let calls = 1
  while (calls < 1000 && waited < 1.25 * outage) {
    waited += (shortest(calls) + longest(calls)) / 2
    calls++
  }
  const isEnough = waited >= 1.25 * outage
  const message = `Waits take at most ${
    time(totalWait)
  }: unless calls take long themselves, no run outlasts an outage of ${time(outage)}.`
  const fields = ["outage", "attempts", "waitMax"] as const
  if (!isEnough) {
    return found(
      "warning",
      fields,
      `${message} The waits have to be longer: on average, 999 of them take ${time(waited)}.`
    )
  }
  // the last wait may be much longer than the outage, and begins only if it ends before a timeout that is not overshot
  const enough = Math.max(2 * outage, timeout, overshoots ? 0 : Math.ceil(waited) + 1)
  return found("warning", fields, message, {
    // as many as were asked for, unless the timeout ended every run before
    ...(attempts === Infinity ? {} : { attempts: most < attempts ? calls : Math.max(calls, attempts) }),
    ...(timeout === Infinity ? {} : { timeout: enough })
  })
}

export const nested: Check = ({ most, otherAttempts }) => {
  const calls = otherAttempts.reduce((product, attempts) => product * attempts, most)
  return otherAttempts.length > 0 && calls > 9
    ? found(
      calls > 25 ? "warning" : "info",
      ["attempts", "otherAttempts"],
      `With ${otherAttempts.join(" × ")} attempts in other layers, one call from above becomes up to ${
        count(calls)
      } calls. Let one layer retry: nested: "once" keeps this one from retrying what another has given up.`
    )
    : undefined
}

export const canKeepDown: Check = ({ budgetedRetries, most, utilisation }) => {
  if (utilisation === undefined || utilisation === 0) return undefined
  const hasBudget = budgetedRetries !== undefined
  const load = Math.min(most, hasBudget ? 1 + budgetedRetries : Infinity)
  if (utilisation * load < 1) return undefined
  const fits = Math.ceil(1 / utilisation) - 1
  return found(
    hasBudget ? "warning" : "error",
    ["utilisation", hasBudget ? "budgetedRetries" : "attempts"],
    `A server at ${Math.round(100 * utilisation)} % of its capacity gets up to ${
      load === Infinity ? "any multiple of that" : `${count(load)} times that`
    } while calls fail, and that is more than it can serve: an overload keeps itself going.${
      hasBudget ? "" : " Give the calls a retry budget."
    }`,
    ...(fits >= 2 ? [{ attempts: fits }] : [])
  )
}
