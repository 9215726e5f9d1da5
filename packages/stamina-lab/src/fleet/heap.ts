/**
 * What is to come, by time: a binary heap. Of what comes at the same time, what was added first comes first.
 */

export class Heap<A> {
  private readonly times: Array<number> = []
  private readonly orders: Array<number> = []
  private readonly items: Array<A> = []
  private added = 0

  /** When the next comes; `Infinity` if nothing does. */
  get time(): number {
    return this.times[0] ?? Infinity
  }

  add(time: number, item: A): void {
    const order = this.added++
    let i = this.times.length
    while (i > 0) {
      const parent = (i - 1) >>> 1
      if (!this.isBefore(time, order, parent)) break
      this.move(parent, i)
      i = parent
    }
    this.set(i, time, order, item)
  }

  /** Takes the next out. */
  take(): A | undefined {
    const first = this.items[0]
    const time = this.times.pop()
    const order = this.orders.pop()
    const item = this.items.pop()
    if (time === undefined || order === undefined || this.times.length === 0) return first
    const length = this.times.length
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= length) break
      if (child + 1 < length && this.isBefore(this.times[child + 1] ?? NaN, this.orders[child + 1] ?? NaN, child)) {
        child++
      }
      if (this.isBefore(time, order, child)) break
      this.move(child, i)
      i = child
    }
    // an item was there for each time
    this.set(i, time, order, item as A)
    return first
  }

  private isBefore(time: number, order: number, i: number): boolean {
    const other = this.times[i] ?? NaN
    return time < other || (time === other && order < (this.orders[i] ?? NaN))
  }

  private move(from: number, to: number): void {
    // there is an item at each place below the length
    this.set(to, this.times[from] ?? NaN, this.orders[from] ?? NaN, this.items[from] as A)
  }

  private set(i: number, time: number, order: number, item: A): void {
    this.times[i] = time
    this.orders[i] = order
    this.items[i] = item
  }
}
