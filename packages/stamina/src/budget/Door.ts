/**
 * A door that retries pass: it may hold a retry back, or refuse it, although the limits of its run allow it.
 *
 * A run decides by its own limits first, and waits. Then it asks the one door that its options name: a retry budget, a
 * circuit breaker, or both. The retry begins when the door grants it.
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import type { GiveUpReason } from "../run/Decision.ts"
import { refuse } from "../tools/check.ts"

/**
 * Marks what the option `door` takes.
 *
 * @category type ids
 * @since 0.2.0
 */
export const TypeId: TypeId = "~effect-stamina/Door"

/**
 * The type of {@link TypeId}.
 *
 * @category type ids
 * @since 0.2.0
 */
export type TypeId = "~effect-stamina/Door"

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
  /** How many earlier retries of its run had to wait for their turn. */
  readonly deferrals: number
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
export type Answer =
  | { readonly _tag: "Granted" }
  | { readonly _tag: "Refused"; readonly reason: GiveUpReason }
  | { readonly _tag: "Later"; readonly wait: number }
  | { readonly _tag: "Queued"; readonly turn: Effect.Effect<Exclude<Answer, { readonly _tag: "Queued" }>> }

/**
 * What a door does: the functions that {@link make} takes.
 *
 * **Details**
 *
 * First attempts are not asked, nor are retries in test mode or if retries are switched off. Each retry that was granted
 * comes to one of three ends: it succeeds, it fails (`failed`, or nothing at all if the error is not retried), or it never
 * begins (`unused`). A retry that begins and is interrupted comes to none.
 *
 * **Gotchas**
 *
 * `called` runs in every call, so it must be quick. None of the functions may throw.
 *
 * @category models
 * @since 0.2.0
 */
export interface Functions {
  /** A call begins: its first attempt is about to be made. */
  readonly called: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /** An attempt has failed with something that is retried. */
  readonly failed: (failure: FailedCall, fiber: Fiber.Fiber<unknown, unknown>) => void
  /**
   * How long the dependency wants to be left alone, in milliseconds from now. It is read when a retry is decided, so that its
   * wait is long enough at once. Default: 0.
   */
  readonly notBefore?: ((fiber: Fiber.Fiber<unknown, unknown>) => number) | undefined
  /** Whether a retry may begin. A plain answer costs no effect. */
  readonly ask: (request: Request, fiber: Fiber.Fiber<unknown, unknown>) => Answer | Effect.Effect<Answer>
  /** The retry that was granted last has succeeded. */
  readonly succeeded: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /** The retry that was granted last never began: its run was interrupted just then. */
  readonly unused: (fiber: Fiber.Fiber<unknown, unknown>) => void
}

/**
 * What the option `door` takes: a door made by {@link make}, or a `RetryBudget`.
 *
 * @category models
 * @since 0.2.0
 */
export interface Door extends Functions {
  readonly [TypeId]: TypeId
  readonly notBefore: (fiber: Fiber.Fiber<unknown, unknown>) => number
}

/**
 * Makes a door of its functions.
 *
 * Throws a `RangeError` if one of them is missing.
 *
 * **Example** (No retries in the last minute of the hour)
 *
 * ```ts
 * import { Clock, Effect } from "effect"
 * import { Door, Stamina } from "effect-stamina"
 *
 * const quiet = Door.make({
 *   called: () => {},
 *   failed: () => {},
 *   ask: () => Effect.map(Clock.currentTimeMillis, (now) =>
 *     now % 3_600_000 < 3_540_000 ? { _tag: "Granted" } : { _tag: "Refused", reason: "BudgetExhausted" }),
 *   succeeded: () => {},
 *   unused: () => {}
 * })
 *
 * export const patient = Stamina.retry({ on: () => true, door: quiet })
 * ```
 *
 * @category constructors
 * @since 0.2.0
 */
export const make = (functions: Functions): Door => {
  for (const name of ["called", "failed", "ask", "succeeded", "unused"] as const) {
    if (typeof functions[name] !== "function") refuse("Door.make", name, "a function", functions[name])
  }
  const { notBefore } = functions
  if (notBefore !== undefined && typeof notBefore !== "function") {
    refuse("Door.make", "notBefore", "a function", notBefore)
  }
  return {
    [TypeId]: TypeId,
    called: (fiber) => functions.called(fiber),
    failed: (failure, fiber) => functions.failed(failure, fiber),
    notBefore: (fiber) => functions.notBefore?.(fiber) ?? 0,
    ask: (request, fiber) => functions.ask(request, fiber),
    succeeded: (fiber) => functions.succeeded(fiber),
    unused: (fiber) => functions.unused(fiber)
  }
}

/**
 * Whether a value is a door.
 *
 * @category guards
 * @since 0.2.0
 */
export const isDoor = (value: unknown): value is Door => Predicate.hasProperty(value, TypeId)

/**
 * Two doors in a row: the second is asked once the first has granted. What the first has granted is given back if the
 * second does not grant, or if the retry is interrupted meanwhile.
 *
 * **Gotchas**
 *
 * Put a door that takes nothing first, such as a circuit breaker, and a budget last: it then holds no token while the other
 * one thinks.
 *
 * @category combinators
 * @since 0.2.0
 */
export const both = (first: Door, second: Door): Door => ({
  [TypeId]: TypeId,
  called: (fiber) => {
    first.called(fiber)
    second.called(fiber)
  },
  failed: (failure, fiber) => {
    first.failed(failure, fiber)
    second.failed(failure, fiber)
  },
  notBefore: (fiber) => Math.max(first.notBefore(fiber), second.notBefore(fiber)),
  ask: (request, fiber) => askBoth(first, second, request, fiber),
  succeeded: (fiber) => {
    first.succeeded(fiber)
    second.succeeded(fiber)
  },
  unused: (fiber) => {
    first.unused(fiber)
    second.unused(fiber)
  }
})

type AnyFiber = Fiber.Fiber<unknown, unknown>
type Final = Exclude<Answer, { readonly _tag: "Queued" }>

const askBoth = (first: Door, second: Door, request: Request, fiber: AnyFiber): Answer | Effect.Effect<Answer> =>
  whenAnswered(first.ask(request, fiber), (answer) => {
    if (answer._tag === "Queued") {
      const turn = Effect.flatMap(
        answer.turn,
        (answer) =>
          answer._tag === "Granted" ? settled(askSecond(first, second, request, fiber)) : Effect.succeed(answer)
      )
      return { _tag: "Queued", turn }
    }
    return answer._tag === "Granted" ? askSecond(first, second, request, fiber) : answer
  })

/** Asks the second door while the first has granted. */
const askSecond = (first: Door, second: Door, request: Request, fiber: AnyFiber): Answer | Effect.Effect<Answer> => {
  const giveBack = () => first.unused(fiber)
  const keep = <A extends Answer>(answer: A): A => {
    if (answer._tag !== "Granted" && answer._tag !== "Queued") giveBack()
    return answer
  }
  const safely = <A extends Answer>(answer: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.onInterrupt(Effect.map(restore(answer), keep), () => Effect.sync(giveBack))
    )
  const whole = (answer: Answer): Answer =>
    answer._tag === "Queued" ? { _tag: "Queued", turn: safely(answer.turn) } : answer
  const answer = second.ask(request, fiber)
  return Effect.isEffect(answer) ? Effect.map(safely(answer), whole) : whole(keep(answer))
}

/** An answer that is final, whatever it takes. */
const settled = (answer: Answer | Effect.Effect<Answer>): Effect.Effect<Final> =>
  Effect.flatMap(
    Effect.isEffect(answer) ? answer : Effect.succeed(answer),
    (answer) => answer._tag === "Queued" ? answer.turn : Effect.succeed(answer)
  )

/**
 * Goes on with an answer: at once if it is there, else when it comes.
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
