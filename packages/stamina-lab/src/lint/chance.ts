/**
 * Rules about chance: whether clients that fail together come back together.
 */
import { time } from "../tools/Words.ts"
import { capFrom, type Check, type Facts, found, longestListed } from "./facts.ts"

export const noJitter: Check = (
  { backoff, hasJitter, isExponential, isRandom, list, longest, most, neverWaits, policy }
) => {
  if (isRandom || hasJitter || most <= 2 || neverWaits) return undefined
  const typical = Math.max(1, list === undefined ? longest(1) : longestListed(list) / 2)
  return found(
    "warning",
    ["waitJitter", "backoff"],
    "No wait depends on chance: clients that fail at the same moment come back at the same moments.",
    isExponential
      ? { backoff: "equal" }
      : {
        waitJitter: typical,
        ...(policy.backoff === "constant" ? { waitMax: Math.max(backoff.max, 2 * typical) } : {})
      }
  )
}

export const jitterLostAtCap: Check = (facts) => {
  const { backoff: { jitter, max }, isCapped, isRandom, neverWaits, retries } = facts
  if (isRandom || jitter === 0 || isCapped || neverWaits) return undefined
  const from = capFrom(facts)
  if (from === undefined || retries - from + 1 < 3) return undefined
  const peak = peakOf(facts, from)
  if (peak <= 1.5) return undefined
  const waves = peak === Infinity ? "that come all at once" : `whose peak is ${peak.toFixed(1)} times the average`
  return found(
    peak >= 3 ? "warning" : "info",
    ["waitMax", "waitJitter"],
    `From retry ${from} on, every wait is exactly ${
      time(max)
    }: clients that failed together stay together, in waves every ${time(max)} ${waves}.`,
    { backoff: "equal" }
  )
}

/**
 * How many times the average load comes at the peak of a wave of clients that failed together, once their waits are all
 * `max`. Their moments then differ by the sum of the waits before, which is about normal.
 */
const peakOf = (facts: Facts, from: number): number => {
  let variance = 0
  for (let retryNum = 1; retryNum < from; retryNum++) variance += varianceOf(facts, retryNum)
  return variance === 0 ? Infinity : Math.max(1, facts.backoff.max / Math.sqrt(2 * Math.PI * variance))
}

/** The variance of a wait: uniform up to the cap, and all that would be longer is at the cap. */
const varianceOf = ({ backoff: { jitter }, longest, shortest }: Facts, retryNum: number): number => {
  const width = longest(retryNum) - shortest(retryNum)
  const below = width / jitter
  const mean = below * width / 2 + (1 - below) * width
  return below * width ** 2 / 3 + (1 - below) * width ** 2 - mean ** 2
}

export const jitterThin: Check = (facts) => {
  const { backoff: { jitter, max }, hasJitter, isRandom, longest, policy, retries, shortest } = facts
  if (isRandom || !hasJitter) return undefined
  const last = Math.min(retries, (capFrom(facts) ?? Infinity) - 1)
  let thin = 0
  let typical = shortest(1)
  for (let retryNum = 2; retryNum <= last; retryNum++) {
    const wait = shortest(retryNum)
    const width = longest(retryNum) - wait
    if (width < enough(wait)) thin++
    typical = Math.max(typical, wait)
  }
  return last > 1 && thin > 0.5 * (last - 1)
    ? found(
      retries > 3 ? "warning" : "info",
      ["waitJitter"],
      `waitJitter of ${
        typeof policy.waitJitter === "string" ? policy.waitJitter : time(jitter)
      } is less than a tenth of most waits: it hardly parts clients that failed together.`,
      // a percentage spreads to both sides, so there is room for it below waitMax as well
      { waitJitter: jitter > 0 && typical + enough(typical) <= max ? Math.ceil(typical / 2) : "25%" }
    )
    : undefined
}

/** How far apart clients should come back that have waited so long. */
const enough = (wait: number): number => Math.min(0.1 * wait, 1000)

export const jitterSwamps: Check = ({ backoff: { base, jitter, max }, isExponential, isRandom, retries }) =>
  isExponential && !isRandom && base > 1 && max > 0 && jitter >= max && retries > 2
    ? found(
      "info",
      ["waitJitter", "waitMax"],
      `waitJitter of ${time(jitter)} is as long as waitMax: from the first wait on, chance hides that waits grow.`
    )
    : undefined
