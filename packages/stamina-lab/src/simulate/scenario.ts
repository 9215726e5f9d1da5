/**
 * What happens to the calls of a scenario: how long each attempt takes, whether it fails, and what it then asks for.
 */
import { atLeast, type Verdict } from "effect-stamina/RetryOn"
import * as Predicate from "effect/Predicate"
import { type Made, makerOf } from "../tools/budget.ts"
import { checkKnown, refuse } from "../tools/check.ts"
import { checkChance, checkCount, checkLimit, checkMillis, checkSeed, most } from "../tools/numbers.ts"
import { checkOnProgress, type OnProgress } from "../tools/progress.ts"
import * as random from "../tools/random.ts"
import type { Failures, Hints, Latency, Scenario } from "./model.ts"

/** A checked scenario, with times in milliseconds. */
export interface Checked {
  readonly world: World
  readonly attemptTimeout: number
  readonly deadline: number
  readonly budget: (() => Made) | undefined
  readonly runs: number
  readonly horizon: number
  /** The random numbers of decisions. Those of the world are others, so that a policy does not change its world. */
  readonly random: () => number
  readonly onProgress: OnProgress | undefined
}

/** The outcomes of attempts, before the limits of their callers. */
export interface World {
  /** How long the next attempt takes, in milliseconds. */
  readonly takes: () => number
  /** Whether an attempt fails that begins so long after the first. */
  readonly fails: (begins: number) => boolean
  /** What its failure results in. */
  readonly verdict: () => Verdict
}

/** Checks a scenario on behalf of the function named `caller`. */
export const fromScenario = (caller: string, scenario: Scenario, runs: number): Checked => {
  checkKnown(caller, scenario, [
    "failures",
    "latency",
    "attemptTimeout",
    "deadline",
    "hints",
    "budget",
    "runs",
    "seed",
    "horizon",
    "onProgress"
  ])
  const seed = checkSeed(caller, scenario.seed ?? 1)
  const chance = random.make(~seed)
  const decisions = random.make(seed)
  return {
    world: {
      takes: takes(caller, scenario.latency ?? 0, chance),
      fails: fails(caller, scenario.failures ?? "always", chance),
      verdict: verdict(caller, scenario.hints, chance)
    },
    attemptTimeout: checkLimit(caller, scenario.attemptTimeout, "attemptTimeout"),
    deadline: checkLimit(caller, scenario.deadline, "deadline"),
    budget: makerOf(caller, scenario.budget, decisions),
    runs: checkCount(caller, scenario.runs ?? runs, "runs", most),
    horizon: checkCount(caller, scenario.horizon ?? 1000, "horizon", mostAttempts),
    random: decisions,
    onProgress: checkOnProgress(caller, scenario.onProgress)
  }
}

/** So many attempts of a call take about a second. */
const mostAttempts = 10_000_000

const fails = (caller: string, failures: Failures, chance: () => number): World["fails"] => {
  if (failures === "always") return () => true
  if (Predicate.hasProperty(failures, "outage")) {
    const outage = checkMillis(caller, failures.outage, "failures.outage")
    return (begins) => begins < outage
  }
  if (Predicate.hasProperty(failures, "chance")) {
    const probability = checkChance(caller, failures.chance, "failures.chance")
    return () => chance() < probability
  }
  return refuse(caller, "failures", "\"always\", { outage } or { chance }", failures)
}

/** Checks how long attempts take on behalf of the function named `caller`, and returns it. */
export const checkLatency = (caller: string, latency: Latency): Latency => {
  takes(caller, latency, () => 0)
  return latency
}

const takes = (caller: string, latency: Latency, chance: () => number): World["takes"] => {
  if (!isLogNormal(latency)) {
    const millis = checkMillis(caller, latency, "latency")
    return () => millis
  }
  const median = checkMillis(caller, latency.median, "latency.median")
  const p99 = checkMillis(caller, latency.p99, "latency.p99")
  if (median <= 0 || p99 < median) refuse(caller, "latency", "a median > 0 and a p99 that is no less", latency)
  const mu = Math.log(median)
  const sigma = Math.log(p99 / median) / normalAt99
  return () => Math.exp(mu + sigma * random.normal(chance))
}

const isLogNormal = (latency: Latency): latency is Extract<Latency, { readonly p99: unknown }> =>
  Predicate.hasProperty(latency, "median")

/** What a standard normal variable does not exceed in 99 of 100 cases. */
const normalAt99 = 2.3263478740408408

const verdict = (caller: string, hints: Hints | undefined, chance: () => number): World["verdict"] => {
  if (hints === undefined) return () => true
  checkKnown(caller, hints, ["wait", "max", "chance"])
  const probability = checkChance(caller, hints.chance ?? 1, "hints.chance")
  checkLimit(caller, hints.max, "hints.max")
  const hint = atLeast(checkMillis(caller, hints.wait, "hints.wait"), hints.max)
  // as for every `on`: a hint of no wait means the default wait
  const answer = hint.wait > 0 ? hint : true
  return () => probability === 1 || chance() < probability ? answer : true
}
