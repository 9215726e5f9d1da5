/**
 * Watching retries: hooks, and the reference that holds them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { RetryDetails } from "./RetryDetails.ts"

/**
 * Something that watches retries. It cannot change what becomes of them: it must not fail, and if it dies, that is
 * logged at debug level and the retry goes on.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryHook {
  /**
   * Runs once for each retry that follows, after the decision and before the wait. What it acquires in its `Scope` is
   * released right before the attempt begins, or when the wait is interrupted.
   */
  readonly onRetryScheduled?: ((details: RetryDetails) => Effect.Effect<void, never, Scope.Scope>) | undefined
}

/**
 * The hooks that run, in this order.
 *
 * @category services
 * @since 0.1.0
 */
export const RetryHooks: Context.Reference<ReadonlyArray<RetryHook>> = Context.Reference(
  "effect-stamina/RetryHook/RetryHooks",
  { defaultValue: () => defaultHooks }
)

/**
 * The hooks that run where nothing else is provided.
 *
 * @category hooks
 * @since 0.1.0
 */
export const defaultHooks: ReadonlyArray<RetryHook> = []

/**
 * Puts hooks in place of those that ran before: `[]` switches all off, `[...Stamina.defaultHooks, mine]` adds one.
 *
 * **Example** (Counting retries)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * let retries = 0
 * const counting = Stamina.layerHooks([{ onRetryScheduled: () => Effect.sync(() => void retries++) }])
 *
 * const program = Effect.fail("down").pipe(
 *   Stamina.retry({ on: () => true, attempts: 3, waitJitter: 0, waitInitial: "1 milli" }),
 *   Effect.ignore,
 *   Effect.provide(counting)
 * )
 *
 * Effect.runPromise(program).then(() => console.log(retries)) // 2
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHooks = (hooks: ReadonlyArray<RetryHook>): Layer.Layer<never> => Layer.succeed(RetryHooks, hooks)
