/**
 * What a run and its door say to each other.
 */
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { GiveUpReason } from "../run/Decision.ts"

/**
 * An attempt that has failed with something that is retried.
 *
 * @category models
 * @since 0.2.0
 */
export interface FailedCall {
  /** The number of the attempt, 1 = the first. */
  readonly attempt: number
  /** How long the dependency asked to be left alone, in milliseconds; `undefined` if it did not say. */
  readonly hint: number | undefined
}

/**
 * A retry that wants to begin now: its wait is over.
 *
 * @category models
 * @since 0.2.0
 */
export interface Request {
  /** 1 = the first retry. */
  readonly retryNum: number
  /** Milliseconds until the timeout of its run: it must not be held back for longer. May be `Infinity`, or below 0. */
  readonly left: number
  /** Milliseconds until the deadline around it, which interrupts it; `Infinity` if there is none. */
  readonly untilDeadline: number
}

/**
 * What a door answers.
 *
 * - `Granted`: the retry begins now.
 * - `Refused`: the run gives up with this reason, and its last error comes out.
 * - `Later`: the retry must not begin within the next `wait` milliseconds. Jitter goes on top, then the door is asked again.
 *   If the limits of the run leave no room for that, it gives up with `WaitExceedsTimeout` or `WaitExceedsDeadline`.
 * - `Queued`: the retry waits for its turn. `turn` answers when that comes, at the latest after the `left` of the request.
 *
 * @category models
 * @since 0.2.0
 */
export type Answer = Final | { readonly _tag: "Queued"; readonly turn: Effect.Effect<Final> }

/**
 * An answer that is no promise of another one.
 *
 * @category models
 * @since 0.2.0
 */
export type Final =
  | { readonly _tag: "Granted" }
  | { readonly _tag: "Refused"; readonly reason: GiveUpReason }
  | { readonly _tag: "Later"; readonly wait: number }

export type AnyFiber = Fiber.Fiber<unknown, unknown>

/**
 * One run at a door, from its first failure on. It remembers what it was granted, so that {@link Pass.left} gives back just
 * that, whenever it comes. A step out of order does nothing.
 */
export interface Pass {
  /** An attempt has failed with something that is retried. */
  readonly failed: (failure: FailedCall, fiber: AnyFiber) => void
  /** How long the dependency wants to be left alone, in milliseconds from now. */
  readonly notBefore: (fiber: AnyFiber) => number
  /** Whether a retry may begin. A plain answer costs no effect. */
  readonly ask: (request: Request, fiber: AnyFiber) => Answer | Effect.Effect<Answer>
  /** The retry that was granted begins. */
  readonly began: (fiber: AnyFiber) => void
  /** The retry that began last has succeeded, or has failed with something that is not retried: the dependency answers. */
  readonly succeeded: (fiber: AnyFiber) => void
  /** The run is over, or interrupted, or does not want to begin the retry now: it waits no longer, and holds nothing. */
  readonly left: (fiber: AnyFiber) => void
}

export const granted: Final = { _tag: "Granted" }
