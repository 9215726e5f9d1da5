/**
 * (g) Simulations: what an attempt costs that is only simulated, and an event of a fleet.
 */
import { Decision, RetryPolicy } from "effect-stamina"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import type { Result } from "../../stamina/bench/kit/result.ts"
import { sample, sampleColumns, sampleRatio, sampleRows } from "../../stamina/bench/kit/sampling.ts"

const runs = 10_000
const policy = RetryPolicy.defaults
const { attempts } = policy

/** The bare decisions of such runs, one after the other. */
const decisions = (): number => {
  const plan = Decision.fromPolicy(policy)
  let ended = 0
  for (let run = 0; run < runs; run++) {
    let elapsed = 50
    let previousWait: number | undefined
    for (let attempt = 1;; attempt++) {
      const decision = Decision.decide(plan, { attempt, elapsed, verdict: true, previousWait }, () => 0.5)
      if (decision._tag === "Stop") break
      previousWait = decision.wait
      elapsed += decision.wait + 50
    }
    ended += elapsed
  }
  return ended
}

const fleet = {
  clients: 100,
  rate: 7,
  lasts: "1 minute",
  server: { capacity: 1000 },
  trouble: { kind: "hangs", from: "10 seconds", lasts: "10 seconds" },
  attemptTimeout: "1 second"
} as const satisfies RetrySimulation.Fleet

const overloaded = () => RetrySimulation.fleet(policy, fleet)
const limited = () => RetrySimulation.fleet(policy, { ...fleet, budget: {} })

const simulated = sample({
  decisions,
  run: () => RetrySimulation.run(policy, { latency: 50, runs }),
  quantiles: () => RetrySimulation.run(policy, { latency: 50, runs }).duration.quantile(0.99),
  budget: () => RetrySimulation.run(policy, { latency: 50, runs, budget: { capacity: 1e9 } })
}, { calls: runs * attempts, rounds: 20, runs: 3 })

const events = sample({ overloaded, limited }, {
  calls: { overloaded: overloaded().events, limited: limited().events },
  rounds: 10,
  runs: 1
})

const results: ReadonlyArray<Result> = [
  {
    title: "Runs of the default, simulated",
    about: "Nanoseconds per attempt, all of which fail: as many milliseconds as 100,000 runs take.",
    columns: sampleColumns,
    rows: sampleRows(simulated, {
      decisions: "`Decision.decide` alone",
      run: "`RetrySimulation.run`",
      quantiles: "`RetrySimulation.run`, and a quantile",
      budget: "`RetrySimulation.run`, with a budget"
    }),
    ratios: [
      sampleRatio(
        simulated,
        "`RetrySimulation.run` / `Decision.decide` alone",
        (round) => round.run / round.decisions,
        3
      )
    ]
  },
  {
    title: "A fleet, simulated",
    about: "Nanoseconds per event: 2000 are half a million events in a second.",
    columns: sampleColumns,
    rows: sampleRows(events, {
      overloaded: "`RetrySimulation.fleet`, an overload that keeps itself going",
      limited: "`RetrySimulation.fleet`, with a budget"
    }),
    ratios: [
      sampleRatio(
        events,
        "an event of an overload / an event with a budget",
        (round) => round.overloaded / round.limited
      )
    ]
  }
]

console.log(JSON.stringify(results))
