/**
 * Where retries wait for tokens of a shared budget: in the process that makes them, since a token is asked for by who can use it.
 * It looks at them ten times a second, and has no timer of its own.
 */
import * as Effect from "effect/Effect"
import { Expiries, type Expiring } from "../budget/expiries.ts"
import { exhausted } from "../budget/localBudget.ts"
import { type AnyFiber, type Final, granted } from "../budget/pass.ts"
import * as queue from "../budget/queue.ts"
import * as bucket from "../budget/tokens.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"

/** A retry that may wait. */
export interface Guest extends queue.Waiter<Guest>, Expiring {
  /** When the deadline around it passes. */
  deadlineAt: number
  /** Whether a retry of its run has failed. */
  hasFailed: boolean
  fiber: AnyFiber
  /** Its wait is over. */
  readonly tell: (answer: Effect.Effect<Final>) => void
  /** It holds a token, or goes as a probe. */
  readonly grant: () => void
}

export class Room {
  private readonly queue = queue.make<Guest>()
  private readonly expiries = new Expiries<Guest>()
  /** Knows how often first attempts begin, and when anything last did. Its tokens are nobody's. */
  private readonly meter: bucket.Bucket = bucket.make(1, 0)
  private readonly maxWaiting: number

  constructor(maxWaiting: number) {
    this.maxWaiting = maxWaiting
  }

  get size(): number {
    return queue.size(this.queue)
  }

  /** Whether a retry has to wait since others wait already. */
  isBehind(hasFailed: boolean): boolean {
    return this.queue.first.size > 0 || (hasFailed && this.queue.later.size > 0)
  }

  /** A first attempt begins. */
  firstBegins(fiber: AnyFiber): void {
    bucket.firstBegins(this.meter, true)
    if (this.size > 0 || bucket.wantsTime(this.meter)) bucket.notice(this.meter, clock.millis(fiber))
  }

  /** A retry begins. */
  begins(now: number): void {
    this.meter.begunAt = now
  }

  /** Whether no first attempts arrive that could earn tokens. */
  hasNoTraffic(now: number): boolean {
    bucket.notice(this.meter, now)
    return bucket.hasNoTraffic(this.meter, now)
  }

  /** Begins to wait, if there is room. */
  enter(guest: Guest): boolean {
    if (this.size >= this.maxWaiting) return false
    queue.enter(this.queue, guest, guest.hasFailed)
    this.expiries.add(guest)
    return true
  }

  leave(guest: Guest): void {
    this.expiries.remove(guest)
    queue.leave(guest)
  }

  /** Those whose limits have passed give up. */
  expire(now: number): number {
    let gaveUp = 0
    for (let guest = this.expiries.take(now); guest !== undefined; guest = this.expiries.take(now)) {
      queue.giveUp(this.queue, guest)
      guest.tell(Effect.succeed(exhausted))
      gaveUp++
    }
    return gaveUp
  }

  /** Lets the next one begin, a moment later, so that not all come at once. Returns whether anybody waited. */
  wakeOne(now: number): boolean {
    const guest = queue.next(this.queue)
    if (guest === undefined) return false
    this.leave(guest)
    guest.grant()
    const delay = Math.min(100 * draw(guest.fiber), Math.max(0, guest.expiresAt - now))
    guest.tell(Effect.as(clock.sleep(clock.of(guest.fiber), delay), granted))
    return true
  }

  /** Lets one begin without a token, if nothing has begun for long: those who wait for each other would wait for ever. */
  probe(now: number): boolean {
    return this.size > 0 && bucket.probe(this.meter, now) && this.wakeOne(now)
  }

  /** The dependency asks to be left alone: those give up that this takes past their limits. */
  hears(millis: number, now: number): void {
    queue.each(this.queue, (guest) => {
      if (now + millis < Math.min(guest.expiresAt, guest.deadlineAt)) return
      this.leave(guest)
      guest.tell(Effect.succeed({ _tag: "Later", wait: millis }))
    })
  }

  /** Nobody looks at those that wait any more. */
  close(): void {
    queue.each(this.queue, (guest) => {
      this.leave(guest)
      guest.tell(Effect.succeed(exhausted))
    })
  }
}
