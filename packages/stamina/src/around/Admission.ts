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
import * as Predicate from "effect/Predicate"
import type { Decision, GiveUpReason } from "../run/Decision.ts"
import * as Run from "../run/Run.ts"
import { refuse } from "../tools/check.ts"
import { isHint } from "../verdict/Verdict.ts"

/**
 * Marks what the option `admission` takes.
 *
 * @category type ids
 * @since 0.1.0
 */
export const TypeId: TypeId = "~effect-stamina/Admission"

/**
 * The type of {@link TypeId}.
 *
 * @category type ids
 * @since 0.1.0
 */
export type TypeId = "~effect-stamina/Admission"

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
 * A door that retries pass: what {@link make} takes, and what a `RetryBudget` does.
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
 * @category models
 * @since 0.1.0
 */
export interface Door {
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
 * What the option `admission` takes: a door made by {@link make}, or a `RetryBudget`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Admission extends Door {
  /** How a run asks the door. It comes with the door, so that a retry without one does not load it. */
  readonly [TypeId]: unknown
}

/**
 * Makes a door out of its five functions.
 *
 * Throws a `RangeError` where one of them is missing.
 *
 * **Example** (No retries in the last minute of the hour)
 *
 * ```ts
 * import { Clock, Effect } from "effect"
 * import { Admission, Stamina } from "effect-stamina"
 *
 * const quiet = Admission.make({
 *   called: () => {},
 *   failed: () => {},
 *   ask: () => Effect.map(Clock.currentTimeMillis, (now) =>
 *     now % 3_600_000 < 3_540_000 ? { _tag: "Granted" } : { _tag: "Refused", reason: "BudgetExhausted" }),
 *   succeeded: () => {},
 *   unused: () => {}
 * })
 *
 * export const patient = Stamina.retry({ on: () => true, admission: quiet })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (door: Door): Admission => {
  for (const name of ["called", "failed", "ask", "succeeded", "unused"] as const) {
    if (typeof door[name] !== "function") refuse("Admission.make", name, "a function", door[name])
  }
  return {
    [TypeId]: gate,
    called: (fiber) => door.called(fiber),
    failed: (failure, fiber) => door.failed(failure, fiber),
    ask: (request, fiber) => door.ask(request, fiber),
    succeeded: (fiber) => door.succeeded(fiber),
    unused: (fiber) => door.unused(fiber)
  }
}

/**
 * Whether a value is an admission.
 *
 * @category guards
 * @since 0.1.0
 */
export const isAdmission = (value: unknown): value is Admission => Predicate.hasProperty(value, TypeId)

/**
 * How a run asks this door.
 *
 * @internal
 */
export const gateOf = (admission: Admission): Gate => admission[TypeId] as Gate // doors are made in this file only

/**
 * Two doors in a row: the second is asked where the first has granted. The longer of their waits holds.
 *
 * @category combinators
 * @since 0.1.0
 */
export const both = (first: Admission, second: Admission): Admission => ({
  [TypeId]: gate,
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

// ---------------------------------------------------------------------------------------------------------------------
// how a run asks
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A run that has failed, and whether it holds a retry that its door has granted and that has not ended yet.
 *
 * @internal
 */
export interface Admitted {
  readonly settings: { readonly admission?: Door | undefined }
  holdsRetry: boolean
}

type AnyFiber = Fiber.Fiber<unknown, unknown>

/**
 * Decides about the attempt that was closed last, and asks the door where that leads to a retry. A door that wants a
 * longer wait leads to a second decision, with the same random number, since the limits may leave no room for that wait.
 *
 * In test mode nothing waits, and no door is asked.
 *
 * @internal
 */
export const admit = (
  door: Door,
  run: Run.Planned & Admitted,
  fiber: AnyFiber,
  failure: Run.Failure,
  random: () => number
): Decision | Effect.Effect<Decision> => {
  const { plan: { active, waits } } = run
  const { verdict } = failure
  // a call that was never to be retried has succeeded as far as its dependency goes
  if (verdict !== false || !active) {
    const hint = waits && isHint(verdict) ? Math.min(verdict.wait, verdict.max) : undefined
    door.failed({ attempt: run.attempt, hint }, fiber)
  }
  let u: number | undefined
  const decide = (notBefore?: number) => Run.decide(run, { ...failure, notBefore }, () => u ??= random())
  const decision = decide()
  if (decision._tag === "Stop" || !waits) return decision
  return whenAnswered(door.ask({ retryNum: run.attempt, wait: decision.wait }, fiber), (answer): Decision => {
    if (answer._tag === "Refused") return { _tag: "Stop", reason: answer.reason }
    const admitted = answer.wait === undefined || answer.wait <= 0 ? decision : decide(answer.wait)
    if (admitted._tag === "Retry") run.holdsRetry = true
    else door.unused(fiber)
    return admitted
  })
}

/**
 * For an attempt or a wait that has ended without success: tells the door of a retry that never began. A door that takes
 * its time can have granted it just before an interruption, when the wait has not begun.
 *
 * @internal
 */
export const retryEnded = (run: Run.Run & Admitted, fiber: AnyFiber): void => {
  if (run.holdsRetry && (run.phase === "waiting" || run.phase === "deciding")) run.settings.admission?.unused(fiber)
  run.holdsRetry = false
}

/**
 * Tells the door that the retry has succeeded.
 *
 * @internal
 */
export const retrySucceeded = (run: Admitted, fiber: AnyFiber): void => {
  if (run.holdsRetry) run.settings.admission?.succeeded(fiber)
  run.holdsRetry = false
}

/** Goes on with an answer: at once where it is there, else when it comes. */
const whenAnswered = <A, B>(
  answer: A | Effect.Effect<A>,
  next: (answer: A) => B | Effect.Effect<B>
): B | Effect.Effect<B> =>
  Effect.isEffect(answer)
    ? Effect.flatMap(answer, (answer) => {
      const then = next(answer)
      return Effect.isEffect(then) ? then : Effect.succeed(then)
    })
    : next(answer)

/**
 * How a run asks a door. Each door carries it along, and drivers take it from there: they import no more than its type, so
 * that a retry without a door does not pay for one.
 *
 * @internal
 */
export interface Gate {
  readonly admit: typeof admit
  readonly retryEnded: typeof retryEnded
  readonly retrySucceeded: typeof retrySucceeded
  readonly both: typeof both
}

/**
 * How a run asks any door.
 *
 * @internal
 */
export const gate: Gate = { admit, retryEnded, retrySucceeded, both }
