/**
 * Rules about a policy where it is used: they need what the context says.
 */
import { count, time } from "../tools/Words.ts"
import { type Check, found, longestOfAll } from "./facts.ts"

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
