/**
 * The worst that a policy allows.
 *
 * A retry is decided while the time since the start is less than the timeout, and a wait once decided is not
 * shortened. So retry `n` can happen when the `n − 1` shortest waits before it sum to less than the timeout (attempts may
 * take no time at all), and the waits up to and including it then sum to at most
 *
 *     min(timeout, the n − 1 longest waits before it) + the longest wait before retry n
 *
 * which is approached, as waits and attempts can be drawn out to end just before the timeout. The worst total is the
 * largest of these over all `n` that can happen: not always the last, for with a base below 1 waits shrink, and in a
 * list they do as they like. Only where a decorrelated run meets its timeout is the sum out of reach: there a long last
 * wait takes long waits before it.
 *
 * With `overshoot: "refuse"`, a wait is begun only if it ends before the timeout. So retry `n` can happen when the `n`
 * shortest waits up to it sum to less than the timeout, and the waits then sum to at most
 *
 *     min(timeout, the n longest waits)
 */
import * as Duration from "effect/Duration"
import * as Backoff from "./Backoff.ts"
import type { RetryPolicy } from "./model.ts"

/**
 * The worst that a policy allows: see `RetryPolicy.bounds`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bounds {
  /** The most calls that one run can make, the first one included; `Infinity` where nothing limits them. */
  readonly attempts: number
  /** The longest that the waits of one run can be in all; `Duration.infinity` where nothing limits them. */
  readonly totalWait: Duration.Duration
}

/** As many retries are looked at one by one; after them, blocks of retries are, each taken at its worst. */
const exactly = 100_000

/** `RetryPolicy.bounds`. */
export const bounds = (policy: RetryPolicy): Bounds => {
  const backoff = Backoff.fromPolicy(policy)
  const timeout = Duration.toMillis(policy.timeout)
  const refuses = policy.overshoot === "refuse"
  const limit = policy.attempts - 1
  const end = single(backoff, Number.MAX_VALUE) // not Infinity: 1 to the power of Infinity is NaN
  const listed = typeof backoff.shape === "string" ? 0 : backoff.shape.length
  let settled = false
  let retries = 0
  let least = 0 // milliseconds of waiting before the next retry, when every wait is as short as can be
  let most = 0 // and when every one is as long
  let total = 0
  while (retries < limit) {
    const first = retries + 1
    const here: Block = settled ? end : single(backoff, first)
    // waits of a named shape only grow or only shrink: once they have come to the end, they stay there
    settled ||= first >= listed && here.shortest === end.shortest && here.longest === end.longest
    if (refuses ? least + here.shortest >= timeout : least >= timeout) break
    const block = first <= Math.max(exactly, listed)
      ? here
      : settled
      ? lasting(here, limit - retries, timeout - least)
      : several(backoff, here, first, limit - retries)
    total = Math.max(
      total,
      refuses
        ? Math.min(timeout, most + times(block.width, block.longest))
        : Math.min(timeout, most + times(block.width - 1, block.longest)) + block.longest
    )
    // not Infinity, which would be past a timeout that is none
    least = Math.min(Number.MAX_VALUE, least + times(block.width, block.shortest))
    most += times(block.width, block.longest)
    retries += block.width
  }
  return { attempts: retries + 1, totalWait: Duration.millis(total) }
}

/** Neighbouring retries, and what holds for the wait before each of them. */
interface Block {
  readonly width: number
  readonly shortest: number
  readonly longest: number
}

const single = (backoff: Backoff.Backoff, retryNum: number): Block => ({
  width: 1,
  shortest: Backoff.shortest(backoff, retryNum),
  longest: Backoff.longest(backoff, retryNum)
})

/** All retries that are left, where waits no longer change. */
const lasting = (here: Block, left: number, time: number): Block => {
  // one more than the time allows: adding up one by one rounds differently
  const fitting = here.shortest === 0 ? Infinity : Math.ceil(time / here.shortest) + 1
  return { ...here, width: Math.min(left, fitting) }
}

/**
 * A block from `first` on, a thousandth of what lies behind, so that the number of blocks grows with the logarithm of the
 * number of retries. Waits only grow or only shrink, so its ends bound all of it.
 */
const several = (backoff: Backoff.Backoff, here: Block, first: number, left: number): Block => {
  const width = Math.min(left, Math.floor(first / 1_000))
  const last = single(backoff, first + width - 1)
  return {
    width,
    shortest: Math.min(here.shortest, last.shortest),
    longest: Math.max(here.longest, last.longest)
  }
}

/** A product in which nothing, however often, is nothing: `Infinity * 0` would be `NaN`. */
const times = (count: number, millis: number): number => millis === 0 ? 0 : count * millis
