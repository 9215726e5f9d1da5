/**
 * Deadlines: an effect and everything inside it end by a point in time, and retries inside plan for it.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as origins from "../run/origins.ts"
import { checkTimeout } from "../tools/check.ts"
import * as clock from "../tools/clock.ts"
import { eager } from "../tools/dataFirstOrLast.ts"
import { type Tagged, tagged } from "../tools/tagged.ts"
import * as deadlines from "./deadlines.ts"

/** What {@link DeadlineExceeded} extends. */
const DeadlineExceededBase: Tagged<
  "DeadlineExceeded",
  { readonly limit: Duration.Duration; readonly cause?: unknown }
> = /*#__PURE__*/ tagged("DeadlineExceeded")

/**
 * The error of an effect that a deadline has interrupted. Its `cause` is the error that was retried last by a run that a
 * deadline interrupted inside, this one or another, if there was one; `Stamina.report` tells the attempts.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeadlineExceeded extends DeadlineExceededBase {
  override get message(): string {
    return `deadline of ${Duration.format(this.limit)} exceeded`
  }
}

/**
 * Limits the time of an effect and of everything inside it: at the deadline it is interrupted, as by `Effect.timeout`,
 * and fails with a {@link DeadlineExceeded}.
 *
 * **Details**
 *
 * Retries of this library plan for the earliest deadline around them. A wait that would end at or past it does not
 * begin; the run gives up at once with `WaitExceedsDeadline`, and its last error comes out. An attempt that still runs at
 * the deadline is interrupted; the run tells its hooks that it gave up with `DeadlineExceeded`.
 *
 * Deadlines nest, and the earlier one counts. They hold for all fibers that are forked inside until the effect ends, are
 * measured on the monotonic clock, and mean nothing to Effect's own `retry`. `Duration.infinity` is not a deadline.
 *
 * Throws a `RangeError` if `limit` is not longer than 0.
 *
 * **Gotchas**
 *
 * Finalizers and uninterruptible regions run to their end, also past the deadline.
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
export function withDeadline(...args: ReadonlyArray<unknown>): unknown {
  const checked = (limit: unknown) => checkTimeout("Stamina.withDeadline", limit, "limit")
  return eager(args, { caller: "Stamina.withDeadline", is: Effect.isEffect, rule: "an Effect" }, checked, until)
}

const until = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  limit: Duration.Duration
): Effect.Effect<A, E | DeadlineExceeded, R> =>
  Duration.isFinite(limit)
    ? Effect.withFiber((fiber) => {
      const deadline = deadlines.begin(fiber, clock.read(fiber) + Duration.toNanosUnsafe(limit))
      const timer = Effect.andThen(
        Effect.sleep(limit),
        Effect.sync(() => {
          deadline.state = "passed"
          return Option.none<A>()
        })
      )
      return Effect.raceFirst(Effect.asSome(Effect.provideService(self, deadlines.Current, deadline)), timer).pipe(
        Effect.flatMap((result) =>
          result._tag === "Some" ? Effect.succeed(result.value) : exceeded(deadline, limit, fiber)
        ),
        Effect.ensuring(Effect.sync(() => deadline.state = "closed"))
      )
    })
    : self

const exceeded = (
  { interrupted }: deadlines.Deadline,
  limit: Duration.Duration,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<never, DeadlineExceeded> => {
  if (interrupted === undefined) return Effect.fail(new DeadlineExceeded({ limit }))
  const error = new DeadlineExceeded({ limit, cause: interrupted.error })
  origins.remember(error, interrupted.run, fiber)
  return Effect.failCause(origins.annotated(Cause.fail(error), interrupted.run))
}

/**
 * The time until the earliest deadline around; none if there is no deadline.
 *
 * **Example** (Telling a server how long we wait)
 *
 * ```ts
 * import { Duration, Effect, Option } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * const program = Effect.map(Stamina.timeLeft, Option.map((left) => Duration.toSeconds(left) > 9))
 *
 * Effect.runPromise(program.pipe(Stamina.withDeadline("10 seconds"))).then(console.log)
 * // { _id: 'Option', _tag: 'Some', value: true }
 * ```
 *
 * @category inspecting
 * @since 0.1.0
 */
export const timeLeft: Effect.Effect<Option.Option<Duration.Duration>> = /*#__PURE__*/ Effect.withFiber((fiber) => {
  const at = deadlines.earliest(fiber)
  return Effect.succeed(
    at === undefined
      ? Option.none()
      : Option.some(Duration.millis(Math.max(0, -clock.millisSince(fiber, at))))
  )
})
