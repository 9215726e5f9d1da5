/**
 * How long a run takes whose attempts all fail, exactly: the distribution of the time of each failure follows from that of
 * the failure before by a convolution with the wait, on a grid. For shapes whose waits do not depend on one another.
 */
import { Duration } from "effect"
import { Backoff, type RetryPolicy } from "effect-stamina"

export interface Exact {
  /** The time that a share `q` of the runs does not exceed, in milliseconds. */
  readonly quantile: (q: number) => number
  /** The share of runs that make so many attempts. */
  readonly attempts: ReadonlyArray<number>
}

/** The distribution, on a grid of `step` milliseconds, where each attempt takes `latency`. */
export const durations = (policy: RetryPolicy.RetryPolicy, latency: number, step: number): Exact => {
  const backoff = Backoff.fromPolicy(policy)
  const timeout = Duration.toMillis(policy.timeout)
  const cells = Math.ceil((Math.min(timeout, 600_000) + backoff.max + latency) / step) + 10
  const ends = new Float64Array(cells)
  const attempts: Array<number> = [0]
  let now = new Float64Array(cells)
  now[Math.round(latency / step)] = 1
  for (let attempt = 1; now.some((mass) => mass > 1e-12); attempt++) {
    let ended = 0
    for (let cell = 0; cell < cells; cell++) {
      if (attempt < policy.attempts && cell * step < timeout) continue
      ends[cell]! += now[cell]!
      ended += now[cell]!
      now[cell] = 0
    }
    attempts.push(ended)
    now = later(now, backoff, attempt, latency, step)
  }
  return { quantile: (q) => quantile(ends, step, q), attempts }
}

/** The failures after the next wait, which is uniform from its shortest to its longest, with the rest at the cap. */
const later = (now: Float64Array, backoff: Backoff.Backoff, retryNum: number, latency: number, step: number) => {
  const next = new Float64Array(now.length)
  const shortest = Backoff.shortest(backoff, retryNum)
  const longest = Backoff.longest(backoff, retryNum)
  const uncapped = Backoff.wait({ ...backoff, max: Number.MAX_VALUE }, retryNum, () => 1)
  const capped = typeof backoff.shape === "string" && ["full", "equal"].includes(backoff.shape)
    ? 0
    : uncapped === shortest
    ? 0
    : Math.max(0, (uncapped - longest) / (uncapped - shortest))
  const from = Math.round((shortest + latency) / step)
  const to = Math.round((longest + latency) / step)
  const width = to - from + 1
  let sum = 0
  for (let cell = from; cell < now.length; cell++) {
    sum += now[cell - from]! - (cell - from >= width ? now[cell - from - width]! : 0)
    next[cell]! += (1 - capped) * Math.max(0, sum) / width
    if (capped > 0 && cell >= to) next[cell]! += capped * now[cell - to]!
  }
  return next
}

const quantile = (ends: Float64Array, step: number, q: number): number => {
  let sum = 0
  return step * ends.findIndex((mass) => (sum += mass) >= q)
}
