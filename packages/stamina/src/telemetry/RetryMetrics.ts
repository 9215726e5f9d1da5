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
import * as Metric from "effect/Metric"
import { found, foundIn, type Nested, nested } from "../tools/getOrCreate.ts"
import { errorType, outcomeOf, type RunEnd } from "./RetryEvent.ts"
import type { Listener, OwnHook, RetryHook } from "./RetryHook.ts"

const counter = (name: string, description: string) => (): Metric.Counter<number> =>
  Metric.counter(name, { description, incremental: true })

const newRetries = /*#__PURE__*/ counter("stamina_retries_total", "Total number of retries.")
const newWaits = /*#__PURE__*/ counter(
  "stamina_scheduled_wait_seconds_total",
  "Seconds of waiting before retries."
)
const newRuns = /*#__PURE__*/ counter(
  "stamina_runs_total",
  "Runs that needed a retry."
)
const newAttempts = () =>
  Metric.histogram("stamina_run_attempts", {
    description: "Attempts of runs that needed a retry.",
    boundaries: [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50]
  })

/**
 * Retries scheduled, by `callable` (what is retried), `retry_num` (`"1"` to `"10"`, then `"10+"`) and `error_type` (see
 * `RetryEvent.errorType`): stamina's own counter.
 *
 * @category instruments
 * @since 0.1.0
 */
export const retries: Metric.Counter<number> = /*#__PURE__*/ newRetries()

/**
 * Seconds of waiting that retries began, by `callable`. A wait that is interrupted counts in full.
 *
 * @category instruments
 * @since 0.1.0
 */
export const waits: Metric.Counter<number> = /*#__PURE__*/ newWaits()

/**
 * Runs that needed a retry, by `callable` and `outcome`: `"recovered"`, `"interrupted"`, or the reason for giving up in
 * snake case, such as `"attempts_exhausted"`.
 *
 * @category instruments
 * @since 0.1.0
 */
export const runs: Metric.Counter<number> = /*#__PURE__*/ newRuns()

/**
 * Attempts per run that needed a retry, by `callable` and `outcome` as in {@link runs}.
 *
 * @category instruments
 * @since 0.1.0
 */
export const attempts: Metric.Histogram<number> = /*#__PURE__*/ newAttempts()

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
export const hook: RetryHook = /*#__PURE__*/ counting()

function counting(): OwnHook {
  const ended: Listener<RunEnd> = (event, { context }) => {
    const registry = registryOf(context)
    const labels = [atMost(registry.callables, event.name), outcomeOf(event)]
    seriesOf(registry, newRuns, labels, labelsOfRun).updateUnsafe(1, context)
    seriesOf(registry, newAttempts, labels, labelsOfRun).updateUnsafe(event.attempts, context)
  }
  return {
    name: "metrics",
    onRetryScheduled: ({ name, waitFor }, { context }) => {
      const registry = registryOf(context)
      const labels = [atMost(registry.callables, name)]
      seriesOf(registry, newWaits, labels, labelsOfWait).updateUnsafe(Duration.toSeconds(waitFor), context)
    },
    onRetryBegan: ({ causedBy, name, retryNum }, { context }) => {
      const registry = registryOf(context)
      const num = retryNum > 10 ? "10+" : String(retryNum)
      const labels = [atMost(registry.callables, name), num, atMost(registry.errorTypes, errorType(causedBy))]
      seriesOf(registry, newRetries, labels, labelsOfRetry).updateUnsafe(1, context)
    },
    onRecovered: ended,
    onGaveUp: ended,
    onInterrupted: ended
  }
}

const labelsOfRetry = ["callable", "retry_num", "error_type"]
const labelsOfWait = ["callable"]
const labelsOfRun = ["callable", "outcome"]

type Series = Metric.Metric<number, unknown>

/** What a registry has seen: the labels that others choose, and the series, by instrument and labels. */
interface Registry {
  readonly callables: Set<string>
  readonly errorTypes: Set<string>
  readonly series: Map<() => Series, Nested<Series>>
}

const registries = /*#__PURE__*/ new WeakMap<object, Registry>()

const registryOf = (context: Context.Context<never>): Registry =>
  found(registries, Context.get(context, Metric.MetricRegistry), () => ({
    callables: new Set(),
    errorTypes: new Set(),
    series: new Map()
  }))

/** The label for a value: so many different ones and no more, that no careless name can fill a registry without end. */
const atMost = (values: Set<string>, value: string): string =>
  values.size < maxLabelValues || values.has(value) ? (values.add(value), value) : "<other>"

/**
 * The series that the labels name. It is kept, and made of an instrument of its own, for an instrument remembers only the
 * last of its series: to find another costs many times what it costs to count in it.
 */
const seriesOf = (
  { series }: Registry,
  instrument: () => Series,
  values: ReadonlyArray<string>,
  labels: ReadonlyArray<string>
): Series =>
  foundIn(
    found(series, instrument, () => nested<Series>()),
    values,
    () => Metric.withAttributes(instrument(), Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ""])))
  )
