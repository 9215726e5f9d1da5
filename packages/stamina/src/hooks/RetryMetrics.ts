/**
 * The metrics: how often, why, and with what result things are retried.
 *
 * Names, units and labels follow Prometheus and OpenTelemetry; what each means stands beside it. The instruments can be
 * read in tests and for dashboards, as any `Metric` of Effect.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { errorType } from "../internal/errorType.ts"
import type { RetriedRun } from "../RetryDetails.ts"
import type { RetryHook } from "../RetryHook.ts"

/**
 * Retries scheduled, by `callable` (what is retried), `retry_num` (`"1"` to `"10"`, then `"10+"`) and `error_type` (the
 * tag or class of the error): stamina's own counter.
 *
 * @category instruments
 * @since 0.1.0
 */
export const retries: Metric.Counter<number> = /*#__PURE__*/ Metric.counter("stamina_retries_total", {
  description: "Total number of retries.",
  incremental: true
})

/**
 * Seconds of waiting that retries began, by `callable`. A wait that is interrupted counts in full.
 *
 * @category instruments
 * @since 0.1.0
 */
export const waits: Metric.Counter<number> = /*#__PURE__*/ Metric.counter("stamina_scheduled_wait_seconds_total", {
  description: "Total seconds of waiting before retries, as scheduled.",
  incremental: true
})

/**
 * Runs that needed a retry, by `callable` and `outcome`: `"recovered"`, `"interrupted"`, or the reason for giving up in
 * snake case, such as `"attempts_exhausted"`.
 *
 * @category instruments
 * @since 0.1.0
 */
export const runs: Metric.Counter<number> = /*#__PURE__*/ Metric.counter("stamina_runs_total", {
  description: "Total number of runs that needed a retry, by what became of them.",
  incremental: true
})

/**
 * Attempts per run that needed a retry, by `callable` and `outcome` as in {@link runs}.
 *
 * @category instruments
 * @since 0.1.0
 */
export const attempts: Metric.Histogram<number> = /*#__PURE__*/ Metric.histogram("stamina_run_attempts", {
  description: "Attempts per run that needed a retry.",
  boundaries: [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50]
})

/**
 * How many different values the labels `callable` and `error_type` may have each; further ones become `"<other>"`.
 *
 * @category limits
 * @since 0.1.0
 */
export const maxLabelValues = 200

/**
 * The hook that keeps the metrics; among the default hooks.
 *
 * @category hooks
 * @since 0.1.0
 */
export const hook: RetryHook = {
  name: "metrics",
  onRetryScheduled: ({ causedBy, name, retryNum, waitFor }) =>
    Effect.contextWith((context: Context.Context<never>) => {
      const callable = label(context, "callable", name)
      const error_type = label(context, "error_type", errorType(causedBy))
      count(retries, context, { callable, retry_num: retryNum > 10 ? "10+" : String(retryNum), error_type })
      count(waits, context, { callable }, Duration.toSeconds(waitFor))
      return Effect.void
    }),
  onRecovered: (run) => ended(run, "recovered"),
  onInterrupted: (run) => ended(run, "interrupted"),
  onGaveUp: (run) => ended(run, snakeCase(run.reason))
}

const ended = (run: RetriedRun, outcome: string): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const labels = { callable: label(context, "callable", run.name), outcome }
    count(runs, context, labels)
    count(attempts, context, labels, run.attempts)
    return Effect.void
  })

const count = (
  metric: Metric.Metric<number, unknown>,
  context: Context.Context<never>,
  labels: Readonly<Record<string, string>>,
  amount = 1
): void => Metric.withAttributes(metric, labels).updateUnsafe(amount, context)

const snakeCase = (reason: string): string => reason.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase()

/** The label values that each registry has seen, so that no careless name can fill it without end. */
const seen = /*#__PURE__*/ new WeakMap<object, Map<string, Set<string>>>()

const label = (context: Context.Context<never>, name: string, value: string): string => {
  const registry = Context.get(context, Metric.MetricRegistry)
  let byName = seen.get(registry)
  if (byName === undefined) seen.set(registry, byName = new Map())
  let values = byName.get(name)
  if (values === undefined) byName.set(name, values = new Set())
  if (values.has(value)) return value
  if (values.size >= maxLabelValues) return "<other>"
  values.add(value)
  return value
}
