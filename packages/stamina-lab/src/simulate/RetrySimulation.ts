/**
 * What becomes of calls that are retried by a policy, found by simulation: of one call, and of a fleet of clients.
 *
 * Nothing sleeps and nothing is called. Each decision is that of the drivers, and so is each wait. A simulation is a pure
 * function of its arguments: the same seed gives the same result everywhere.
 *
 * @since 0.1.0
 */
import type { RetryPolicy } from "effect-stamina/RetryPolicy"
import type * as Duration from "effect/Duration"
import * as ofFleet from "../fleet/fleet.ts"
import type { Fleet, FleetResult } from "../fleet/model.ts"
import { fromFleet } from "../fleet/options.ts"
import * as distribution from "../tools/distribution.ts"
import type { Distribution, Quantiles } from "../tools/distribution.ts"
import type { Sample, Scenario, Simulated } from "./model.ts"
import * as monteCarlo from "./monteCarlo.ts"
import { fromScenario } from "./scenario.ts"

export type { Fleet, FleetResult, Server, Step, Trouble } from "../fleet/model.ts"
export type { BudgetInput } from "../tools/budget.ts"
export type { Bin, Distribution, Quantiles } from "../tools/distribution.ts"
export type { OnProgress } from "../tools/progress.ts"
export type { Failures, Hints, Latency, Sample, SampledAttempt, Scenario, Simulated } from "./model.ts"

/**
 * Simulates a call many times, and says what becomes of it: how many attempts it makes, how long it waits and takes, how
 * often it succeeds, and why it gives up.
 *
 * **Details**
 *
 * By default, 10 000 calls are made of which every attempt fails at once. A quantile of so many runs is within 1 % of the
 * exact one, except if the distribution has a gap just there.
 *
 * Calls are independent of one another, unless they share a budget. Then they are made one after the other, and what one
 * spends, the next does not have.
 *
 * A policy may allow runs without end. So no more than `horizon` attempts of a run are looked at; runs that would have
 * gone on are counted as `unfinished`.
 *
 * **Gotchas**
 *
 * Only default waits and `hints` are simulated, not waits that `on` chooses. Throws a `RangeError` when something is out
 * of range or unknown.
 *
 * **Example** (A dependency that is down for ten seconds)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
 *
 * const policy = RetryPolicy.make({ attempts: 8, backoff: "equal" })
 * const { attempts, reasons, runs, succeeded } = RetrySimulation.run(policy, {
 *   failures: { outage: "10 seconds" },
 *   latency: "50 millis"
 * })
 *
 * console.log(Math.round(100 * succeeded / runs), reasons, attempts.max)
 * // 10 { AttemptsExhausted: 8994 } 8
 * ```
 *
 * @category simulating
 * @since 0.1.0
 */
export const run = (policy: RetryPolicy, scenario: Scenario = {}): Simulated => monteCarlo.run(policy, scenario)

/**
 * Simulates calls as {@link run} does, by default ten, and shows each of them attempt by attempt.
 *
 * **Details**
 *
 * With the same seed and scenario, these are the first calls that `run` counts.
 *
 * **Example** (One run)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
 *
 * const policy = RetryPolicy.make({ attempts: 3, waitJitter: 0 })
 *
 * for (const { attempts, duration, outcome } of RetrySimulation.samples(policy, { latency: 50, runs: 1 })) {
 *   attempts.forEach((attempt) => console.log(attempt))
 *   console.log(outcome, duration)
 * }
 * // { begins: 0, took: 50, waitAfter: 100 }
 * // { begins: 150, took: 50, waitAfter: 200 }
 * // { begins: 400, took: 50, waitAfter: undefined }
 * // AttemptsExhausted 450
 * ```
 *
 * @category simulating
 * @since 0.1.0
 */
export const samples = (policy: RetryPolicy, scenario: Scenario = {}): ReadonlyArray<Sample> =>
  monteCarlo.samples(policy, scenario)

/**
 * The share of runs that outlast an outage, from a simulation in which every attempt fails. So one simulation gives the
 * whole curve.
 *
 * **Details**
 *
 * A run outlasts an outage if it still makes an attempt when the outage is over. Outages begin with the call, and end
 * after `outage`.
 *
 * **Gotchas**
 *
 * Throws a `RangeError` if attempts of the simulation succeeded: how long its runs could have gone on is not known.
 *
 * **Example** (Two policies in outages)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
 *
 * for (const backoff of ["additive", "equal"] as const) {
 *   const always = RetrySimulation.run(RetryPolicy.make({ backoff }), { latency: 50 })
 *   console.log(backoff, [5, 15, 25].map((seconds) => RetrySimulation.outlast(always, seconds * 1000).toFixed(2)))
 * }
 * // additive [ '1.00', '1.00', '0.36' ]
 * // equal [ '1.00', '0.84', '0.00' ]
 * ```
 *
 * @category simulating
 * @since 0.1.0
 */
export const outlast = (always: Simulated, outage: Duration.Input): number => monteCarlo.outlast(always, outage)

/**
 * Simulates many clients that call one server, and a trouble that the server has: how much load the retries add, and
 * whether the server comes back.
 *
 * **Details**
 *
 * The server serves one attempt after the other. While it cannot keep up, its queue grows, and clients that have waited
 * for `attemptTimeout` retry. If that adds more load than the server can serve, the overload keeps itself going after the
 * trouble is over, and `recoveredAfter` is `Infinity`.
 *
 * A refusal takes 1 ms. Calls begin at random, independently of each other. Each client has a budget of its own, unless
 * `sharedBudget` is set.
 *
 * **Gotchas**
 *
 * A million events take about a second. Throws a `RangeError` when something is out of range or unknown.
 *
 * **Example** (A server that hangs for ten seconds)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
 *
 * const fleet = {
 *   clients: 20,
 *   rate: 7,
 *   server: { capacity: 200 },
 *   trouble: { kind: "hangs", from: "10 seconds", lasts: "10 seconds" },
 *   attemptTimeout: "1 second"
 * } as const
 *
 * const alone = RetrySimulation.fleet(RetryPolicy.defaults, fleet)
 * console.log(alone.amplificationAfter > 9, alone.recoveredAfter) // true Infinity
 *
 * const limited = RetrySimulation.fleet(RetryPolicy.defaults, { ...fleet, budget: { capacity: 50, refill: 0.2 } })
 * console.log(limited.amplificationAfter < 2, limited.recoveredAfter < 60_000) // true true
 * ```
 *
 * @category simulating
 * @since 0.1.0
 */
export const fleet = (policy: RetryPolicy, options: Fleet): FleetResult => ofFleet.fleet(policy, options)

/**
 * Checks what {@link run} would simulate, and simulates nothing: for a form that shows what is wrong with a field.
 *
 * Throws the `RangeError` that {@link run} would throw.
 *
 * @category checking
 * @since 0.2.0
 */
export const check = (scenario: Scenario): void => {
  fromScenario("RetrySimulation.check", scenario, 1)
}

/**
 * Checks what {@link fleet} would simulate, and simulates nothing.
 *
 * Throws the `RangeError` that {@link fleet} would throw.
 *
 * @category checking
 * @since 0.2.0
 */
export const checkFleet = (options: Fleet): void => {
  fromFleet("RetrySimulation.checkFleet", options)
}

/**
 * A distribution in the numbers that people ask for first.
 *
 * **Example** (How long a call takes that never succeeds)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
 *
 * const { duration } = RetrySimulation.run(RetryPolicy.make({ attempts: 3, waitJitter: 0 }))
 *
 * console.log(RetrySimulation.quantiles(duration).p99) // 300
 * ```
 *
 * @category inspecting
 * @since 0.2.0
 */
export const quantiles = (numbers: Distribution): Quantiles => distribution.quantiles(numbers)
