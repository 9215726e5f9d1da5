/**
 * What retry budgets are tried on: an outage, failures by chance, and a service that hangs for ten seconds. By these the
 * defaults of `RetryBudget` were chosen; `docs/figures/budgets.ts` makes the table of the docs of them.
 */
import { RetryPolicy } from "effect-stamina"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"

export type Budget = RetrySimulation.BudgetInput | undefined

/** A service that is never short of anything. */
const ample = { capacity: 1_000_000 }

const ofFleet = (options: RetrySimulation.Fleet) => RetrySimulation.fleet(RetryPolicy.defaults, options)

/** Attempts per call of one client in two minutes in which all calls fail. */
export const inOutage = (budget: Budget, rate: number, clients: number): number =>
  ofFleet({ clients, rate, budget, server: ample, failures: 1, lasts: "2 minutes" }).amplification

/** The share of calls that end and succeed, in percent, where each attempt fails with a probability. */
export const withFailures = (budget: Budget, failures: number, rate: number, clients: number): number => {
  const { reasons, succeeded } = ofFleet({ clients, rate, budget, server: ample, failures, lasts: "2 minutes" })
  const gaveUp = Object.values(reasons).reduce((sum, calls) => sum + calls, 0)
  return 100 * succeeded / (succeeded + gaveUp)
}

/** Seconds until calls succeed again after a hang of ten seconds, at 70 % of what the service can do. */
export const afterHang = (budget: Budget, scale = 1): number =>
  ofFleet({
    clients: 100 * scale,
    rate: 7,
    budget,
    server: { capacity: 1000 * scale },
    attemptTimeout: "1 second",
    trouble: { kind: "hangs", from: "30 seconds", lasts: "10 seconds" },
    lasts: "4 minutes"
  }).recoveredAfter / 1000

/** Attempts per call of a fleet with 500 calls per second in all, where all calls fail, with a bucket each or one for all. */
export const ofFleetInOutage = (clients: number, sharedBudget: boolean, lasts: "10 seconds" | "2 minutes"): number =>
  ofFleet({ clients, rate: 500 / clients, budget: {}, sharedBudget, server: ample, failures: 1, lasts }).amplification
