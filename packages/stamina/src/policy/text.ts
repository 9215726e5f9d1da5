/**
 * A policy as an English sentence.
 */
import * as Duration from "effect/Duration"
import * as Backoff from "./Backoff.ts"
import type { Bounds, RetryPolicy, ShapeName } from "./model.ts"

/** Describes a policy with the given bounds. */
export const describe = (policy: RetryPolicy, bounds: Bounds): string => {
  if (policy.attempts === 1) return "One attempt, no retries."
  if (bounds.attempts === 1) {
    return `One attempt, no retries: even the shortest wait would last until ${duration(policy.timeout)} have passed.`
  }
  return `${attempts(policy, bounds)}; ${waits(policy, bounds)}.`
}

/** The two limits, and the number of attempts that both together allow. */
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

/** Rounds up to whole milliseconds from a second on: a bound must not be too small, and nobody needs more digits. */
const roundUp = (total: Duration.Duration): Duration.Duration =>
  Duration.isLessThan(total, Duration.seconds(1)) ? total : Duration.millis(Math.ceil(Duration.toMillis(total)))

/** The waits one by one: where they start, how they go on, what chance adds, what they never exceed. */
const each = (backoff: Backoff.Backoff, last: number): string =>
  typeof backoff.shape === "string" ? words[backoff.shape](backoff, last) : listed(backoff, backoff.shape, last)

// ---------------------------------------------------------------------------------------------------------------------
// shapes
// ---------------------------------------------------------------------------------------------------------------------

/** What follows the word "waits", for waits up to that before retry `last`. */
type Words = (backoff: Backoff.Backoff, last: number) => string

/** How waits go on from the first. */
interface Change {
  /** Absent if they stay the same. */
  readonly words?: string | undefined
  readonly shrinks?: boolean
}

/** Waits that follow a curve, with jitter on top. */
const steady = (change: (backoff: Backoff.Backoff) => Change): Words => (backoff, last) => {
  const { max, spread = 0 } = backoff
  const { shrinks = false, words } = change(backoff)
  const start = Backoff.shortest({ ...backoff, spread: 0 }, 1)
  const longest = Backoff.longest(backoff, 1)
  if (start === max && !shrinks) {
    return spread > 0
      ? `are ${between(Backoff.shortest(backoff, 1), max)} each`
      : `stay the same, ${millis(max)} each`
  }
  if (start === 0 && Backoff.shortest(backoff, last) === 0) return `are jitter alone, up to ${millis(longest)} each`
  const phrases = words === undefined ? [`stay the same at ${millis(start)}`] : [`start at ${millis(start)}`, words]
  return within(backoff, (words !== undefined && !shrinks) || longest === max, phrases)
}

const multiplied = (backoff: Backoff.Backoff): Change => ({ words: factor(backoff), shrinks: backoff.base < 1 })

const factor = ({ base, initial, max }: Backoff.Backoff): string | undefined => {
  // the cap hides the first waits, so what is seen does not shrink by the base
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

/** The limits of random waits: an exponential curve without jitter. */
const limits = (backoff: Backoff.Backoff, same: (limit: string) => string): string => {
  const bare: Backoff.Backoff = { ...backoff, shape: "additive", jitter: 0, spread: 0 }
  const start = Backoff.longest(bare, 1)
  const { shrinks, words } = multiplied(bare)
  return words === undefined || (start === bare.max && !shrinks)
    ? same(millis(start))
    : `limits that ${exponential(bare, Number.MAX_VALUE)}`
}

const exponential = /*#__PURE__*/ steady(multiplied)

const constant = /*#__PURE__*/ steady(() => ({}))

const words: Readonly<Record<ShapeName, Words>> = {
  additive: exponential,
  full: (backoff) => `are random, between 0ms and ${limits(backoff, (limit) => `${limit} each`)}`,
  equal: (backoff) => `are random, between half and all of ${limits(backoff, (limit) => limit)}`,
  decorrelated: (backoff) =>
    backoff.initial >= backoff.max
      ? `stay the same, ${millis(backoff.max)} each`
      : `are random, between ${millis(backoff.initial)} and three times the wait before (at first ` +
        `${millis(Backoff.longest(backoff, 1))}), and never exceed ${millis(backoff.max)}`,
  constant,
  linear: /*#__PURE__*/ steady(({ initial }) => ({ words: `grow by ${millis(initial)} each time` })),
  fibonacci: /*#__PURE__*/ steady(() => ({ words: "grow like the Fibonacci numbers (1, 1, 2, 3, 5 and so on)" }))
}

/** The used waits of a list: all of a short one, the beginning and the end of a long one. */
const listed = (backoff: Backoff.Backoff, waits: ReadonlyArray<number>, last: number): string => {
  const { jitter, max, spread = 0 } = backoff
  const used = waits.slice(0, last)
  const capped = used.map((wait) => Math.min(wait, max))
  const final = capped.at(-1) ?? 0
  if (capped.every((wait) => wait === final)) return constant({ ...backoff, shape: "constant", initial: final }, last)
  const isLong = capped.length > 6
  const first = capped.slice(0, isLong ? 3 : -1).map(millis).join(", ") + (isLong ? " and so on" : "")
  const phrases = [
    last > capped.length
      ? `are ${first}, then ${millis(final)} each`
      : `are ${first}${isLong ? ", the last" : " and"} ${millis(final)}`
  ]
  return within(backoff, used.some((wait) => wait * (1 + spread) + jitter > max), phrases)
}

/** Lists what holds for the waits, with the jitter, and with the cap where waits come to it. */
const within = ({ jitter, max, spread = 0 }: Backoff.Backoff, isCapped: boolean, phrases: Array<string>): string => {
  if (jitter > 0) phrases.push(`gain up to ${millis(jitter)} of jitter`)
  // fewer digits than a number has: 0.29 · 100 is 28.999999999999996
  if (spread > 0) phrases.push(`vary by up to ${Number((spread * 100).toPrecision(12))}% both ways`)
  if (isCapped) phrases.push(`never exceed ${millis(max)}`)
  const last = phrases.pop()
  return phrases.length === 0 ? `${last}` : `${phrases.join(", ")} and ${last}`
}

// ---------------------------------------------------------------------------------------------------------------------
// durations
// ---------------------------------------------------------------------------------------------------------------------

/** A time in milliseconds, for people. */
export const millis = (millis: number): string => duration(Duration.millis(millis))

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
