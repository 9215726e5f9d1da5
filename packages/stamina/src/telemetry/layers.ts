/**
 * Which hooks run: the defaults, the reference that holds them, and the layers that change it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { checkHooks } from "./checkHooks.ts"
import type { RetryHook } from "./RetryHook.ts"
import * as RetryLogs from "./RetryLogs.ts"
import * as RetryMetrics from "./RetryMetrics.ts"
import * as RetrySpans from "./RetrySpans.ts"

/**
 * The hooks that run where no layer says otherwise: metrics, logs, and events on the current span.
 *
 * @category hooks
 * @since 0.1.0
 */
export const defaultHooks: ReadonlyArray<RetryHook> = [RetryMetrics.hook, RetryLogs.hook, RetrySpans.hook]

/**
 * The hooks that run, in this order.
 *
 * @category services
 * @since 0.1.0
 */
export const CurrentHooks: Context.Reference<ReadonlyArray<RetryHook>> = /*#__PURE__*/ Context.Reference(
  "effect-stamina/RetryTelemetry/CurrentHooks",
  { defaultValue: () => defaultHooks }
)

/**
 * Replaces the hooks: `[]` switches all off, `[...Stamina.defaultHooks, mine]` adds one.
 *
 * **Example** (Counting retries, and nothing else)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * let retries = 0
 * const counting = Stamina.layerHooks([{ onRetryScheduled: () => void retries++ }])
 *
 * const program = Effect.fail("down").pipe(
 *   Stamina.retry({ on: () => true, attempts: 3, waitJitter: 0, waitInitial: "1 milli" }),
 *   Effect.ignore,
 *   Effect.provide(counting)
 * )
 *
 * await Effect.runPromise(program)
 * console.log(retries) // 2
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHooks = (hooks: ReadonlyArray<RetryHook>): Layer.Layer<never> =>
  Layer.succeed(CurrentHooks, checkHooks("Stamina.layerHooks", hooks))

/**
 * Adds one hook to those that run where the layer is built. It replaces a hook of the same `name`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAddHook = (hook: RetryHook): Layer.Layer<never> => {
  checkHooks("Stamina.layerAddHook", [hook])
  return adding(hook)
}

const adding = (hook: RetryHook): Layer.Layer<never> =>
  Layer.fresh(Layer.effect(
    CurrentHooks,
    Effect.map(CurrentHooks, (hooks) => [
      ...hooks.filter(({ name }) => name === undefined || name !== hook.name),
      hook
    ])
  ))

/**
 * Adds the metrics to the hooks, where they were left out.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMetrics: Layer.Layer<never> = /*#__PURE__*/ adding(RetryMetrics.hook)

/**
 * Sets how retries are logged: other levels, or with messages beside the names of errors.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLogs = (options?: RetryLogs.Options): Layer.Layer<never> => adding(RetryLogs.make(options))

/**
 * Adds the span events to the hooks, where they were left out.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSpans: Layer.Layer<never> = /*#__PURE__*/ adding(RetrySpans.hook)
