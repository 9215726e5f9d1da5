/**
 * The checked options of a fleet.
 */
import { type Made, makerOf } from "../tools/budget.ts"
import { checkKnown, refuse } from "../tools/check.ts"
import { checkChance, checkCount, checkLimit, checkPositive, checkSeed, checkSpan, most } from "../tools/numbers.ts"
import { checkOnProgress, type OnProgress } from "../tools/progress.ts"
import * as random from "../tools/random.ts"
import type { Fleet } from "./model.ts"
import { type CheckedServer, type CheckedTrouble, serverOf, troubleOf } from "./server.ts"

/** Times are in milliseconds. */
export interface CheckedFleet {
  readonly clients: number
  readonly rate: number | "herd"
  readonly server: CheckedServer
  readonly trouble: CheckedTrouble | undefined
  readonly lasts: number
  readonly attemptTimeout: number
  readonly failures: number
  readonly makeBudget: (() => Made) | undefined
  readonly isShared: boolean
  readonly step: number
  readonly onProgress: OnProgress | undefined
  /** The random numbers of decisions, */
  readonly random: () => number
  /** and those of calls and failures. */
  readonly chance: () => number
}

/** More steps than a chart has, and more calls than anybody waits for. */
const mostSteps = 1_000_000
const mostCalls = 100_000_000

/** Checks the options on behalf of the function named `caller`. */
export const fromFleet = (caller: string, options: Fleet): CheckedFleet => {
  checkKnown(caller, options, [
    "clients",
    "rate",
    "server",
    "trouble",
    "lasts",
    "attemptTimeout",
    "failures",
    "budget",
    "sharedBudget",
    "step",
    "seed",
    "onProgress"
  ])
  const seed = checkSeed(caller, options.seed ?? 1)
  const clients = checkCount(caller, options.clients, "clients", most)
  const rate = options.rate === "herd" ? options.rate : checkPositive(caller, options.rate, "rate")
  const lasts = checkSpan(caller, options.lasts ?? 120_000, "lasts")
  const step = checkSpan(caller, options.step ?? 1000, "step")
  // each of them may be in range, and all together for ever
  if (lasts / step > mostSteps) refuse(caller, "step", `long enough for ${mostSteps} steps in all of lasts`, step)
  if (rate !== "herd" && clients * rate * lasts / 1000 > mostCalls) {
    refuse(caller, "rate", `so low that all clients make no more than ${mostCalls} calls in all of lasts`, rate)
  }
  const decisions = random.make(seed)
  return {
    clients,
    rate,
    trouble: troubleOf(caller, options.trouble),
    lasts,
    attemptTimeout: checkLimit(caller, options.attemptTimeout, "attemptTimeout"),
    failures: checkChance(caller, options.failures ?? 0, "failures"),
    makeBudget: makerOf(caller, options.budget, decisions),
    isShared: options.sharedBudget ?? false,
    step,
    onProgress: checkOnProgress(caller, options.onProgress),
    server: serverOf(caller, options.server),
    random: decisions,
    chance: random.make(~seed)
  }
}
