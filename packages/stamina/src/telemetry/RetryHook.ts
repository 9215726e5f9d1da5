/**
 * Hooks: listeners that hear what happens to runs, and cannot change it.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { GaveUp, Interrupted, Recovered, RetryDeferred, RetryEvent, RetryScheduled } from "./RetryEvent.ts"

/**
 * A function that is notified of an event. It may return nothing, or an effect that cannot fail; the run waits for that effect,
 * but no longer than 10 seconds.
 *
 * **Details**
 *
 * The second argument is the fiber that retries: for its services, without the cost of an effect.
 *
 * @category models
 * @since 0.1.0
 */
export type Listener<in Event, out R = never> = (
  event: Event,
  fiber: Fiber.Fiber<unknown, unknown>
) => Effect.Effect<void, never, R> | void

/**
 * Hears what happens to runs. A hook cannot change what becomes of them: if it dies, throws, takes too long or returns
 * anything but an effect, that is logged at debug level, and the run goes on.
 *
 * **Details**
 *
 * Every run that scheduled a retry ends in exactly one of recovered, gave up, interrupted. A run that succeeds at once,
 * or fails at once with an error that is not retried, is not reported. A run that a limit stops before its first retry
 * *has* given up: after a first attempt that took longer than the timeout, for example.
 *
 * The effect that a listener returns runs with the services of the fiber that retries, in a fiber of its own, which is
 * interrupted with the run. It has 10 seconds, on the fiber's clock, for each event. Then it is interrupted as well, and
 * the run goes on without waiting for its finalizers. So does what releases the resources of `onRetryScheduled`.
 *
 * **Gotchas**
 *
 * The run waits for what a listener does, so that is time of the run: a deadline around can pass meanwhile. Fork what may
 * take long and must not.
 *
 * Children that a listener forks end with it. Fork them into its `Scope` to keep them for the wait.
 *
 * A schedule inside `Effect.retry` sees neither successes nor interruptions: `onRecovered` and `onInterrupted` are for
 * the combinators alone. Nor can a schedule know whether Effect really retries: a `while` or another schedule beside it
 * may end the run silently.
 *
 * **Example** (Printing every retry)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * const printing = Stamina.layerHooks([{
 *   onRetryScheduled: ({ retryNum, causedBy }) => console.log(`retry ${retryNum} because of ${causedBy}`)
 * }])
 *
 * const program = Effect.fail("down").pipe(
 *   Stamina.retry({ on: () => true, attempts: 2, waitJitter: 0, waitInitial: "1 milli" }),
 *   Effect.ignore,
 *   Effect.provide(printing)
 * )
 *
 * Effect.runPromise(program)
 * // retry 1 because of down
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryHook {
  /** The hook's name. A layer that adds a hook replaces one of the same name. */
  readonly name?: string | undefined
  /**
   * Runs once for each retry, after the decision and before the wait. What it acquires in its `Scope` is released right
   * before the attempt begins, or when the wait is interrupted.
   */
  readonly onRetryScheduled?: Listener<RetryScheduled, Scope.Scope> | undefined
  /**
   * Runs once if a retry whose wait is over has to wait for a token of its retry budget. It begins later, or its run ends.
   */
  readonly onRetryDeferred?: Listener<RetryDeferred> | undefined
  /** Runs once when an attempt after the first succeeds. */
  readonly onRecovered?: Listener<Recovered> | undefined
  /** Runs once when a run fails that has retried, or that would have retried if a limit had allowed it. */
  readonly onGaveUp?: Listener<GaveUp> | undefined
  /** Runs once when a run that has retried is interrupted, in an attempt or in a wait. */
  readonly onInterrupted?: Listener<Interrupted> | undefined
}

/**
 * A hook that is notified when a retry begins, too: nothing is counted that did not happen. Its listener is quick.
 *
 * @internal
 */
export interface OwnHook extends RetryHook {
  readonly onRetryBegan?: Listener<RetryScheduled> | undefined
}

/**
 * Makes a hook of one listener for all events, which it tells apart by their `_tag`.
 *
 * **Example** (Every event as a line)
 *
 * ```ts
 * import { RetryEvent, RetryHook, Stamina } from "effect-stamina"
 *
 * const lines: Array<string> = []
 * const hook = RetryHook.forEvery("lines", (event) => {
 *   lines.push(`${RetryEvent.nameOf(event)} ${JSON.stringify(RetryEvent.attributes(event))}`)
 * })
 *
 * export const layer = Stamina.layerAddHook(hook)
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const forEvery = (name: string, listener: Listener<RetryEvent>): RetryHook => ({
  name,
  onRetryScheduled: listener,
  onRetryDeferred: listener,
  onRecovered: listener,
  onGaveUp: listener,
  onInterrupted: listener
})
