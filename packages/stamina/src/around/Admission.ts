/**
 * Admission: who may still object to a retry that the limits of its run allow.
 *
 * A run decides by its own limits first. Then it asks the one door that its options name: a retry budget, a circuit
 * breaker, or both. The door can let the retry pass, make it wait longer, or refuse it with a reason.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { GiveUpReason } from "../run/Decision.ts"

/**
 * An attempt that has failed with something that is retried.
 *
 * @category models
 * @since 0.1.0
 */
export interface FailedCall {
  /** The number of the attempt, 1 = the first. */
  readonly attempt: number
  /** How long the other side asked to be left alone, in milliseconds; undefined where it did not say. */
  readonly hint: number | undefined
}

/**
 * A retry that the run's own limits allow.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** 1 = the first retry. */
  readonly retryNum: number
  /** The wait before it, in milliseconds. */
  readonly wait: number
}

/**
 * Whether the retry may be made. `wait` is a minimum from now, in milliseconds; jitter goes on top, and where the run's
 * limits leave no room for it, the run gives up with `WaitExceedsTimeout` or `WaitExceedsDeadline`.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer =
  | { readonly _tag: "Granted"; readonly wait?: number | undefined }
  | { readonly _tag: "Refused"; readonly reason: GiveUpReason }

/**
 * A door that retries pass: what the option `admission` takes, and what a `RetryBudget` is.
 *
 * **Details**
 *
 * First attempts are not asked, nor are retries in test mode or where retries are switched off. Each retry that was
 * granted comes to one of three ends: it succeeds, it fails (`failed`, or nothing at all where the error is not retried),
 * or it never begins (`unused`). A retry that begins and is interrupted comes to none.
 *
 * **Gotchas**
 *
 * `called` runs in every call, so it must be quick. None of the functions may throw.
 *
 * **Example** (No retries in the last minute of the hour)
 *
 * ```ts
 * import { Clock, Effect } from "effect"
 * import { type Admission, Stamina } from "effect-stamina"
 *
 * const quiet: Admission.Admission = {
 *   called: () => {},
 *   failed: () => {},
 *   ask: () => Effect.map(Clock.currentTimeMillis, (now) =>
 *     now % 3_600_000 < 3_540_000 ? { _tag: "Granted" } : { _tag: "Refused", reason: "BudgetExhausted" }),
 *   succeeded: () => {},
 *   unused: () => {}
 * }
 *
 * export const patient = Stamina.retry({ on: () => true, admission: quiet })
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface Admission {
  /** A call begins: its first attempt is about to be made. */
  readonly called: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /** An attempt has failed with something that is retried. */
  readonly failed: (failure: FailedCall, fiber: Fiber.Fiber<unknown, unknown>) => void
  /** Whether a retry may be made. A plain answer costs no effect. */
  readonly ask: (request: Request, fiber: Fiber.Fiber<unknown, unknown>) => Answer | Effect.Effect<Answer>
  /** The retry that was granted last has succeeded. */
  readonly succeeded: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /** The retry that was granted last was never made: its wait was interrupted, or too long for the run. */
  readonly unused: (fiber: Fiber.Fiber<unknown, unknown>) => void
}

/**
 * Two doors in a row: the second is asked where the first has granted. The longer of their waits holds.
 *
 * @category combinators
 * @since 0.1.0
 */
export const both = (first: Admission, second: Admission): Admission => ({
  called: (fiber) => {
    first.called(fiber)
    second.called(fiber)
  },
  failed: (failure, fiber) => {
    first.failed(failure, fiber)
    second.failed(failure, fiber)
  },
  ask: (request, fiber) =>
    whenAnswered(first.ask(request, fiber), (answer) => {
      if (answer._tag === "Refused") return answer
      return whenAnswered(second.ask(request, fiber), (other) => {
        if (other._tag === "Granted") return { _tag: "Granted", wait: Math.max(answer.wait ?? 0, other.wait ?? 0) }
        first.unused(fiber)
        return other
      })
    }),
  succeeded: (fiber) => {
    first.succeeded(fiber)
    second.succeeded(fiber)
  },
  unused: (fiber) => {
    first.unused(fiber)
    second.unused(fiber)
  }
})

/**
 * Goes on with an answer: at once where it is there, else when it comes.
 *
 * @internal
 */
export const whenAnswered = <A, B>(
  answer: A | Effect.Effect<A>,
  next: (answer: A) => B | Effect.Effect<B>
): B | Effect.Effect<B> =>
  Effect.isEffect(answer)
    ? Effect.flatMap(answer, (answer) => {
      const then = next(answer)
      return Effect.isEffect(then) ? then : Effect.succeed(then)
    })
    : next(answer)
