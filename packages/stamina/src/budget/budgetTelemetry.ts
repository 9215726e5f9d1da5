/**
 * What retry budgets tell of themselves: series that are read when metrics are, and a log line where a budget begins to
 * refuse retries and where it has filled again.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as clock from "../tools/clock.ts"
import { logLine } from "../tools/logLine.ts"

/** What is told of a budget. */
export interface Told {
  readonly name: string
  /** The tokens it holds now. */
  readonly tokens: () => number
}

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Counts the answers of one budget, and tells of them. */
export class BudgetTelemetry {
  granted = 0
  refused = 0
  /** Whether it has refused a retry and has not filled again since. */
  isExhausted = false
  private isForgotten = false
  private refusedBefore = 0
  private halfFullSince: clock.Reading | undefined
  private readonly about: Told
  /** The series by registry. A registration leads to its registry, and a budget may outlive many of them. */
  private readonly series = new WeakMap<Metric.MetricRegistry, ReadonlyArray<Metric.Registration>>()
  private registries: Array<WeakRef<Metric.MetricRegistry>> = []
  /** How many registries there may be before those that are gone are looked for. */
  private most = 8

  constructor(about: Told) {
    this.about = about
  }

  countGranted(fiber: AnyFiber): void {
    this.register(fiber)
    this.granted++
  }

  countRefused(fiber: AnyFiber): void {
    this.register(fiber)
    this.refused++
    if (this.isExhausted) return
    this.isExhausted = true
    this.halfFullSince = undefined
    this.refusedBefore = this.refused - 1
    this.log(fiber, "Warn", "stamina.budget_exhausted", () => ({
      granted: this.granted,
      summary: "retries are refused until calls succeed again"
    }))
  }

  /**
   * For a budget that has refused retries: it has recovered when it stays half full for ten seconds. One look is not
   * enough, since calls that are open are credited before they fail, and a few successes pay for a token in an outage.
   */
  seen(isHalfFull: boolean, fiber: AnyFiber): void {
    if (!this.isExhausted) return
    const now = clock.read(fiber)
    this.halfFullSince = isHalfFull ? this.halfFullSince ?? now : undefined
    if (this.halfFullSince === undefined || clock.millisBetween(this.halfFullSince, now) < 10_000) return
    this.isExhausted = false
    this.log(fiber, "Info", "stamina.budget_recovered", () => ({ refused: this.refused - this.refusedBefore }))
  }

  private log(fiber: AnyFiber, level: "Info" | "Warn", message: string, rest: () => object): void {
    const labels = { budget: this.about.name }
    logLine(fiber, { level, message, labels }, { annotations: () => ({ ...labels, ...rest() }) })
  }

  /** Registers the series with the registry of a fiber, once. */
  register({ context }: AnyFiber): void {
    if (this.isForgotten) return
    const registry = Context.get(context, Metric.MetricRegistry)
    if (this.series.has(registry)) return
    if (this.registries.length >= this.most) {
      this.registries = this.registries.filter((registry) => registry.deref() !== undefined)
      this.most = Math.max(8, 2 * this.registries.length)
    }
    this.registries.push(new WeakRef(registry))
    const attributes = { budget: this.about.name }
    this.series.set(registry, [
      Metric.registerUnsafe(Metric.withAttributes(tokens(), attributes), context, reading(() => this.about.tokens())),
      ...(["granted", "refused"] as const).map((answer) =>
        Metric.registerUnsafe(
          Metric.withAttributes(retries(), { ...attributes, answer }),
          context,
          reading(() => this[answer])
        )
      )
    ])
  }

  /** Takes the series out of all registries, for good: only calls that are still open use the budget. */
  forget(): void {
    this.isForgotten = true
    for (const reference of this.registries.splice(0)) {
      const registry = reference.deref()
      for (const series of registry && this.series.get(registry) || []) series.remove()
    }
  }
}

const tokens = () => Metric.gauge("stamina_budget_tokens", { description: "Tokens that a retry budget holds." })

const retries = () =>
  Metric.counter("stamina_budget_retries_total", {
    description: "Retries that a retry budget was asked for.",
    incremental: true
  })

/** For gauges and counters alike: what is read is not written. */
const reading = (read: () => number) => ({
  get: () => ({ value: read(), count: read(), incremental: true }),
  update: () => {},
  modify: () => {}
})
