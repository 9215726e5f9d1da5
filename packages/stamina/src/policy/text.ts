/**
 * A policy as an English sentence.
 */
import * as Duration from "effect/Duration"
import * as Backoff from "./Backoff.ts"
import type { Bounds } from "./bounds.ts"
import type { RetryPolicy } from "./model.ts"

/** Describes a policy whose bounds are known. */
export const describe = (policy: RetryPolicy, bounds: Bounds): string => {
  if (policy.attempts === 1) return "One attempt, no retries."
  if (bounds.attempts === 1) {
    return `One attempt, no retries: even the shortest wait would last until ${duration(policy.timeout)} have passed.`
  }
  return `${attempts(policy, bounds)}; ${waits(policy, bounds)}.`
}

/** The two limits, and what they come to together. */
const attempts = (policy: RetryPolicy, bounds: Bounds): string => {
  const number = policy.attempts === Infinity ? "Unlimited attempts" : `At most ${policy.attempts} attempts`
  if (!Duration.isFinite(policy.timeout)) return `${number} and no timeout`
  const retry = policy.overshoot === "refuse" ? "no retry that would begin" : "no retry"
  const until = `${number}, ${retry} once ${duration(policy.timeout)} have passed`
  return bounds.attempts === policy.attempts ? until : `${until} (so no more than ${bounds.attempts})`
}

/** How long the waits are, one by one and in all. */
const waits = (policy: RetryPolicy, bounds: Bounds): string => {
  if (Duration.isZero(bounds.totalWait)) return "every retry follows at once"
  const backoff = Backoff.fromPolicy(policy)
  // not Infinity: 1 to the power of Infinity is NaN
  const last = Math.min(bounds.attempts - 1, Number.MAX_VALUE)
  return last === 1
    ? `the only wait is ${between(Backoff.shortest(backoff, 1), Duration.toMillis(bounds.totalWait))}`
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
  const { initial, max, shape } = backoff
  switch (shape) {
    case "full":
      return `are random, between 0ms and ${limits(backoff, (limit) => `${limit} each`)}`
    case "equal":
      return `are random, between half and all of ${limits(backoff, (limit) => limit)}`
    case "decorrelated":
      return initial >= max
        ? `stay the same, ${millis(max)} each`
        : `are random, between ${millis(initial)} and three times the wait before (at first ` +
          `${millis(Backoff.longest(backoff, 1))}), and never exceed ${millis(max)}`
    case "additive":
    case "constant":
    case "linear":
    case "fibonacci":
      return steady(backoff, last)
    default:
      return listed(backoff, shape, last)
  }
}

/** Waits that grow by a rule, with jitter on top. */
const steady = (backoff: Backoff.Backoff, last: number): string => {
  const { jitter, max } = backoff
  const start = Backoff.shortest(backoff, 1)
  const longest = Backoff.longest(backoff, 1)
  const rise = growth(backoff)
  if (start === max && !shrinks(backoff)) return `stay the same, ${millis(max)} each`
  if (start === 0 && Backoff.shortest(backoff, last) === 0) return `are jitter alone, up to ${millis(longest)} each`
  const phrases = rise === undefined ? [`stay the same at ${millis(start)}`] : [`start at ${millis(start)}`, rise]
  if (jitter > 0) phrases.push(`gain up to ${millis(jitter)} of jitter`)
  if ((rise !== undefined && !shrinks(backoff)) || longest === max) phrases.push(`never exceed ${millis(max)}`)
  return list(phrases)
}

/** The limits of random waits, which are waits without jitter. */
const limits = (backoff: Backoff.Backoff, same: (limit: string) => string): string => {
  const bare: Backoff.Backoff = { ...backoff, shape: "additive", jitter: 0 }
  const start = Backoff.longest(bare, 1)
  return growth(bare) === undefined || (start === bare.max && !shrinks(bare))
    ? same(millis(start))
    : `limits that ${steady(bare, Number.MAX_VALUE)}`
}

/** The waits of a list, as many as are used: all of a short one, the beginning and the end of a long one. */
const listed = (backoff: Backoff.Backoff, waits: ReadonlyArray<number>, last: number): string => {
  const { jitter, max } = backoff
  const used = waits.slice(0, last)
  const capped = used.map((wait) => Math.min(wait, max))
  const final = capped.at(-1) ?? 0
  if (capped.every((wait) => wait === final)) return steady({ ...backoff, shape: "constant", initial: final }, last)
  const isLong = capped.length > 6
  const first = capped.slice(0, isLong ? 3 : -1).map(millis).join(", ") + (isLong ? " and so on" : "")
  const phrases = [
    last > capped.length
      ? `are ${first}, then ${millis(final)} each`
      : `are ${first}${isLong ? ", the last" : " and"} ${millis(final)}`
  ]
  if (jitter > 0) phrases.push(`gain up to ${millis(jitter)} of jitter`)
  if (used.some((wait) => wait + jitter > max)) phrases.push(`never exceed ${millis(max)}`)
  return list(phrases)
}

const shrinks = ({ base, shape }: Backoff.Backoff): boolean => shape === "additive" && base < 1

/** How waits go on from the first; `undefined` where they stay the same. */
const growth = ({ base, initial, max, shape }: Backoff.Backoff): string | undefined => {
  if (shape === "constant") return undefined
  if (shape === "linear") return `grow by ${millis(initial)} each time`
  if (shape === "fibonacci") return "grow like the Fibonacci numbers (1, 1, 2, 3, 5 and so on)"
  // the cap hides the first of them, so that what is seen does not shrink by the base
  if (initial > max && base > 0 && base < 1) return "shrink later on"
  switch (base) {
    case 0:
      return "fall to nothing after the first"
    case 0.5:
      return "halve each time"
    case 1:
      return undefined
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
