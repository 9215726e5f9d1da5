/**
 * What retry budgets tell of themselves: series that are read when metrics are, and a log line when a budget begins to
 * hold retries back and when it has filled again.
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
  /** The retries that wait for one; `undefined` if none ever does. */
  readonly waiting?: (() => number) | undefined
}

/**
 * What becomes of a retry at a budget: it is granted at once, or refused, or deferred. If deferred, it is woken in time, or its
 * limits end its wait (`gave_up`), or it is interrupted.
 */
const answers = ["granted", "refused", "deferred", "woken", "gave_up"] as const

type Counted = (typeof answers)[number]

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Counts the answers of one budget, and tells of them. */
export class BudgetTelemetry {
  granted = 0
  refused = 0
  deferred = 0
  woken = 0
  gave_up = 0
  /** Whether it has held back a retry and has not filled again since. */
  isExhausted = false
  private isForgotten = false
  private before = { refused: 0, deferred: 0 }
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

  count(answer: Counted, fiber: AnyFiber): void {
    this.register(fiber)
    if (!this.isExhausted && (answer === "refused" || answer === "deferred")) this.exhaust(answer, fiber)
    this[answer]++
  }

  private exhaust(answer: "refused" | "deferred", fiber: AnyFiber): void {
    this.isExhausted = true
    this.halfFullSince = undefined
    this.before = { refused: this.refusedSoFar, deferred: this.deferred }
    this.log(fiber, "Warn", "stamina.budget_exhausted", () => ({
      granted: this.granted,
      summary: answer === "refused"
        ? "retries are refused until calls succeed again"
        : "retries wait until calls succeed again"
    }))
  }

  private get refusedSoFar(): number {
    return this.refused + this.gave_up
  }

  /**
   * For a budget that has held back retries: it has recovered when it stays half full for ten seconds. One look is not
   * enough, since calls that are open are credited before they fail, and a few successes pay for a token in an outage.
   */
  seen(isHalfFull: boolean, fiber: AnyFiber): void {
    if (!this.isExhausted) return
    const now = clock.read(fiber)
    this.halfFullSince = isHalfFull ? this.halfFullSince ?? now : undefined
    if (this.halfFullSince === undefined || clock.millisBetween(this.halfFullSince, now) < 10_000) return
    this.isExhausted = false
    this.log(fiber, "Info", "stamina.budget_recovered", () => ({
      refused: this.refusedSoFar - this.before.refused,
      deferred: this.deferred - this.before.deferred
    }))
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
      Metric.registerUnsafe(
        Metric.withAttributes(waiting(), attributes),
        context,
        reading(() => this.about.waiting?.() ?? 0)
      ),
      ...answers.map((answer) =>
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

const waiting = () =>
  Metric.gauge("stamina_budget_waiting", { description: "Retries that wait for a token of a retry budget." })

const retries = () =>
  Metric.counter("stamina_budget_retries_total", {
    description: "Retries that a retry budget was asked for, and what became of those that waited.",
    incremental: true
  })

/** For gauges and counters alike: what is read is not written. */
const reading = (read: () => number) => ({
  get: () => ({ value: read(), count: read(), incremental: true }),
  update: () => {},
  modify: () => {}
})
