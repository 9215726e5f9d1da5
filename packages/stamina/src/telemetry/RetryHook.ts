/**
 * Something that watches retries.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { GaveUp, RetriedRun, RetryDetails } from "./RetryDetails.ts"

/**
 * Something that watches retries. It cannot change what becomes of them: it must not fail, and if it dies, that is
 * logged at debug level and the run goes on.
 *
 * **Details**
 *
 * Every run that scheduled a retry ends in exactly one of recovered, gave up, interrupted. A run that succeeds at once,
 * or fails at once with an error that is not retried, is nobody's concern. A run that a limit stops before its first
 * retry *has* given up: after a first attempt that took longer than the timeout, say.
 *
 * Each hook runs in the fiber that retries and sees its services; while it runs, that fiber waits.
 *
 * **Gotchas**
 *
 * A schedule inside `Effect.retry` sees neither successes nor interruptions: `onRecovered` and `onInterrupted` are for
 * the combinators alone. Nor can a schedule know whether Effect really retries what it has decided to: a `while` or
 * another schedule beside it may end the run without a word.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryHook {
  /** What the hook is called. A layer that adds a hook puts it in place of one with the same name. */
  readonly name?: string | undefined
  /**
   * Runs once for each retry that follows, after the decision and before the wait. What it acquires in its `Scope` is
   * released right before the attempt begins, or when the wait is interrupted.
   */
  readonly onRetryScheduled?: ((details: RetryDetails) => Effect.Effect<void, never, Scope.Scope>) | undefined
  /** Runs once when an attempt after the first succeeds. */
  readonly onRecovered?: ((run: RetriedRun) => Effect.Effect<void>) | undefined
  /** Runs once when a run fails that had retried, or would have, had a limit not been reached. */
  readonly onGaveUp?: ((run: GaveUp) => Effect.Effect<void>) | undefined
  /** Runs once when a run that had retried is interrupted, in an attempt or in a wait. */
  readonly onInterrupted?: ((run: RetriedRun) => Effect.Effect<void>) | undefined
}
