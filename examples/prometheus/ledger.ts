/**
 * The service's own count, kept without the library: what the metrics must come to, given what the dependency saw.
 */
import type { Call } from "./calls.ts"

/** Series by name and labels, written as in Prometheus' text format. */
export type Series = Readonly<Record<string, number>>

export interface Ledger {
  readonly series: Series
  /** Adds a call that has ended, and the tags of the errors that the dependency answered with, in order. */
  readonly add: (call: Call, failures: ReadonlyArray<string>) => void
}

export const make = (): Ledger => {
  const series: Record<string, number> = {}
  const count = (name: string, labels: Readonly<Record<string, string>>, amount = 1) => {
    const key = format(name, labels)
    series[key] = (series[key] ?? 0) + amount
  }
  return {
    series,
    add: ({ budget, firstWait, name: callable, outcome }, failures) => {
      if (budget !== undefined) {
        // one token at first; a success puts it back, and a call that fails takes it
        const tokens = format("stamina_budget_tokens", { budget: budget.name })
        series[tokens] = failures.length > 0 ? 0 : 1
      }
      if (outcome === undefined || failures.length === 0) return
      // a run that gave up did so at its last failure; the others waited after every failure. A budget refuses a retry once its
      // wait is over
      const waited = ["recovered", "interrupted", "budget_exhausted"].includes(outcome)
        ? failures
        : failures.slice(0, -1)
      // one that was interrupted was so in its wait, before the next attempt
      const attempts = outcome === "recovered" ? failures.length + 1 : failures.length
      for (const i of waited.keys()) {
        count("stamina_scheduled_wait_seconds_total", { callable }, firstWait * 2 ** i / 1000)
      }
      // a retry counts when it begins
      for (const [i, error_type] of failures.slice(0, attempts - 1).entries()) {
        count("stamina_retries_total", { callable, retry_num: String(i + 1), error_type })
      }
      if (budget !== undefined) {
        count("stamina_budget_retries_total", { budget: budget.name, answer: "granted" }, failures.length - 1)
        count("stamina_budget_retries_total", { budget: budget.name, answer: "refused" })
        for (const answer of ["deferred", "woken", "gave_up"]) {
          count("stamina_budget_retries_total", { budget: budget.name, answer }, 0)
        }
        count("stamina_budget_waiting", { budget: budget.name }, 0)
      }
      count("stamina_runs_total", { callable, outcome })
      count("stamina_run_attempts_sum", { callable, outcome }, attempts)
      count("stamina_run_attempts_count", { callable, outcome })
    }
  }
}

/** A series' name and labels, the latter in order. */
const format = (name: string, labels: Readonly<Record<string, string>>): string => {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => a < b ? -1 : 1)
  return `${name}{${sorted.map(([label, value]) => `${label}="${value}"`).join(",")}}`
}

/** Reads what the library has put on a `/metrics` page, but for the buckets of histograms. */
export const parse = (page: string): Series => {
  const series: Record<string, number> = {}
  for (const [, name = "", labels = "", value] of page.matchAll(/^(stamina_\w+)\{(.*)\} (\S+)$/gm)) {
    if (name.endsWith("_bucket")) continue
    const pairs = Array.from(
      labels.matchAll(/(\w+)="([^"]*)"/g),
      ([, label = "", value = ""]) => [label, value] as const
    )
    series[format(name, Object.fromEntries(pairs))] = Number(value)
  }
  return series
}
