/**
 * Restarting a stream.
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
import { isOver } from "../run/run.ts"
import { eager, type Subject } from "../tools/dataFirstOrLast.ts"
import type { AnyOn, BackoffHook, Names, Never, OnFor, OnItems, OnTags, Unbound } from "../verdict/RetryOn.ts"
import { begin, LiveRun } from "./liveRun.ts"
import type { StreamCombinator, StreamOptions } from "./model.ts"
import { fromStreamOptions, type Settings } from "./settings.ts"
import * as steps from "./steps.ts"

/**
 * Restarts a stream when it fails with what `on` names, with backoff and jitter, within limits that hold for the whole.
 *
 * **When to use**
 *
 * Where a stream can be started again: a subscription, a change feed, a file that is read from its beginning. Effect's own
 * `Stream.retry` takes a `staminaSchedule`, but resets it with the first element of each start: a stream that delivers
 * something before it fails is then restarted for ever, whatever the limits.
 *
 * **Details**
 *
 * An attempt is one start of the stream: `attempts` counts the starts, and `timeout` counts from just before the first.
 * How much the stream delivers in between makes no difference. Waits, test mode, deadlines, hooks, reports and what
 * becomes of a cause are as in `Stamina.retry`.
 *
 * A failure that comes `resetAfter` (default: 5 s) or longer after the first element of its start counts as the first
 * one: attempts, timeout and waits start afresh, as a new run, and the old one has recovered. So the timeout limits the
 * time of trouble, and a subscription may live for days. The stream is never started more often than `attemptsInAll`
 * says, by default 1000 times.
 *
 * What a start has acquired is released before the wait for the next begins. Nothing is buffered or held back.
 *
 * A stream that was restarted has recovered when it ends, or when nobody pulls any more after an element has got through;
 * where its consumer fails or is interrupted, it counts as interrupted.
 *
 * Can be called with the stream first, or with the options alone. Throws a `RangeError` at once when an option is out of
 * range or unknown.
 *
 * **Gotchas**
 *
 * What was emitted before the failure stays emitted, and a restarted stream begins at *its* beginning: unless it
 * resumes where it was, as below, the same elements come again.
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
// in the order of the overloads of `Stamina.retry`
export function retryStream<E = Unbound, const N extends Names<E> = Names<E>>(
  options: StreamOptions<N | Never>
): <A, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
export function retryStream<E>(
  options: StreamOptions<BackoffHook<NoInfer<E>>>
): <A, R, E2 = E>(self: Stream.Stream<A, E, R> & Stream.Stream<A, E2, R>) => Stream.Stream<A, E2, R>
export function retryStream<E = Unbound>(
  options: StreamOptions<OnTags<E>>
): <A, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
export function retryStream<E = Unbound>(
  options: StreamOptions<OnItems<E>>
): <A, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
export function retryStream<const O extends AnyOn>(
  options: StreamOptions<O extends "" ? never : O>
): StreamCombinator<O>
export function retryStream<A, E, R>(
  self: Stream.Stream<A, E, R>,
  options: StreamOptions<OnFor<E>>
): Stream.Stream<A, E, R>
export function retryStream(...args: ReadonlyArray<unknown>): unknown {
  const ready = (options: StreamOptions<unknown>) => fromStreamOptions("Stamina.retryStream", options)
  return eager(args, streams, ready, restarting)
}

const streams: Subject<Stream.Stream<unknown, unknown, unknown>> = {
  caller: "Stamina.retryStream",
  is: Stream.isStream,
  rule: "a Stream (an Effect: Stamina.retry)"
}

/** Restarts a stream with checked options. Nothing begins, not even the clock, before the first element is pulled. */
export const restarting = <A, E, R>(self: Stream.Stream<A, E, R>, settings: Settings): Stream.Stream<A, E, R> =>
  Stream.fromChannel(Channel.fromTransform((_, scope) =>
    Effect.sync(() => {
      let restarts: Restarts<A, E, R> | undefined
      return Effect.withFiber((fiber) => (restarts ??= new Restarts(self, settings, scope, fiber)).pull)
    })
  ))

type AnyFiber = Fiber.Fiber<unknown, unknown>

type Elements<A, E, R = never> = Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E, void, R>

/** One start of the stream: what it has acquired, and its elements. */
interface Start<A, E, R> {
  readonly scope: Scope.Closeable
  pull: Elements<A, E, R> | undefined
}

/** One use of a restarted stream: its starts, one after the other, as a single pull. */
class Restarts<A, E, R> {
  private readonly stream: Stream.Stream<A, E, R>
  /** Outlives all starts: closed when nobody pulls any more. */
  private readonly scope: Scope.Scope
  private readonly run: LiveRun
  private current: Start<A, E, R> | undefined = undefined
  /** How the stream ended, once it has. */
  private end: Elements<A, E, R> | undefined = undefined

  constructor(stream: Stream.Stream<A, E, R>, settings: Settings, scope: Scope.Scope, fiber: AnyFiber) {
    this.stream = stream
    this.scope = scope
    this.run = new LiveRun(settings, fiber, begin(settings, fiber, false))
  }

  /** What the consumer pulls, also across restarts. */
  readonly pull: Elements<A, E, R> = Effect.suspend(() => this.end ?? this.guarded(this.current?.pull ?? this.resume))

  private guarded(pull: Elements<A, E, R>): Elements<A, E, R> {
    return Effect.catchCause(pull, (cause) => this.closed(cause))
  }

  /** Starts the stream: at once, or after what is left of a wait that a consumer turned away from. */
  private readonly resume: Elements<A, E, R> = Effect.suspend(() => {
    const { run } = this
    return run.phase === "waiting"
      ? Effect.andThen(Effect.suspend(() => steps.resumeWait(run)), () => this.begin)
      : this.start
  })

  /** Starts the stream and pulls its first elements. */
  private readonly start: Elements<A, E, R> = Effect.withFiber((fiber) => {
    const { run } = this
    run.fiber = fiber
    if (run.phase === "waiting") steps.beginAttempt(run)
    // a stream does what it is there for from its first element on
    run.healthyFrom = Infinity
    const start: Start<A, E, R> = { scope: Scope.forkUnsafe(this.scope), pull: undefined }
    this.current = start
    return Effect.flatMap(Channel.toPullScoped(this.stream.channel, start.scope), (pull) => {
      start.pull = pull
      return Effect.map(pull, (elements) => {
        run.healthyFrom = run.time()
        // it may live for ever from here on
        steps.succeeded(run)
        return elements
      })
    })
  })

  /** Releases what the start had acquired, and goes on from there. */
  private closed(cause: Cause.Cause<E | Cause.Done>): Elements<A, E, R> {
    const exit = Pull.doneExitFromCause(cause)
    const start = this.current
    this.current = undefined
    return Effect.flatMap(
      Effect.exit(start === undefined ? Effect.void : Scope.close(start.scope, exit)),
      (closed) => {
        if (Exit.isSuccess(closed)) return Exit.isSuccess(exit) ? this.ended() : this.failed(exit.cause)
        // not `Cause.combine`, which hashes errors: their getters may throw
        const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
        return this.failed(Cause.fromReasons([...reasons, ...closed.cause.reasons]))
      }
    )
  }

  private ended(): Elements<A, E> {
    const end = Cause.done()
    this.end = end
    return Effect.withFiber((fiber) => {
      this.run.fiber = fiber
      // it may have ended without an element
      if (this.run.healthyFrom === Infinity) steps.succeeded(this.run)
      return Effect.andThen(this.recovered(), end)
    })
  }

  /** Gives up, or waits and starts the stream again. */
  private failed(failure: Cause.Cause<E>): Elements<A, E, R> {
    return Effect.withFiber((fiber) => {
      this.run.fiber = fiber
      return Effect.andThen(this.watched(fiber), Effect.suspend(() => this.decide(failure)))
    })
  }

  private decide(failure: Cause.Cause<E>): Elements<A, E, R> {
    const { run } = this
    const recovered = steps.restartIfHealthy(run)
    if (recovered !== undefined) return Effect.andThen(recovered, () => this.decide(failure))
    const cause = steps.decideFailure(run, failure)
    if (isOver(run)) return this.giveUp(Exit.failCause(cause))
    const waited = Effect.suspend(() => steps.wait(run))
    return this.guarded(
      Effect.flatMap(waited, () => this.begin)
    )
  }

  /** Starts the stream after a wait, unless its door has refused. */
  private readonly begin: Elements<A, E, R> = Effect.suspend(() =>
    isOver(this.run) ? this.giveUp(steps.lastExit(this.run)) : this.start
  )

  private giveUp(end: Exit.Exit<never, E>): Elements<A, E, R> {
    this.end = end
    const interrupted = Exit.isFailure(end) && Cause.hasInterrupts(end.cause)
    return Effect.andThen(interrupted ? this.interrupted() : Effect.void, steps.giveUp(this.run, end))
  }

  /** Notifies the hooks of a recovery, if there was anything to recover from. */
  private recovered(): Effect.Effect<void> {
    return (this.run.attempt > 1 ? steps.recover(this.run) : undefined) ?? Effect.void
  }

  private interrupted(): Effect.Effect<void> {
    return steps.finish(this.run) ?? Effect.void
  }

  /** Notifies the hooks of the end of a run that neither ends nor fails by itself. One finalizer holds for all runs to come. */
  private watched(fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> {
    if (this.run.isGuarded) return Effect.void
    const { context } = fiber
    return Effect.uninterruptible(Effect.suspend(() => {
      this.run.isGuarded = true
      return Scope.addFinalizerExit(this.scope, (exit) =>
        Effect.provideContext(
          Effect.withFiber((fiber) => {
            this.run.fiber = fiber
            return Exit.isSuccess(exit) && this.current !== undefined && this.run.healthyFrom !== Infinity
              ? this.recovered()
              : this.interrupted()
          }),
          context
        ))
    }))
  }
}
