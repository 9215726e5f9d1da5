/**
 * A clock for tests that jumps: a sleep takes no time to run, and the clock moves on by exactly its length.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import { checkAttempts, checkKnown, checkWait, refuse } from "../tools/check.ts"
import { Agenda } from "./agenda.ts"
import { scripted } from "./scripted.ts"

/**
 * A clock that jumps to the next sleeper as soon as nothing else is left to do.
 *
 * @category models
 * @since 0.1.0
 */
export interface JumpingClock extends Clock.Clock {
  /** Every sleep that has begun, in milliseconds, in this order; `Infinity` for a sleep that never ends. */
  readonly sleeps: ReadonlyArray<number>
  /** Milliseconds since the clock was made. */
  readonly elapsedUnsafe: () => number
  /**
   * Moves the clock on at once, in milliseconds, for code that is not an effect: for a function that takes long, such as a
   * backoff hook. See {@link passes}.
   */
  readonly passesUnsafe: (millis: number) => void
  /** The services that an effect needs to run on this clock: the clock, its scheduler, and `Random` if chosen. */
  readonly context: Context.Context<JumpingClock>
}

/**
 * The clock that a {@link layer} provides.
 *
 * @category services
 * @since 0.1.0
 */
export const JumpingClock: Context.Key<JumpingClock, JumpingClock> = /*#__PURE__*/ Context.Service<
  JumpingClock,
  JumpingClock
>("effect-stamina/JumpingClock")

/**
 * How a clock begins.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The wall clock at the beginning, in milliseconds since 1970. Default 0. The monotonic clock always begins at 0. */
  readonly start?: number | undefined
  /**
   * The numbers that `Random` draws, each from 0 up to but not 1; the list begins again at its end. Default: `Random`
   * stays as it is.
   */
  readonly random?: ReadonlyArray<number> | undefined
  /** Seeds `Random`, in place of `random`. */
  readonly seed?: string | number | undefined
  /**
   * How many sleeps may begin before the next one dies, so that a loop without end does not hang the test. Default
   * 100 000; `Infinity` for no limit.
   */
  readonly mostSleeps?: number | undefined
}

/**
 * Makes a clock. Effects run on it with {@link provide}.
 *
 * **Details**
 *
 * The clock moves in two ways only: by a sleep that ends, and by {@link passes}. The earliest sleeper wakes first; of
 * sleepers with the same end, the one that fell asleep first. What a woken fiber does, and all that follows from it, is
 * done before the next one wakes. Wall and monotonic time move on together.
 *
 * It works with everything that sleeps on Effect's clock: retries, `Effect.timeout`, deadlines, schedules, streams, fibers,
 * interruption.
 *
 * Throws a `RangeError` if an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * Work outside of Effect takes no time. While a fiber waits for a socket or a timer of the platform, the clock sees
 * nothing left to do and jumps: a timeout around it ends at once. Use it with fakes, and a real clock with real servers.
 * Promises that need no more than microtasks are waited for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<JumpingClock> => {
  const caller = "JumpingClock.make"
  checkKnown(caller, options, ["start", "random", "seed", "mostSleeps"])
  const { random, seed, start = 0 } = options
  if (!Number.isFinite(start)) return refuse(caller, "start", "a finite number", start)
  if (random !== undefined && seed !== undefined) {
    return refuse(caller, "seed", "left out where random is given", seed)
  }
  const mostSleeps = checkAttempts(caller, options.mostSleeps ?? 100_000, "mostSleeps")
  const chance = random === undefined ? undefined : scripted(caller, random)
  return Effect.map(
    Effect.all([Scheduler.Scheduler, seed === undefined ? Effect.undefined : Random.withSeed(Random.Random, seed)]),
    ([scheduler, seeded]) => ofAgenda(new Agenda(scheduler), start, mostSleeps, chance ?? seeded)
  )
}

const ofAgenda = (
  agenda: Agenda,
  start: number,
  mostSleeps: number,
  random: Random.Random | undefined
): JumpingClock => {
  const sleeps: Array<number> = []
  const wallStart = nanosOf(start)
  const millis = () => start + agenda.now
  const monotonic = () => nanosOf(agenda.now)
  const wall = () => wallStart + monotonic()
  const clock: JumpingClock = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: wall,
    currentTimeNanos: Effect.sync(wall),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: (duration) =>
      Effect.suspend(() => {
        const length = Math.max(0, Duration.toMillis(duration))
        if (sleeps.length >= mostSleeps) return Effect.die(new Error(endless(mostSleeps)))
        sleeps.push(length)
        return length === 0 ? Effect.yieldNow : length === Infinity ? Effect.never : agenda.sleep(length)
      }),
    sleeps,
    elapsedUnsafe: () => agenda.now,
    passesUnsafe: (millis) =>
      agenda.passes(Duration.toMillis(checkWait("JumpingClock.passesUnsafe", millis, "millis"))),
    get context() {
      return context
    }
  }
  const services = Context.make(JumpingClock, clock).pipe(
    Context.add(Clock.Clock, clock),
    Context.add(Scheduler.Scheduler, agenda)
  )
  const context = random === undefined ? services : Context.add(services, Random.Random, random)
  return clock
}

const endless = (mostSleeps: number): string =>
  `JumpingClock: more than ${mostSleeps} sleeps. Does something sleep again and again without an end? ` +
  "If not, raise `mostSleeps`."

/** Whole nanoseconds. As a number they would lose the last digits of a wall clock. */
const nanosOf = (millis: number): bigint => BigInt(Math.round(Math.min(millis * 1_000_000, Number.MAX_VALUE)))

/**
 * Runs an effect on a clock.
 *
 * **Details**
 *
 * The effect may even run with `Effect.runSync` if it waits for nothing but sleeps. With {@link layer}, that is so only
 * where the outermost fiber sleeps itself.
 *
 * **Example** (A clock that goes on)
 *
 * ```ts
 * import { Clock, Effect } from "effect"
 * import { JumpingClock } from "effect-stamina/testing"
 *
 * const clock = Effect.runSync(JumpingClock.make({ start: Date.UTC(2026, 0, 31) }))
 * const now = Effect.map(Clock.currentTimeMillis, (now) => new Date(now).toISOString())
 * const tomorrow = Effect.delay(now, "1 day").pipe(JumpingClock.provide(clock))
 *
 * console.log(Effect.runSync(tomorrow)) // 2026-02-01T00:00:00.000Z
 * console.log(Effect.runSync(tomorrow)) // 2026-02-02T00:00:00.000Z
 * ```
 *
 * @category providing services
 * @since 0.1.0
 */
export const provide =
  (clock: JumpingClock) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, JumpingClock>> =>
    Effect.provideContext(
      Effect.withFiber((fiber) => {
        // a fiber makes its dispatcher when it first needs it, and `Effect.runSync` runs none that was never made
        void fiber.currentDispatcher
        return self
      }),
      clock.context
    )

/**
 * Provides a clock that jumps, and what belongs to it.
 *
 * **Example** (Half a minute of retries)
 *
 * ```ts
 * import { Clock, Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import { JumpingClock } from "effect-stamina/testing"
 *
 * const program = Effect.gen(function*() {
 *   yield* Effect.fail("down").pipe(
 *     Stamina.retry({ on: () => true, attempts: 4, waitInitial: "2 seconds", waitMax: "30 seconds", waitJitter: 0 }),
 *     Effect.ignore
 *   )
 *   console.log(yield* JumpingClock.sleeps, yield* Clock.currentTimeMillis) // [ 2000, 4000, 8000 ] 14000
 * })
 *
 * Effect.runSync(program.pipe(Effect.provide([JumpingClock.layer(), Stamina.layerHooks([])])))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<JumpingClock> =>
  Layer.effectContext(Effect.map(make(options), ({ context }) => context))

/**
 * The sleeps that have begun on the clock around, in milliseconds: a copy.
 *
 * @category inspecting
 * @since 0.1.0
 */
export const sleeps: Effect.Effect<ReadonlyArray<number>, never, JumpingClock> = /*#__PURE__*/ Effect.map(
  JumpingClock,
  ({ sleeps }) => [...sleeps]
)

/**
 * Moves the clock around on at once, as a thread that is blocked does: nobody wakes in between. Sleepers whose time has
 * come wake afterwards, in order.
 *
 * **Details**
 *
 * For time that others can use or interrupt, sleep: an attempt that takes two seconds under an attempt timeout is
 * `Effect.sleep("2 seconds")`.
 *
 * **Example** (An attempt that takes its time)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import { JumpingClock, RetryTest } from "effect-stamina/testing"
 *
 * const slow = JumpingClock.passes("50 seconds").pipe(
 *   Effect.andThen(Effect.fail("down")),
 *   Stamina.retry({ on: () => true })
 * )
 *
 * const { attempts, reason } = Effect.runSync(RetryTest.retries(slow))
 * console.log(attempts, reason) // 1 TimeoutReached
 * ```
 *
 * @category time
 * @since 0.1.0
 */
export const passes = (duration: Duration.Input): Effect.Effect<void, never, JumpingClock> => {
  const millis = Duration.toMillis(checkWait("JumpingClock.passes", duration, "duration"))
  return Effect.map(JumpingClock, (clock) => clock.passesUnsafe(millis))
}
