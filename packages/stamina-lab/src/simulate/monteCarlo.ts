/**
 * `RetrySimulation.run`, `samples` and `outlast`: what becomes of one call, found by making it many times.
 */
import type { GiveUpReason } from "effect-stamina/Decision"
import type { PaperRun } from "effect-stamina/PaperRun"
import type { RetryPolicy } from "effect-stamina/RetryPolicy"
import { checkPolicy, refuse } from "../tools/check.ts"
import * as distribution from "../tools/distribution.ts"
import { checkMillis } from "../tools/numbers.ts"
import * as calls from "./calls.ts"
import type { Sample, SampledAttempt, Scenario, Simulated } from "./model.ts"
import { fromScenario } from "./scenario.ts"

/** `RetrySimulation.run`. */
export const run = (policy: RetryPolicy, scenario: Scenario): Simulated => {
  const caller = "RetrySimulation.run"
  const checked = fromScenario(caller, scenario, 10_000)
  const { runs } = checked
  const numbers = (): Float64Array => new Float64Array(runs)
  const [attempts, totalWait, duration, lastChance] = [numbers(), numbers(), numbers(), numbers()]
  const reasons: Partial<Record<GiveUpReason, number>> = {}
  let ended = 0
  let succeeded = 0
  let unfinished = 0
  calls.make(checkPolicy(caller, policy), checked, {
    call: (run, chance, outcome) => {
      attempts[ended] = run.attempt
      totalWait[ended] = waited(run, outcome)
      duration[ended] = run.elapsed
      lastChance[ended] = chance
      ended++
      if (outcome === "Succeeded") succeeded++
      else if (outcome === "Unfinished") unfinished++
      else if (run.reason !== undefined) reasons[run.reason] = (reasons[run.reason] ?? 0) + 1
    }
  })
  const result = {
    runs,
    succeeded,
    unfinished,
    reasons,
    attempts: distribution.make(attempts),
    totalWait: distribution.make(totalWait),
    duration: distribution.make(duration),
    lastChance: distribution.make(lastChance)
  }
  checked.onProgress?.(1)
  return result
}

/** All waits of a run; the one after the last attempt that is looked at does not count. */
const waited = (run: PaperRun, outcome: string): number => run.waited + (outcome === "Unfinished" ? 0 : run.wait)

/** `RetrySimulation.samples`. */
export const samples = (policy: RetryPolicy, scenario: Scenario): ReadonlyArray<Sample> => {
  const made: Array<Sample> = []
  let attempts: Array<SampledAttempt> = []
  const caller = "RetrySimulation.samples"
  const checked = fromScenario(caller, scenario, 10)
  calls.make(checkPolicy(caller, policy), checked, {
    attempt: (run, begins, took) => {
      attempts.push({ begins, took, waitAfter: run.phase === "waiting" ? run.wait : undefined })
    },
    call: (run, _, outcome) => {
      made.push({
        attempts,
        outcome: run.reason ?? (outcome === "Succeeded" ? outcome : "Unfinished"),
        duration: run.elapsed
      })
      attempts = []
    }
  })
  checked.onProgress?.(1)
  return made
}

/** `RetrySimulation.outlast`. */
export const outlast = (always: Simulated, outage: unknown): number => {
  const caller = "RetrySimulation.outlast"
  if (always.succeeded > 0) refuse(caller, "always", "a simulation in which every attempt fails", always)
  return 1 - always.lastChance.shareBelow(checkMillis(caller, outage, "outage"))
}
