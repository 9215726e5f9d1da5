/**
 * How long attempts take, as far as the command line says.
 */
import * as Effect from "effect/Effect"
import type { Latency } from "../simulate/RetrySimulation.ts"
import { Misuse } from "./failures.ts"
import * as flags from "./flags.ts"

export const latency = {
  latency: flags.duration("latency", "How long an attempt takes (default: 0)"),
  latencyP99: flags.duration("latency-p99", "How long 99 % of attempts take at most; --latency is then the median")
}

export const toLatency = (given: {
  readonly latency: number | undefined
  readonly latencyP99: number | undefined
}): Effect.Effect<Latency | undefined, Misuse> => {
  if (given.latencyP99 === undefined) return Effect.succeed(given.latency)
  return given.latency === undefined
    ? Effect.fail(new Misuse({ message: "--latency-p99 needs --latency, the median" }))
    : Effect.succeed({ median: given.latency, p99: given.latencyP99 })
}
