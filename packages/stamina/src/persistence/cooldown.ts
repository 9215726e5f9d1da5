/**
 * How long a dependency asked to be left alone.
 */
import type * as Fiber from "effect/Fiber"
import * as clock from "../tools/clock.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

export class Cooldown {
  private heardAt: clock.Reading = 0n
  private until: clock.Reading = 0n

  /** Lasts so many milliseconds from now, unless it lasts longer already. */
  extend(millis: number, fiber: AnyFiber): void {
    const now = clock.read(fiber)
    if (millis <= 0 || millis <= this.leftAt(now)) return
    this.heardAt = now
    this.until = now + BigInt(Math.ceil(millis * 1_000_000))
  }

  /** Milliseconds from now; 0 if there is no cooldown. */
  millisLeft(fiber: AnyFiber): number {
    return this.until === 0n ? 0 : this.leftAt(clock.read(fiber))
  }

  /** The same at a time in milliseconds. */
  millisLeftAt(now: number): number {
    return this.until === 0n ? 0 : this.leftAt(BigInt(Math.round(now * 1_000_000)))
  }

  private leftAt(now: clock.Reading): number {
    // a reading before `heardAt` is from another clock (the next test's): ignore it
    return now < this.heardAt ? 0 : Math.max(0, clock.millisBetween(now, this.until))
  }
}
