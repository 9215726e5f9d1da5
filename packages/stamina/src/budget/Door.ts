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
import { refuse } from "../tools/check.ts"
import * as ids from "./ids.ts"
import { type Answer, type AnyFiber, type FailedCall, type Final, type Pass, type Request } from "./pass.ts"
import { Visit } from "./visit.ts"

export type { Answer, FailedCall, Final, Request } from "./pass.ts"

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
 * What a door does: the functions that {@link make} takes.
 *
 * **Details**
 *
 * First attempts are not asked, nor are retries in test mode or if retries are switched off. Each retry that was granted comes
 * to one of three ends: it succeeds, it fails (`failed`), or it never begins (`unused`). One that fails with something that is
 * not retried has succeeded, as far as the dependency is concerned. A retry that begins and is interrupted comes to none.
 *
 * **Gotchas**
 *
 * `called` runs in every call, so it must be quick. None of the functions may throw.
 *
 * @category models
 * @since 0.2.0
 */
export interface Functions {
  /** Whether a retry may begin. A plain answer costs no effect. */
  readonly ask: (request: Request, fiber: Fiber.Fiber<unknown, unknown>) => Answer | Effect.Effect<Answer>
  /** A call begins: its first attempt is about to be made. */
  readonly called?: ((fiber: Fiber.Fiber<unknown, unknown>) => void) | undefined
  /** An attempt has failed with something that is retried. */
  readonly failed?: ((failure: FailedCall, fiber: Fiber.Fiber<unknown, unknown>) => void) | undefined
  /**
   * How long the dependency wants to be left alone, in milliseconds from now. It is read when a retry is decided, so that its
   * wait is long enough at once. Default: 0.
   */
  readonly notBefore?: ((fiber: Fiber.Fiber<unknown, unknown>) => number) | undefined
  /** The retry that was granted last has succeeded. */
  readonly succeeded?: ((fiber: Fiber.Fiber<unknown, unknown>) => void) | undefined
  /** The retry that was granted last never began: its run was interrupted just then, or another door refused it. */
  readonly unused?: ((fiber: Fiber.Fiber<unknown, unknown>) => void) | undefined
}

/**
 * What the option `door` takes: a door made by {@link make}, or a `RetryBudget`.
 *
 * @category models
 * @since 0.2.0
 */
export interface Door {
  readonly [TypeId]: TypeId
  /**
   * A call begins. `seesSuccess`: the caller notices if its first attempt succeeds. Returns what the call was credited, or
   * `undefined` if {@link Door.succeeded} is to be called then.
   *
   * @internal
   */
  readonly called: (fiber: Fiber.Fiber<unknown, unknown>, seesSuccess: boolean) => number | undefined
  /**
   * The first attempt of a call has succeeded that was credited nothing.
   *
   * @internal
   */
  readonly succeeded: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /**
   * A call has failed for the first time. `credit` is what `called` returned. `about`: which part of the dependency it calls.
   *
   * @internal
   */
  readonly visit: (credit: number | undefined, about?: string) => Visit
  /**
   * {@link both}. Doors carry it, so that a program without doors does not load it.
   *
   * @internal
   */
  readonly both: (first: Door, second: Door) => Door
}

/**
 * Makes a door of its functions, of which only `ask` has to be there.
 *
 * Throws a `RangeError` if one of them is no function.
 *
 * **Example** (No retries in the last minute of the hour)
 *
 * ```ts
 * import { Clock, Effect } from "effect"
 * import { Door, Stamina } from "effect-stamina"
 *
 * const quiet = Door.make({
 *   ask: () => Effect.map(Clock.currentTimeMillis, (now) =>
 *     now % 3_600_000 < 3_540_000 ? { _tag: "Granted" } : { _tag: "Refused", reason: "BudgetExhausted" })
 * })
 *
 * export const patient = Stamina.retry({ on: () => true, door: quiet })
 * ```
 *
 * @category constructors
 * @since 0.2.0
 */
export const make = (functions: Functions): Door => {
  for (const name of ["ask", "called", "failed", "notBefore", "succeeded", "unused"] as const) {
    const given: unknown = functions[name]
    if (typeof given !== "function" && (name === "ask" || given !== undefined)) {
      refuse("Door.make", name, "a function", given)
    }
  }
  return {
    [TypeId]: TypeId,
    called: (fiber) => {
      functions.called?.(fiber)
      return 0
    },
    succeeded: () => {},
    visit: () => new Visit(new FunctionsPass(functions)),
    both
  }
}

/**
 * Whether a value is a door.
 *
 * @category guards
 * @since 0.2.0
 */
export const isDoor = (value: unknown): value is Door => ids.isDoor(value)

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
    first.called(fiber, true)
    second.called(fiber, true)
    return undefined
  },
  succeeded: (fiber) => {
    first.succeeded(fiber)
    second.succeeded(fiber)
  },
  visit: (_, about) => new Visit(new BothPass(first.visit(undefined, about).pass, second.visit(undefined, about).pass)),

  both
})

/** A run at a door that is made of functions. */
class FunctionsPass implements Pass {
  private readonly functions: Functions
  /** Whether a retry was granted that has not begun, or has begun and not ended. */
  private phase: "none" | "granted" | "begun" = "none"

  constructor(functions: Functions) {
    this.functions = functions
  }

  failed(failure: FailedCall, fiber: AnyFiber): void {
    this.phase = "none"
    this.functions.failed?.(failure, fiber)
  }

  notBefore(fiber: AnyFiber): number {
    return this.functions.notBefore?.(fiber) ?? 0
  }

  ask(request: Request, fiber: AnyFiber): Answer | Effect.Effect<Answer> {
    const answer = this.functions.ask(request, fiber)
    return Effect.isEffect(answer) ? this.noting(answer) : this.note(answer)
  }

  /** No interruption comes between the answer and its note. */
  private noting<A extends Answer>(answer: Effect.Effect<A>): Effect.Effect<A> {
    return Effect.uninterruptibleMask((restore) => Effect.map(restore(answer), (answer) => this.note(answer)))
  }

  private note<A extends Answer>(answer: A): A {
    if (answer._tag === "Granted") this.phase = "granted"
    return answer._tag === "Queued" ? { ...answer, turn: this.noting(answer.turn) } : answer
  }

  began(): void {
    if (this.phase === "granted") this.phase = "begun"
  }

  succeeded(fiber: AnyFiber): void {
    if (this.phase === "begun") this.functions.succeeded?.(fiber)
    this.phase = "none"
  }

  left(fiber: AnyFiber): void {
    if (this.phase === "granted") this.functions.unused?.(fiber)
    this.phase = "none"
  }
}

/** A run at two doors. Each remembers what it has granted. */
class BothPass implements Pass {
  private readonly first: Pass
  private readonly second: Pass

  constructor(first: Pass, second: Pass) {
    this.first = first
    this.second = second
  }

  failed(failure: FailedCall, fiber: AnyFiber): void {
    this.first.failed(failure, fiber)
    this.second.failed(failure, fiber)
  }

  notBefore(fiber: AnyFiber): number {
    return Math.max(this.first.notBefore(fiber), this.second.notBefore(fiber))
  }

  ask(request: Request, fiber: AnyFiber): Answer | Effect.Effect<Answer> {
    return whenAnswered(this.first.ask(request, fiber), (answer) => this.askSecond(answer, request, fiber))
  }

  private askSecond(answer: Answer, request: Request, fiber: AnyFiber): Answer | Effect.Effect<Answer> {
    if (answer._tag === "Queued") {
      return {
        _tag: "Queued",
        turn: Effect.flatMap(answer.turn, (turn) => settled(this.askSecond(turn, request, fiber)))
      }
    }
    if (answer._tag !== "Granted") return answer
    return whenAnswered(this.second.ask(request, fiber), (answer) =>
      answer._tag === "Queued"
        ? { _tag: "Queued", turn: Effect.map(answer.turn, (turn) => this.keep(turn, fiber)) }
        : this.keep(answer, fiber))
  }

  /** Gives back what the first has granted, unless the second grants as well. */
  private keep(answer: Final, fiber: AnyFiber): Final {
    if (answer._tag !== "Granted") this.first.left(fiber)
    return answer
  }

  began(fiber: AnyFiber): void {
    this.first.began(fiber)
    this.second.began(fiber)
  }

  succeeded(fiber: AnyFiber): void {
    this.first.succeeded(fiber)
    this.second.succeeded(fiber)
  }

  left(fiber: AnyFiber): void {
    this.first.left(fiber)
    this.second.left(fiber)
  }
}

/** An answer that is final, whatever it takes. */
const settled = (answer: Answer | Effect.Effect<Answer>): Effect.Effect<Final> =>
  Effect.flatMap(
    Effect.isEffect(answer) ? answer : Effect.succeed(answer),
    (answer) => answer._tag === "Queued" ? answer.turn : Effect.succeed(answer)
  )

/** Goes on with an answer: at once if it is there, else when it comes. */
const whenAnswered = (
  answer: Answer | Effect.Effect<Answer>,
  next: (answer: Answer) => Answer | Effect.Effect<Answer>
): Answer | Effect.Effect<Answer> =>
  Effect.isEffect(answer)
    ? Effect.flatMap(answer, (answer) => {
      const then = next(answer)
      return Effect.isEffect(then) ? then : Effect.succeed(then)
    })
    : next(answer)
