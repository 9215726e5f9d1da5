/**
 * The deadlines in force around a fiber.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type { Run } from "../run/Run.ts"

/** A deadline in force. */
export interface Deadline {
  /** When it passes, on the monotonic clock, in nanoseconds. */
  readonly at: bigint
  /** The deadline around this one. */
  readonly around: Deadline | undefined
  /**
   * - `open`: the effect under the deadline still runs.
   * - `passed`: the time is over, and the effect is being interrupted.
   * - `closed`: the effect has ended. What it has forked and left behind is bound no longer.
   */
  state: "open" | "passed" | "closed"
  /** The outermost run that it interrupted, and the error that was being retried. */
  interrupted: { readonly run: Run; readonly error: unknown } | undefined
}

/** The innermost deadline around. */
export const Current: Context.Reference<Deadline | undefined> = /*#__PURE__*/ Context.Reference<
  Deadline | undefined
>("effect-stamina/Deadline", { defaultValue: () => undefined })

/** A deadline at the time `at`, inside those around the fiber. */
export const begin = (fiber: Fiber.Fiber<unknown, unknown>, at: bigint): Deadline => ({
  at,
  around: fiber.getRef(Current),
  state: "open",
  interrupted: undefined
})

/** The time of the earliest deadline that still binds the fiber. */
export const earliest = (fiber: Fiber.Fiber<unknown, unknown>): bigint | undefined => {
  let earliest: bigint | undefined
  for (let deadline = fiber.getRef(Current); deadline !== undefined; deadline = deadline.around) {
    if (deadline.state !== "closed" && (earliest === undefined || deadline.at < earliest)) earliest = deadline.at
  }
  return earliest
}

/**
 * Whether a deadline is what interrupts the fiber. It then keeps the run and its error, for `DeadlineExceeded` to tell of.
 * Runs end from the inside out, so the outermost stays.
 */
export const isInterrupting = (fiber: Fiber.Fiber<unknown, unknown>, run: Run, error: unknown): boolean => {
  for (let deadline = fiber.getRef(Current); deadline !== undefined; deadline = deadline.around) {
    if (deadline.state !== "passed") continue
    deadline.interrupted = { run, error }
    return true
  }
  return false
}
