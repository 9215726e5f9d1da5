/**
 * A retry budget in which retries wait: its bucket, its queue, and the steps of a retry through both. Times are milliseconds
 * of one clock.
 *
 * **For a driver**
 *
 * - Call a step for each thing that happens. After each step, and when {@link wakeAt} comes, call {@link wake} until it
 *   returns `undefined`. Each run that it returns begins its retry {@link delay} milliseconds later. One timer serves all
 *   that wait.
 * - A retry goes through `ask` → (`wake`) → `begins` → `succeeds` or `fails`. Wherever it is interrupted, or gives up: `ends`.
 *   Steps out of that order do nothing, so no token is lost, and none is given back twice.
 * - First attempts go to the bucket directly: `bucket.firstBegins`, and `bucket.firstFails` if it fails. One that begins
 *   while not {@link isCalm} is watched, for `bucket.firstSucceeds`: the end of an outage is a success, and it wakes others.
 */
import * as queue from "./queue.ts"
import * as bucket from "./tokens.ts"

/** What a retry holds of its budget. */
export type Phase = "none" | "waiting" | "granted" | "probing" | "begun"

export interface Waiter<W extends Waiter<W>> extends queue.Waiter<W> {
  /** `granted`: it holds a token and may begin; `probing`: it may begin without one. */
  phase: Phase
  /** Whether this retry had to wait for its token. */
  wasDeferred: boolean
  /** Whether a retry of this run has failed. */
  hasFailed: boolean
}

export interface Options {
  readonly capacity: bucket.Capacity
  /** What a success earns, in tokens. */
  readonly refill: number
  /** How many may wait. Beyond it a retry is refused. 0 where an empty budget refuses. */
  readonly maxWaiting: number
}

export interface Waiting<W extends Waiter<W>> {
  readonly bucket: bucket.Bucket
  readonly queue: queue.Queue<W>
  readonly maxWaiting: number
  /** When the dependency asked to be left alone, and until when. */
  heardAt: number
  quietUntil: number
}

/** How many wait by default at most: what 700 calls a second reach in an outage, within 45 seconds. */
export const defaultMaxWaiting = 32_000

export const make = <W extends Waiter<W>>({ capacity, maxWaiting, refill }: Options): Waiting<W> => ({
  bucket: bucket.make(capacity, refill, maxWaiting > 0),
  queue: queue.make(),
  maxWaiting,
  heardAt: -Infinity,
  quietUntil: -Infinity
})

/** Whether a success would change nothing but the number of tokens: nobody waits, and nothing has failed since the last. */
export const isCalm = <W extends Waiter<W>>({ bucket: { failures }, queue: waiting }: Waiting<W>): boolean =>
  failures === 0 && queue.size(waiting) === 0

/** A retry is due, and asks: it may begin and holds a token, or it waits, or it is refused. */
export const ask = <W extends Waiter<W>>(self: Waiting<W>, waiter: W, now: number): "begin" | "wait" | "refuse" => {
  const { first, later } = self.queue
  const isFree = first.size === 0 && (later.size === 0 || !waiter.hasFailed) && !isQuiet(self, now)
  waiter.wasDeferred = false
  if (isFree && bucket.take(self.bucket, now, waiter.hasFailed, false)) {
    waiter.phase = "granted"
    return "begin"
  }
  bucket.notice(self.bucket, now)
  if (queue.size(self.queue) >= self.maxWaiting) return "refuse"
  waiter.wasDeferred = true
  waiter.phase = "waiting"
  queue.enter(self.queue, waiter, waiter.hasFailed)
  return "wait"
}

/** Takes the next retry out of the queue that may begin now: with a token, or as a probe. */
export const wake = <W extends Waiter<W>>(self: Waiting<W>, now: number): W | undefined => {
  const waiter = queue.next(self.queue)
  if (waiter === undefined || isQuiet(self, now)) return undefined
  if (bucket.take(self.bucket, now, waiter.hasFailed, true)) waiter.phase = "granted"
  else if (bucket.probe(self.bucket, now)) waiter.phase = "probing"
  else return undefined
  queue.leave(waiter)
  return waiter
}

/** When to call {@link wake} if nothing happens before: `Infinity` if nobody waits, and a time in the past for now. */
export const wakeAt = <W extends Waiter<W>>(self: Waiting<W>): number => {
  const waiter = queue.next(self.queue)
  if (waiter === undefined) return Infinity
  const at = Math.min(bucket.takeAt(self.bucket, waiter.hasFailed), bucket.probeAt(self.bucket))
  return Math.max(self.quietUntil, at)
}

/**
 * How long a retry that was woken waits before it begins, from a random number in [0, 1): up to 100 ms, and up to a second
 * after the dependency asked to be left alone, when many are woken at once.
 */
export const delay = <W extends Waiter<W>>({ quietUntil }: Waiting<W>, now: number, random: number): number =>
  random * (now >= quietUntil && now < quietUntil + 1000 ? 1000 : 100)

/** The retry begins. */
export const begins = (waiter: { phase: Phase }): void => {
  if (waiter.phase === "granted" || waiter.phase === "probing") waiter.phase = "begun"
}

/** The retry has succeeded. */
export const succeeds = <W extends Waiter<W>>({ bucket: it }: Waiting<W>, waiter: W, now: number): void => {
  if (waiter.phase !== "begun") return
  waiter.phase = "none"
  bucket.retrySucceeds(it, now, waiter.wasDeferred)
}

/** The retry has failed. */
export const fails = <W extends Waiter<W>>({ bucket: it }: Waiting<W>, waiter: W, now: number): void => {
  if (waiter.phase !== "begun") return
  waiter.phase = "none"
  waiter.hasFailed = true
  bucket.retryFails(it, now)
}

/**
 * The run ends, in whatever phase: it was interrupted, or its limits ended its wait (`gaveUp`). A retry that has begun
 * spends its token, as one that fails.
 */
export const ends = <W extends Waiter<W>>(self: Waiting<W>, waiter: W, gaveUp: boolean): void => {
  const { phase } = waiter
  waiter.phase = "none"
  if (phase === "granted") bucket.unused(self.bucket)
  else if (gaveUp) queue.giveUp(self.queue, waiter)
  else queue.leave(waiter)
}

/**
 * The dependency has asked for so many milliseconds without retries. Nobody is woken before. Returns whether that is longer
 * than was known. Runs that this takes past their limits are for the driver to find: see `queue.each`.
 */
export const hears = <W extends Waiter<W>>(self: Waiting<W>, now: number, millis: number): boolean => {
  if (millis <= 0 || millis <= quietFor(self, now)) return false
  self.heardAt = now
  self.quietUntil = now + millis
  return true
}

/** How many milliseconds are left of what the dependency asked for; 0 if none are. */
export const quietFor = <W extends Waiter<W>>(self: Waiting<W>, now: number): number =>
  isQuiet(self, now) ? self.quietUntil - now : 0

/** Before it was heard is another clock, such as that of the next test. */
const isQuiet = <W extends Waiter<W>>({ heardAt, quietUntil }: Waiting<W>, now: number): boolean =>
  now >= heardAt && now < quietUntil
