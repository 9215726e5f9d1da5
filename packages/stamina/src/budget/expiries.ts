/**
 * When those that wait give up: a binary heap, since their limits come in any order. Each knows its place in it, and can leave
 * from anywhere.
 */

/** What gives up at some time. */
export interface Expiring {
  /** When it gives up, in milliseconds of one clock. */
  expiresAt: number
  /** Its place in the heap; -1 if it is not there. */
  place: number
}

export class Expiries<E extends Expiring> {
  private readonly heap: Array<E> = []

  /** When the first gives up: `Infinity` if nobody does. */
  get next(): number {
    return this.heap[0]?.expiresAt ?? Infinity
  }

  /** Adds one, unless it never gives up. */
  add(item: E): void {
    if (item.expiresAt === Infinity) return
    item.place = this.heap.length
    this.heap.push(item)
    this.rise(item)
  }

  /** Takes one out, if it is there. */
  remove(item: E): void {
    const { place } = item
    if (place < 0) return
    item.place = -1
    const last = this.heap.pop()
    if (last === undefined || last === item) return
    this.put(last, place)
    this.rise(last)
    this.sink(last)
  }

  /** Takes the first out if its time has come. */
  take(now: number): E | undefined {
    const first = this.heap[0]
    if (first === undefined || first.expiresAt > now) return undefined
    this.remove(first)
    return first
  }

  private put(item: E, place: number): void {
    this.heap[place] = item
    item.place = place
  }

  private rise(item: E): void {
    while (item.place > 0) {
      const { place } = item
      const parent = this.heap[(place - 1) >>> 1]
      if (parent === undefined || parent.expiresAt <= item.expiresAt) return
      this.put(item, parent.place)
      this.put(parent, place)
    }
  }

  private sink(item: E): void {
    for (;;) {
      const { place } = item
      const left = this.heap[2 * place + 1]
      const right = this.heap[2 * place + 2]
      const child = right !== undefined && left !== undefined && right.expiresAt < left.expiresAt ? right : left
      if (child === undefined || child.expiresAt >= item.expiresAt) return
      this.put(item, child.place)
      this.put(child, place)
    }
  }
}
