/**
 * The queue of retries that wait for a token. To enter, to leave from anywhere and to find the next are O(1): those that wait
 * are the links.
 *
 * There are two lanes. The first is for runs none of whose retries has failed, and goes before the later one. So calls to a
 * broken route block nobody: each of them is once in front, and then behind.
 *
 * In the first lane, the oldest goes first. When the oldest gives up, the lane is longer than patience lasts: everybody would
 * be served just before the end, and many after it. Then the newest goes first, until nobody waits in that lane.
 *
 * In the later lane, the newest goes first. There, most that have waited for long are of a broken route.
 */

/** What can wait. A run is one itself, so waiting needs no object of its own. */
export interface Waiter<W extends Waiter<W>> {
  before: W | undefined
  after: W | undefined
  /** The lane that it waits in; `undefined` if it does not wait. */
  lane: Lane<W> | undefined
}

export interface Lane<W extends Waiter<W>> {
  oldest: W | undefined
  newest: W | undefined
  size: number
}

export interface Queue<W extends Waiter<W>> {
  readonly first: Lane<W>
  readonly later: Lane<W>
  /** Whether the newest goes first in the first lane, too. */
  isReversed: boolean
}

const lane = <W extends Waiter<W>>(): Lane<W> => ({ oldest: undefined, newest: undefined, size: 0 })

export const make = <W extends Waiter<W>>(): Queue<W> => ({ first: lane(), later: lane(), isReversed: false })

/** How many wait. */
export const size = <W extends Waiter<W>>({ first, later }: Queue<W>): number => first.size + later.size

/** Begins to wait: in the later lane if a retry of this run has failed. */
export const enter = <W extends Waiter<W>>(queue: Queue<W>, waiter: W, isLater: boolean): void => {
  if (queue.first.size === 0) queue.isReversed = false
  const lane = isLater ? queue.later : queue.first
  waiter.lane = lane
  waiter.before = lane.newest
  if (lane.newest === undefined) lane.oldest = waiter
  else lane.newest.after = waiter
  lane.newest = waiter
  lane.size++
}

/** Stops to wait, wherever it stands. Returns whether it did wait. */
export const leave = <W extends Waiter<W>>(waiter: W): boolean => {
  const { after, before, lane } = waiter
  if (lane === undefined) return false
  if (before === undefined) lane.oldest = after
  else before.after = after
  if (after === undefined) lane.newest = before
  else after.before = before
  waiter.lane = waiter.before = waiter.after = undefined
  lane.size--
  return true
}

/** Its limits end its wait. Returns whether it did wait. */
export const giveUp = <W extends Waiter<W>>(queue: Queue<W>, waiter: W): boolean => {
  if (waiter === queue.first.oldest) queue.isReversed = true
  return leave(waiter)
}

/** Who goes next. It stays in the queue. */
export const next = <W extends Waiter<W>>({ first, isReversed, later }: Queue<W>): W | undefined =>
  (isReversed ? first.newest : first.oldest) ?? later.newest

/** Visits all that wait. The visited one may leave meanwhile. */
export const each = <W extends Waiter<W>>({ first, later }: Queue<W>, visit: (waiter: W) => void): void => {
  for (const lane of [first, later]) {
    for (let waiter = lane.oldest; waiter !== undefined;) {
      const { after }: W = waiter
      visit(waiter)
      waiter = after
    }
  }
}
