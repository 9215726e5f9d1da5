/**
 * Until when a dependency asked to be left alone.
 */
import type * as Fiber from "effect/Fiber"
import * as clock from "../tools/clock.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

export class Quiet {
  private heardAt: clock.Reading = 0n
  private until: clock.Reading = 0n

  /** Somebody was asked to wait so many milliseconds from now. */
  hear(millis: number, fiber: AnyFiber): void {
    const now = clock.read(fiber)
    if (millis <= 0 || millis <= this.leftAt(now)) return
    this.heardAt = now
    this.until = now + BigInt(Math.ceil(millis * 1_000_000))
  }

  /** Milliseconds from now; 0 where nobody asked for any. */
  millisLeft(fiber: AnyFiber): number {
    return this.until === 0n ? 0 : this.leftAt(clock.read(fiber))
  }

  private leftAt(now: clock.Reading): number {
    // before it was heard is another clock, such as that of the next test
    return now < this.heardAt ? 0 : Math.max(0, clock.millisBetween(now, this.until))
  }
}
