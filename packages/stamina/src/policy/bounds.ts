/**
 * The worst case of a policy.
 *
 * A retry is decided while the time since the start is less than the timeout, and a wait once decided is not shortened.
 * So retry `n` can happen if the `n − 1` shortest waits before it sum to less than the timeout (attempts may take no
 * time at all). The waits up to and including it then sum to at most
 *
 *     min(timeout, the n − 1 longest waits before it) + the longest wait before retry n
 *
 * A run can come as close to this sum as it likes, because waits and attempts can last until just before the timeout.
 * The worst total is the largest of these sums over all `n` that can happen. It is not always the last: with a base below
 * 1 waits shrink, and a list has its waits in any order. One case stays below the sum: a decorrelated run that meets its
 * timeout, since its last wait is long only after other long waits.
 *
 * With `overshoot: "refuse"`, a wait begins only if it ends before the timeout. So retry `n` can happen if the `n`
 * shortest waits up to it sum to less than the timeout, and the waits then sum to at most
 *
 *     min(timeout, the n longest waits)
 */
import * as Duration from "effect/Duration"
import * as Backoff from "./Backoff.ts"
import type { Bounds, RetryPolicy } from "./model.ts"
import { monotoneFrom } from "./shapes.ts"

/** So many retries are counted one by one. Later ones are grouped into blocks, bounded by their worst wait. */
const exactly = 100_000

/** `RetryPolicy.bounds`. */
export const bounds = (policy: RetryPolicy): Bounds => {
  const backoff = Backoff.fromPolicy(policy)
  const timeout = Duration.toMillis(policy.timeout)
  const refuses = policy.overshoot === "refuse"
  const limit = policy.attempts - 1
  const end = single(backoff, Number.MAX_VALUE) // not Infinity: 1 to the power of Infinity is NaN
  const monotone = monotoneFrom(backoff.shape)
  let settled = false
  let retries = 0
  let least = 0 // milliseconds of waiting before the next retry, if every wait is as short as possible
  let most = 0 // the same, if every wait is as long as possible
  let total = 0
  while (retries < limit) {
    const first = retries + 1
    const here: Block = settled ? end : single(backoff, first)
    // waits that only grow or only shrink stay at the end value once they have reached it
    settled ||= first >= monotone && here.shortest === end.shortest && here.longest === end.longest
    if (refuses ? least + here.shortest >= timeout : least >= timeout) break
    const block = first <= Math.max(exactly, monotone)
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
    // not Infinity: that would reach an infinite timeout
    least = Math.min(Number.MAX_VALUE, least + times(block.width, block.shortest))
    most += times(block.width, block.longest)
    retries += block.width
  }
  return { attempts: retries + 1, totalWait: Duration.millis(total) }
}

/** Consecutive retries, with limits that hold for the wait before each of them. */
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

/** All remaining retries, once waits no longer change. */
const lasting = (here: Block, left: number, time: number): Block => {
  // one more than the division says, because a sum of single waits rounds differently
  const fitting = here.shortest === 0 ? Infinity : Math.ceil(time / here.shortest) + 1
  return { ...here, width: Math.min(left, fitting) }
}

/**
 * A block that begins at `first`. Its width is a thousandth of the retries before it, so the number of blocks grows with
 * the logarithm of the number of retries. Its two ends bound the whole block, because waits here only grow or only
 * shrink.
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

/** A product in which 0 stays 0: `Infinity * 0` would be `NaN`. */
const times = (count: number, millis: number): number => millis === 0 ? 0 : count * millis
