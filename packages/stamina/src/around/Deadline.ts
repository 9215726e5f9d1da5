/**
 * Deadlines: a bound on everything inside, which retries inside know and plan against.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import { checkTimeout } from "../tools/check.ts"
import * as clock from "../tools/clock.ts"

/**
 * A deadline that is in force.
 *
 * @category models
 * @since 0.1.0
 */
export interface Deadline {
  /** When it is, on the monotonic clock, in nanoseconds. */
  readonly at: bigint
  /**
   * Runs an effect that has something to end with if the deadline passes: then it is interrupted, and `orElse` follows.
   */
  readonly untilPassed: <A, E, R>(
    self: Effect.Effect<A, E, R>,
    orElse: () => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
}

/**
 * The earliest deadline around; `undefined` where there is none.
 *
 * @category services
 * @since 0.1.0
 */
export const CurrentDeadline: Context.Reference<Deadline | undefined> = /*#__PURE__*/ Context.Reference<
  Deadline | undefined
>(
  "effect-stamina/Deadline/CurrentDeadline",
  { defaultValue: () => undefined }
)

/** What `DeadlineExceeded` extends; apart, since an exported class must not extend a call. */
const TaggedError: new(args: { readonly limit: Duration.Duration }) =>
  & Cause.YieldableError
  & { readonly _tag: "DeadlineExceeded"; readonly limit: Duration.Duration } = /*#__PURE__*/ Data.TaggedError(
    "DeadlineExceeded"
  )

/**
 * What an effect fails with that a deadline has broken off, unless there is an error that was being retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeadlineExceeded extends TaggedError {
  override get message(): string {
    return `deadline of ${Duration.format(this.limit)} exceeded`
  }
}

/**
 * Bounds everything inside: what still runs after `limit` is interrupted.
 *
 * **Details**
 *
 * Retries of this library inside plan against the earliest deadline around them. A wait that would end at or past it is
 * not begun, however it came about; the run gives up at once with `WaitExceedsDeadline`. An attempt that still runs at
 * the deadline is interrupted, and what comes out is the last error that was being retried, if there was one, else a
 * {@link DeadlineExceeded}.
 *
 * Deadlines nest, and the earlier counts. They hold for all fibers that are forked inside, are measured on the monotonic
 * clock, and mean nothing to Effect's own `retry`. `Duration.infinity` is no deadline.
 *
 * Throws a `RangeError` where `limit` is not longer than 0.
 *
 * **Gotchas**
 *
 * Finalizers run to their end, also past the deadline.
 *
 * **Example** (Two seconds for everything)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * const slow = Effect.delay(Effect.succeed("too late"), "1 minute")
 *
 * const program = slow.pipe(Stamina.withDeadline("50 millis"), Effect.flip)
 *
 * Effect.runPromise(program).then((error) => console.log(error._tag, error.message))
 * // DeadlineExceeded deadline of 50ms exceeded
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function withDeadline(
  limit: Duration.Input
): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DeadlineExceeded, R>
export function withDeadline<A, E, R>(
  self: Effect.Effect<A, E, R>,
  limit: Duration.Input
): Effect.Effect<A, E | DeadlineExceeded, R>
export function withDeadline(
  ...args: readonly [Duration.Input] | readonly [Effect.Effect<unknown, unknown, unknown>, Duration.Input]
): unknown {
  if (args.length === 2) return bounded(args[0], checkTimeout(caller, args[1], "limit"))
  const limit = checkTimeout(caller, args[0], "limit")
  return <A, E, R>(self: Effect.Effect<A, E, R>) => bounded(self, limit)
}

const caller = "Stamina.withDeadline"

const bounded = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  limit: Duration.Duration
): Effect.Effect<A, E | DeadlineExceeded, R> =>
  Effect.withFiber((parent) => {
    if (!Duration.isFinite(limit)) return self
    const at = clock.read(parent) + Duration.toNanosUnsafe(limit)
    const around = parent.getRef(CurrentDeadline)
    if (around !== undefined && around.at <= at) return self
    const deadline = new Bound(at)
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(restore(Effect.provideService(self, CurrentDeadline, deadline)), {
          startImmediately: true
        })
        const timer = yield* Effect.forkChild(
          Effect.interruptible(Effect.andThen(Effect.sleep(limit), deadline.pass(fiber)))
        )
        const exit = yield* Effect.onInterrupt(
          restore(Fiber.await(fiber)),
          () => Fiber.interruptAll([fiber, timer])
        )
        yield* Fiber.interrupt(timer)
        return yield* deadline.passed.isOpen() ? brokenOff(exit, limit) : exit
      })
    )
  })

/** A deadline that gives those time to end who have something to end with. */
class Bound implements Deadline {
  readonly at: bigint
  /** Opens when it has passed. */
  readonly passed: Latch.Latch = Latch.makeUnsafe()
  /** How many runs have an error to end with, and end by themselves once it has passed. */
  private ending = 0
  /** Opens when it has passed and all of these have ended. */
  private readonly ended: Latch.Latch = Latch.makeUnsafe()

  constructor(at: bigint) {
    this.at = at
  }

  /** First the runs end that have an error to end with; what is still there then is interrupted. */
  pass(fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.passed.openUnsafe()
      return Effect.andThen(this.ending > 0 ? this.ended.await : Effect.void, Fiber.interrupt(fiber))
    })
  }

  untilPassed<A, E, R>(
    self: Effect.Effect<A, E, R>,
    orElse: () => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      this.ending++
      const done = Effect.sync(() => {
        if (--this.ending === 0 && this.passed.isOpen()) this.ended.openUnsafe()
      })
      const passed = Effect.as(this.passed.await, Option.none<A>())
      return Effect.flatMap(
        Effect.ensuring(Effect.raceFirst(Effect.asSome(self), passed), done),
        Option.match({ onSome: Effect.succeed, onNone: orElse })
      )
    })
  }
}

/** What comes out of an effect that the deadline has passed in: how it ended, unless it was merely interrupted. */
const brokenOff = <A, E>(exit: Exit.Exit<A, E>, limit: Duration.Duration): Effect.Effect<A, E | DeadlineExceeded> => {
  if (Exit.isSuccess(exit)) return exit
  const reasons = exit.cause.reasons.filter((reason) => reason._tag !== "Interrupt")
  return reasons.length === 0
    ? Effect.fail(new DeadlineExceeded({ limit }))
    : Effect.failCause(Cause.fromReasons(reasons))
}
