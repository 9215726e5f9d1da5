/**
 * Restarting a stream: a loop of our own around its pulls.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as clock from "../tools/clock.ts"
import { observedWait, observeEnd, observeGiveUp } from "./observe.ts"
import * as Run from "../run/Run.ts"
import { fromStreamOptions, type StreamSettings } from "./settings.ts"
import * as steps from "./steps.ts"
import type { Fitting, On } from "../verdict/RetryOn.ts"
import type { StreamOptions } from "./RetryOptions.ts"

/**
 * A combinator for streams that was made alone: it fits every stream that can fail with what its `on` names, keeps that
 * stream's own error type, and refuses the others.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundStream<O> {
  <A, E, R>(self: Stream.Stream<A, E, R> & Fitting<E, O, "stream">): Stream.Stream<A, E, R>
}

/**
 * Restarts a stream when it fails with what `on` names, with backoff and jitter, within limits that hold for the whole.
 *
 * **When to use**
 *
 * Where a stream can be begun again: a subscription, a change feed, a file that is read from the start. Effect's own
 * `Stream.retry` takes a `staminaSchedule`, but resets it with the first element of each try: a stream that delivers
 * something before it fails is then restarted for ever, whatever the limits.
 *
 * **Details**
 *
 * An attempt is a time that the stream is begun: `attempts` counts these, and `timeout` counts from just before the
 * first. How much the stream delivers in between makes no difference. Everything else is as in `Stamina.retry`: waits,
 * test mode, deadlines, hooks, reports, and what becomes of a cause.
 *
 * With `resetAfter`, a failure that comes so long after the first element of its start, or longer, is counted as the
 * first: attempts, timeout and waits start afresh, as a new run, and the old one has recovered. Since a source can go
 * on like that for ever, the stream is never begun more often than `attemptsInAll` says, by default 1000 times.
 *
 * What a start has acquired is released before the wait for the next begins. Nothing is buffered or held back.
 *
 * A stream that was restarted has recovered when it ends, or when nobody wants more of it after an element has got
 * through; where its consumer fails or is interrupted, it counts as interrupted.
 *
 * Can be called with the stream first, or with the options alone. Throws a `RangeError` at once when an option is out of
 * range or unknown.
 *
 * **Gotchas**
 *
 * What was emitted before the failure stays emitted, and a restarted stream begins at *its* beginning: unless it
 * resumes where it was, as below, the same elements come again.
 *
 * The default timeout is 45 s, and a stream may well live longer than that: without `resetAfter`, its first failure then
 * is its last. Say `resetAfter`, not longer than the timeout, or `timeout: Duration.infinity`.
 *
 * Only what is above it in the pipe is restarted. An error of a `mapEffect` below is the consumer's own.
 *
 * A deadline that passes while the stream runs interrupts it, and a `DeadlineExceeded` comes out, also after a restart.
 *
 * **Example** (A source that resumes)
 *
 * ```ts
 * import { Data, Effect, Stream } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * class Lost extends Data.TaggedError("Lost") {}
 *
 * // each connection delivers two numbers and is lost then
 * const connect = (from: number) => Stream.concat(Stream.make(from, from + 1), Stream.fail(new Lost()))
 *
 * let next = 0
 * const numbers = Stream.suspend(() => connect(next)).pipe(
 *   Stream.tap((n) => Effect.sync(() => next = n + 1)),
 *   Stamina.retryStream({ on: "Lost", attempts: 3, waitInitial: "1 milli", waitJitter: 0 })
 * )
 *
 * const seen: Array<number> = []
 * const error = await numbers.pipe(
 *   Stream.runForEach((n) => Effect.sync(() => seen.push(n))),
 *   Effect.flip,
 *   Effect.provide(Stamina.layerHooks([])),
 *   Effect.runPromise
 * )
 * console.log(seen, error._tag) // [ 0, 1, 2, 3, 4, 5 ] Lost
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function retryStream<E = unknown, const O extends On<E> = On<E>>(
  options: StreamOptions<O>
): unknown extends E ? BoundStream<O> : <A, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
export function retryStream<A, E, R, const O extends On<E> = On<E>>(
  self: Stream.Stream<A, E, R>,
  options: StreamOptions<O>
): Stream.Stream<A, E, R>
export function retryStream(
  ...args:
    | readonly [StreamOptions<unknown>]
    | readonly [Stream.Stream<unknown, unknown, unknown>, StreamOptions<unknown>]
): unknown {
  // not Effect's `dual`, which would put off the check of options that come alone
  if (args.length === 2) return restarting(args[0], fromStreamOptions(caller, args[1]))
  const settings = fromStreamOptions(caller, args[0])
  return <A, E, R>(self: Stream.Stream<A, E, R>) => restarting(self, settings)
}

const caller = "Stamina.retryStream"

/** Nothing begins, no clock included, before the first element is asked for. */
const restarting = <A, E, R>(self: Stream.Stream<A, E, R>, settings: StreamSettings): Stream.Stream<A, E, R> =>
  Stream.fromChannel(Channel.fromTransform((_, scope) =>
    Effect.sync(() => {
      let restarts: Restarts<A, E, R> | undefined
      return Effect.withFiber((fiber) => (restarts ??= new Restarts(self, settings, scope, clock.read(fiber))).pull)
    })
  ))

type Elements<A, E, R = never> = Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E, void, R>

/** One use of a restarted stream: the starts, one after the other, as a single pull. */
class Restarts<A, E, R> {
  private readonly stream: Stream.Stream<A, E, R>
  private readonly settings: StreamSettings
  /** Outlives all starts: closed when nobody wants more. */
  private readonly scope: Scope.Scope
  private run: Run.Run
  /** How often the stream was begun, over all runs. */
  private starts = 0
  /** The start that goes on: its elements, its resources, when it began, when its first element came. */
  private current: Elements<A, E, R> | undefined = undefined
  private startScope: Scope.Closeable | undefined = undefined
  private beganAt: clock.Reading
  private firstAt: clock.Reading | undefined = undefined
  private isWatched = false

  constructor(stream: Stream.Stream<A, E, R>, settings: StreamSettings, scope: Scope.Scope, now: clock.Reading) {
    this.stream = stream
    this.settings = settings
    this.scope = scope
    this.beganAt = now
    this.run = Run.make(this.limited(), now)
  }

  /** What the consumer pulls, also across restarts. */
  readonly pull: Elements<A, E, R> = Effect.suspend(() =>
    Effect.catchCause(this.current ?? this.next, (cause) => this.ended(cause))
  )

  /** Begins the stream and pulls its first elements. */
  private readonly start: Elements<A, E, R> = Effect.withFiber((fiber) => {
    if (this.starts++ > 0) {
      this.beganAt = clock.read(fiber)
      steps.attemptBegins(this.run, fiber)
    }
    this.startScope = Scope.forkUnsafe(this.scope)
    return Effect.flatMap(Channel.toPullScoped(this.stream.channel, this.startScope), (pull) => {
      this.current = pull
      return Effect.map(pull, (elements) => {
        this.firstAt = clock.read(fiber)
        return elements
      })
    })
  })

  /** How the stream is begun where none goes on: a consumer may turn away in mid-wait, and ask again. */
  private next: Elements<A, E, R> = this.start

  /** Releases what the start had acquired, and goes on from there. */
  private ended(cause: Cause.Cause<E | Cause.Done>): Elements<A, E, R> {
    const exit = Pull.doneExitFromCause(cause)
    this.current = undefined
    return Effect.flatMap(
      Effect.exit(this.startScope === undefined ? Effect.void : Scope.close(this.startScope, exit)),
      (closed) => {
        const failures = [exit, closed].filter(Exit.isFailure).map(({ cause }) => cause)
        return failures.length === 0 ? this.recovered() : this.failed(failures.reduce(Cause.combine))
      }
    )
  }

  private recovered(): Elements<A, E> {
    return Effect.withFiber((fiber) => Effect.andThen(this.tellEnd(fiber, "onRecovered"), Cause.done()))
  }

  /** Gives up, or waits and begins the stream again. */
  private failed(failure: Cause.Cause<E>): Elements<A, E, R> {
    return Effect.andThen(
      this.counted(),
      Effect.withFiber((fiber) => {
        const { run } = this
        const cause = steps.failed(run, fiber, failure)
        if (run.reason !== undefined) return this.giveUp(fiber, cause)
        const again = Effect.andThen(Effect.suspend(() => observedWait(run, fiber)), this.start)
        this.next = Effect.withFiber((fiber) =>
          Effect.andThen(clock.sleep(fiber, steps.waitLeft(run, fiber)), this.start)
        )
        return Effect.andThen(this.watched(fiber), Effect.catchCause(again, (cause) => this.ended(cause)))
      })
    )
  }

  private giveUp(
    fiber: Fiber.Fiber<unknown, unknown>,
    cause: Cause.Cause<E>
  ): Effect.Effect<never, E> {
    const told = Cause.hasInterrupts(cause)
      ? this.tellEnd(fiber, "onInterrupted")
      : observeGiveUp(this.run, fiber)
    return Effect.andThen(told, Effect.failCause(cause))
  }

  /** Counts afresh where the start that has just failed was healthy for long enough, and may be restarted at all. */
  private counted(): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const { beganAt, firstAt } = this
      this.firstAt = undefined
      if (firstAt === undefined || this.starts >= this.settings.attemptsInAll) return Effect.void
      const failedAt = clock.read(fiber)
      if (clock.millisBetween(firstAt, failedAt) < this.settings.resetAfter) return Effect.void
      return Effect.andThen(
        this.tellEnd(fiber, "onRecovered"),
        Effect.sync(() => {
          // its first attempt is the start that has failed, which began long before its time does
          this.run = Run.make(this.limited(), clock.read(fiber), clock.millisBetween(failedAt, beganAt))
        })
      )
    })
  }

  /** The settings of a run that begins with the current start: with no more attempts than there may be in all. */
  private limited(): StreamSettings {
    const left = this.settings.attemptsInAll - Math.max(0, this.starts - 1)
    const { policy } = this.settings
    return left < policy.attempts
      ? { ...this.settings, policy: { ...policy, attempts: left }, rules: undefined }
      : this.settings
  }

  private tellEnd(fiber: Fiber.Fiber<unknown, unknown>, event: "onRecovered" | "onInterrupted"): Effect.Effect<void> {
    return this.run.attempt > 1 ? observeEnd(this.run, fiber, event) : Effect.void
  }

  /** Tells how a run has ended that neither ends nor fails by itself: once, since it holds for all runs to come. */
  private watched(fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> {
    if (this.isWatched) return Effect.void
    this.isWatched = true
    const { context } = fiber
    return Scope.addFinalizerExit(this.scope, (exit) =>
      Effect.provideContext(
        Effect.withFiber((fiber) =>
          this.tellEnd(fiber, Exit.isSuccess(exit) && this.firstAt !== undefined ? "onRecovered" : "onInterrupted")
        ),
        context
      ))
  }
}
