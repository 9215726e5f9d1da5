/**
 * A policy as an English sentence.
 */
import * as Duration from "effect/Duration"
import * as Backoff from "../Backoff.ts"
import type { Bounds } from "./policyBounds.ts"
import type { RetryPolicy } from "./policyFields.ts"

/** Describes a policy whose bounds are known. */
export const describe = (policy: RetryPolicy, bounds: Bounds): string =>
  policy.attempts === 1
    ? "One attempt, no retries."
    : `${attempts(policy, bounds)}; ${waits(policy, bounds)}.`

/** The two limits, and what they come to together. */
const attempts = (policy: RetryPolicy, bounds: Bounds): string => {
  const number = policy.attempts === Infinity ? "Unlimited attempts" : `At most ${policy.attempts} attempts`
  if (!Duration.isFinite(policy.timeout)) return `${number} and no timeout`
  const until = `${number}, no retry once ${duration(policy.timeout)} have passed`
  return bounds.attempts === policy.attempts ? until : `${until} (so no more than ${bounds.attempts})`
}

/** How long the waits are, one by one and in all. */
const waits = (policy: RetryPolicy, bounds: Bounds): string => {
  if (Duration.isZero(bounds.totalWait)) return "every retry follows at once"
  const backoff = Backoff.fromPolicy(policy)
  // not Infinity: 1 to the power of Infinity is NaN
  const last = Math.min(bounds.attempts - 1, Number.MAX_VALUE)
  return last === 1
    ? `the only wait is ${between(Backoff.shortest(backoff, 1), Backoff.longest(backoff, 1))}`
    : `waits ${each(backoff, last)}: ${inAll(bounds)}`
}

const between = (shortest: number, longest: number): string =>
  shortest === longest ? millis(shortest) : `between ${millis(shortest)} and ${millis(longest)}`

const inAll = ({ totalWait }: Bounds): string =>
  Duration.isFinite(totalWait)
    ? `at most ${duration(roundUp(totalWait))} of waiting in all`
    : "no limit to the waiting in all"

/** To whole milliseconds from a second on: a bound must not be rounded down, and finer than that nobody reads it. */
const roundUp = (total: Duration.Duration): Duration.Duration =>
  Duration.isLessThan(total, Duration.seconds(1)) ? total : Duration.millis(Math.ceil(Duration.toMillis(total)))

/** The waits one by one: where they start, how they go on, what chance adds, what they never exceed. */
const each = (backoff: Backoff.Backoff, last: number): string => {
  const { base, jitter, max } = backoff
  const start = Backoff.shortest(backoff, 1)
  const longest = Backoff.longest(backoff, 1)
  if (base >= 1 && start === max) return `stay the same, ${millis(max)} each`
  if (start === 0 && Backoff.shortest(backoff, last) === 0) return `are jitter alone, up to ${millis(longest)} each`
  const phrases = base === 1 ? [`stay the same at ${millis(start)}`] : [`start at ${millis(start)}`, growth(backoff)]
  if (jitter > 0) phrases.push(`gain up to ${millis(jitter)} of jitter`)
  if (base > 1 || longest === max) phrases.push(`never exceed ${millis(max)}`)
  return list(phrases)
}

const growth = ({ base, initial, max }: Backoff.Backoff): string => {
  // the cap hides the first of them, so that what is seen does not shrink by the base
  if (initial > max && base > 0 && base < 1) return "shrink later on"
  switch (base) {
    case 0:
      return "fall to nothing after the first"
    case 0.5:
      return "halve each time"
    case 2:
      return "double each time"
    case 3:
      return "triple each time"
    default:
      return `are multiplied by ${base} each time`
  }
}

const list = (phrases: ReadonlyArray<string>): string =>
  phrases.length === 1 ? phrases.join() : `${phrases.slice(0, -1).join(", ")} and ${phrases.at(-1)}`

// ---------------------------------------------------------------------------------------------------------------------
// durations
// ---------------------------------------------------------------------------------------------------------------------

const millis = (millis: number): string => duration(Duration.millis(millis))

/**
 * A finite duration for people: one unit with decimals below a minute ("31.3s"), several above ("5m 2.5s"). Like
 * `Duration.format`, whose "31s 300ms" takes longer to read.
 */
const duration = (duration: Duration.Duration): string => {
  const nanos = Duration.toNanosUnsafe(duration)
  if (nanos === 0n) return "0ms"
  for (const [name, size] of [["ns", 1_000n], ["µs", 1_000_000n], ["ms", 1_000_000_000n]] as const) {
    if (nanos < size) return `${Number(nanos) / (Number(size) / 1_000)}${name}`
  }
  const parts = [
    [nanos / 86_400_000_000_000n, "d"],
    [nanos / 3_600_000_000_000n % 24n, "h"],
    [nanos / 60_000_000_000n % 60n, "m"],
    [Number(nanos % 60_000_000_000n) / 1e9, "s"]
  ] as const
  return parts.flatMap(([count, name]) => Number(count) === 0 ? [] : [`${count}${name}`]).join(" ")
}
