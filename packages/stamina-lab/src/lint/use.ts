/**
 * Rules about a policy where it is used: they need what the context says.
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import { count, percent, time } from "../tools/Words.ts"
import { type Check, type Facts, found, longestOfAll } from "./facts.ts"
import type { Fix } from "./model.ts"

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

export const outageOutlasts: Check = (facts) => {
  const { deadline = Infinity, latency, outage, staying, totalWait } = facts
  if (outage === undefined) return undefined
  const fields = ["outage", "attempts", "waitMax"] as const
  if (deadline <= outage) {
    return found(
      "error",
      ["outage", "deadline"],
      `The caller waits ${time(deadline)}: no run outlasts an outage of ${time(outage)}.`
    )
  }
  const cannot = totalWait < outage && isAtOnce(latency)
  const share = staying().outlasts(outage)
  if (!cannot && share >= enough) return undefined
  const message = cannot
    ? `Waits take at most ${time(totalWait)}: unless calls take long themselves, no run outlasts an outage of ${
      time(outage)
    }.`
    : `About ${percent(share)} of the runs outlast an outage of ${time(outage)}.`
  const { fix, waited } = outlasting(facts, outage)
  return found(
    cannot ? "error" : "warning",
    fields,
    fix === undefined
      ? `${message} The waits have to be longer: on average, 999 of them take ${time(waited)}.`
      : message,
    ...(fix === undefined ? [] : [fix])
  )
}

/** The share of runs that has to outlast an outage. */
const enough = 0.99

/** Whether calls are not said to take any time. */
const isAtOnce = (latency: Facts["latency"]): boolean =>
  latency === undefined
  || (!Predicate.hasProperty(latency, "median") && Duration.isZero(Duration.fromInputUnsafe(latency)))

/** As many attempts and as much time as an outage takes with average waits, and some to spare. */
const outlasting = (
  { attempts, longest, most: reached, overshoots, shortest, timeout }: Facts,
  outage: number
): { readonly fix: Fix | undefined; readonly waited: number } => {
  let waited = 0
  let most = 0
  let calls = 1
  while (calls < 1000 && waited < 1.25 * outage) {
    waited += (shortest(calls) + longest(calls)) / 2
    most += longest(calls)
    calls++
  }
  if (waited < 1.25 * outage) return { fix: undefined, waited }
  // the last wait may be much longer than the outage, and begins only if it ends before a timeout that is not overshot
  const room = Math.max(2 * outage, timeout, overshoots ? 0 : Math.ceil(most) + 1)
  return {
    // as many as were asked for, unless the timeout ended every run before
    fix: {
      ...(attempts === Infinity ? {} : { attempts: reached < attempts ? calls : Math.max(calls, attempts) }),
      ...(timeout === Infinity ? {} : { timeout: room })
    },
    waited
  }
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
