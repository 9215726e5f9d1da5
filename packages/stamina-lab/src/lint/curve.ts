/**
 * Rules about the curve: how waits grow, and what of it is never used.
 */
import * as Backoff from "effect-stamina/Backoff"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import { count, time } from "../tools/Words.ts"
import { type Check, found, longestListed } from "./facts.ts"
import type { Fix } from "./model.ts"

/** The defaults of the fields that only some shapes use. */
const defaults = /*#__PURE__*/ Backoff.fromPolicy(RetryPolicy.defaults)

export const fieldUnused: Check = ({ backoff, hasJitter, isExponential, isRandom, list }) => {
  const fix: Fix = {
    ...(isRandom && hasJitter && backoff.jitter !== defaults.jitter ? { waitJitter: defaults.jitter } : {}),
    ...(!isExponential && backoff.base !== defaults.base ? { waitExpBase: defaults.base } : {}),
    ...(list !== undefined && backoff.initial !== defaults.initial ? { waitInitial: defaults.initial } : {})
  }
  const fields = (["waitJitter", "waitExpBase", "waitInitial"] as const).filter((field) => field in fix)
  const shape = typeof backoff.shape === "string" ? `the backoff "${backoff.shape}"` : "a list of waits"
  return fields.length > 0
    ? found("info", fields, `${fields.join(" and ")} ${fields.length > 1 ? "have" : "has"} no effect on ${shape}.`, fix)
    : undefined
}

export const waitCapped: Check = ({ backoff: { initial, jitter, max }, isCapped, isRandom, list }) => {
  if (!isCapped) return undefined
  if (list !== undefined) {
    const cut = list.filter((wait) => wait > max).length
    return found(
      "error",
      ["backoff", "waitMax"],
      `${cut} of the ${list.length} waits in the list ${cut === 1 ? "is" : "are"} longer than waitMax, and cut to ${
        time(max)
      }.`,
      { waitMax: longestListed(list) },
      { backoff: list.map((wait) => Math.min(wait, max)) }
    )
  }
  const waits = isRandom
    ? "waits are drawn from below it"
    : `every wait is ${time(max)}, without growth${jitter > 0 ? " and without jitter" : ""}`
  return found(
    "error",
    ["waitInitial", "waitMax"],
    `waitMax of ${time(max)} is shorter than waitInitial of ${time(initial)}: ${waits}.`,
    { waitMax: initial },
    { waitInitial: max }
  )
}

export const listUnused: Check = ({ attempts, list }) => {
  if (list === undefined || list.length <= attempts - 1) return undefined
  const extra = list.length - attempts + 1
  return found(
    "warning",
    ["backoff", "attempts"],
    `The list has ${list.length} waits, and ${attempts} attempts have ${attempts - 1} between them: the last ${
      extra === 1 ? "is" : `${extra} are`
    } never waited.`,
    { attempts: list.length + 1 },
    { backoff: list.slice(0, attempts - 1) }
  )
}

export const listRepeats: Check = ({ list, most, retries }) =>
  list !== undefined && list.length > 1 && list.length < retries
    ? found(
      "info",
      ["backoff", "attempts"],
      `The list has ${list.length} waits for up to ${count(most - 1)} retries: the last, ${
        time(list.at(-1) ?? 0)
      }, is waited again and again.`
    )
    : undefined

export const waitsShrink: Check = ({ backoff: { base, initial }, isExponential, list }) => {
  if (list !== undefined) {
    return list.some((wait, i) => wait < (list[i - 1] ?? 0))
      ? found("info", ["backoff"], "Waits in the list do not only grow.")
      : undefined
  }
  if (!isExponential || initial === 0 || base >= 1) return undefined
  return base === 0
    ? found("error", ["waitExpBase"], "waitExpBase is 0: from the second retry on, nothing but jitter is waited.", {
      waitExpBase: 2
    })
    : found(
      "warning",
      ["waitExpBase"],
      `waitExpBase is ${base}: waits shrink, so calls come faster the longer the trouble lasts.`,
      { waitExpBase: 2 }
    )
}

export const noGrowth: Check = ({ backoff: { base, initial, shape }, isExponential }) =>
  isExponential && initial > 0 && base === 1
    ? found(
      "info",
      ["waitExpBase"],
      `waitExpBase is 1: waits do not grow.${shape === "additive" ? " backoff: \"constant\" says so plainly." : ""}`,
      shape === "additive" ? { backoff: "constant", waitExpBase: 2 } : { waitExpBase: 2 }
    )
    : undefined

export const noGrowthMany: Check = ({ backoff: { base, shape }, isExponential, longest, most, neverWaits, retries }) =>
  (shape === "constant" || (isExponential && base === 1)) && retries > 5 && !neverWaits && longest(1) < 1000
    ? found(
      "warning",
      ["backoff"],
      `Waits of at most ${time(longest(1))} do not grow over ${
        count(most - 1)
      } retries: a server in trouble gets no relief.`,
      { backoff: "equal", waitExpBase: 2 }
    )
    : undefined

export const growthSteep: Check = ({ backoff: { base, initial, max }, isExponential }) =>
  isExponential && initial > 0 && base > 10
    ? found(
      "info",
      ["waitExpBase"],
      `waitExpBase is ${base}: the third wait is ${time(Math.min(max, initial * base ** 2))} already.`
    )
    : undefined
