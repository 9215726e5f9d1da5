/**
 * The deadlines in force around a fiber.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type { Run } from "../run/run.ts"

/** A deadline in force. What it knows comes with it, so that a retry without deadlines does not load it. */
export class Deadline {
  /** When it passes, on the monotonic clock, in nanoseconds. */
  readonly at: bigint
  /** The deadline around this one. */
  readonly around: Deadline | undefined
  /**
   * - `open`: the effect under the deadline still runs.
   * - `passed`: the time is over, and the effect is being interrupted.
   * - `closed`: the effect has ended. What it has forked and left behind is bound no longer.
   */
  state: "open" | "passed" | "closed" = "open"
  /** The run that was interrupted last inside it, the outermost such run, and the error that was being retried. */
  interrupted: { readonly run: Run; readonly error: unknown } | undefined = undefined

  constructor(at: bigint, around: Deadline | undefined) {
    this.at = at
    this.around = around
  }

  /** The time of the earliest of this deadline and those around it that still bind. */
  earliest(): bigint | undefined {
    const around = this.around?.earliest()
    return this.state === "closed" || (around !== undefined && around < this.at) ? around : this.at
  }

  /** The innermost of this deadline and those around it that has passed. */
  passed(): Deadline | undefined {
    return this.state === "passed" ? this : this.around?.passed()
  }

  /** Keeps what was interrupted: here and in those around, for they may pass while the run is being tidied up. */
  keep(interrupted: Deadline["interrupted"]): void {
    this.interrupted = interrupted
    this.around?.keep(interrupted)
  }
}

/** The innermost deadline around. */
export const Current: Context.Reference<Deadline | undefined> = /*#__PURE__*/ Context.Reference<
  Deadline | undefined
>("effect-stamina/Deadline", { defaultValue: () => undefined })

/** A deadline at the time `at`, inside those around the fiber. */
export const begin = (fiber: Fiber.Fiber<unknown, unknown>, at: bigint): Deadline =>
  new Deadline(at, fiber.getRef(Current))

/** The time of the earliest deadline that still binds the fiber. */
export const earliest = (fiber: Fiber.Fiber<unknown, unknown>): bigint | undefined => fiber.getRef(Current)?.earliest()

/**
 * Whether a deadline is what interrupts the fiber. It then keeps the run and its error, for `DeadlineExceeded` to tell of.
 * Runs end from the inside out, so the outermost stays.
 */
export const isInterrupting = (fiber: Fiber.Fiber<unknown, unknown>, run: Run, error: unknown): boolean => {
  const passed = fiber.getRef(Current)?.passed()
  passed?.keep({ run, error })
  return passed !== undefined
}
