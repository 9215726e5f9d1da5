/**
 * `stamina fleet`: many clients and one server that is in trouble.
 */
import { RetryPolicy } from "effect-stamina"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Trouble } from "../simulate/RetrySimulation.ts"
import * as words from "../tools/Words.ts"
import * as chart from "./chart.ts"
import { Misuse } from "./failures.ts"
import * as flags from "./flags.ts"
import type { Crowd } from "./jobs.ts"
import { type Screen, screen, wrap } from "./screen.ts"
import { read, source } from "./source.ts"
import { encode, work } from "./work.ts"

const config = {
  ...source,
  clients: flags.integer("clients", "How many clients there are (default: 20)"),
  rate: flags.number("rate", "How many calls each client begins per second, at random (default: 2.5)"),
  herd: flags.toggle("herd", "Each client makes one call, all at the same time"),
  capacity: flags.number("capacity", "How many attempts the server serves per second (default: 100)"),
  queue: flags.integer("queue", "How many attempts may wait at the server; it refuses more (default: no limit)"),
  skipsAbandoned: flags.toggle("skips-abandoned", "The server passes over attempts that nobody waits for"),
  trouble: flags.oneOf(
    "trouble",
    ["hangs", "refuses", "slow", "none"],
    "What is wrong with the server (default: hangs)"
  ),
  troubleFrom: flags.duration("trouble-from", "When the trouble begins (default: 10s; for a herd: 0)"),
  troubleLasts: flags.duration("trouble-lasts", "How long the trouble lasts (default: 10s)"),
  factor: flags.number("factor", "What is left of the capacity of a slow server, up to 1 (default: 0.5)"),
  lasts: flags.duration("lasts", "How long is simulated (default: 1m)"),
  attemptTimeout: flags.duration("attempt-timeout", "How long an attempt may take (default: 1s)"),
  chance: flags.number("chance", "The probability that an attempt fails though it was served (default: 0)"),
  ...flags.budget,
  sharedBudget: flags.toggle("shared-budget", "All clients share one budget"),
  step: flags.duration("step", "The width of a step of time in the result (default: 1s)"),
  seed: flags.seed,
  json: flags.json
}

export const fleet = Command.make(
  "fleet",
  config,
  Effect.fnUntraced(function*({ json, ...given }) {
    const policy = yield* read(given)
    const budget = flags.toBudget(given)
    if (given.herd && given.rate !== undefined) return yield* new Misuse({ message: "Give --herd or --rate, not both" })
    if (given.sharedBudget && budget === undefined) {
      return yield* new Misuse({ message: "--shared-budget needs --budget" })
    }
    if (given.factor !== undefined && given.trouble !== "slow") {
      return yield* new Misuse({ message: "--factor is for --trouble slow" })
    }
    if (given.trouble === "none" && (given.troubleFrom !== undefined || given.troubleLasts !== undefined)) {
      return yield* new Misuse({ message: "--trouble-from and --trouble-lasts are not for --trouble none" })
    }
    const { clients = 20, herd, lasts = 60_000, rate = 2.5, trouble: kind = "hangs" } = given
    const { factor, troubleFrom = herd ? 0 : 10_000, troubleLasts = 10_000 } = given
    if (kind !== "none" && troubleFrom >= lasts) {
      return yield* new Misuse({
        message: `The trouble begins after ${words.time(troubleFrom)}, and only ${words.time(lasts)} are simulated: `
          + "give a longer --lasts, or an earlier --trouble-from"
      })
    }
    const trouble = kind === "none" ? undefined : { kind, from: troubleFrom, lasts: troubleLasts, factor }
    const options = {
      clients,
      rate: herd ? "herd" as const : rate,
      server: { capacity: given.capacity ?? 100, queue: given.queue, skipsAbandoned: given.skipsAbandoned },
      trouble,
      lasts,
      attemptTimeout: given.attemptTimeout ?? 1000,
      failures: given.chance,
      budget,
      sharedBudget: given.sharedBudget,
      step: given.step,
      seed: given.seed
    }
    const calls = clients * (herd ? 1 : rate * lasts / 1000)
    const crowd = yield* work({ kind: "crowd", policy: yield* encode(policy), options }, {
      what: `${words.count(Math.round(calls))} calls`,
      // each attempt is several events
      decisions: 10 * calls * Math.min(RetryPolicy.bounds(policy).attempts, 100)
    })
    if (json) return yield* Console.log(JSON.stringify(crowd, null, 2))
    const outlives = troubleFrom + troubleLasts >= lasts
    const shown = yield* screen
    yield* Console.log(`${wrap(scenarioOf(options), shown.width)}\n`)
    yield* Console.log(text(crowd, trouble && { ...trouble, outlives }, shown))
  })
).pipe(
  Command.withDescription(
    "Let many clients call a server in trouble: how much load retries add, and whether it recovers"
  ),
  Command.withExamples([
    {
      command: "stamina fleet '{}' --budget",
      description: "A server that hangs for 10 s, where a budget limits retries"
    },
    {
      command: "stamina fleet '{\"backoff\":\"equal\",\"attempts\":13}' --herd --clients 1000 --capacity 1000",
      description: "1000 clients at once"
    }
  ])
)

/** What is simulated, in words: without it, the numbers below would be a riddle. */
const scenarioOf = (options: {
  readonly clients: number
  readonly rate: number | "herd"
  readonly server: { readonly capacity: number }
  readonly trouble: { readonly kind: Trouble["kind"]; readonly from: number; readonly lasts: number } | undefined
  readonly lasts: number
  readonly attemptTimeout: number
  readonly budget: object | undefined
  readonly sharedBudget: boolean
}): string => {
  const { attemptTimeout, budget, clients, lasts, rate, server, sharedBudget, trouble } = options
  const who = rate === "herd"
    ? `${words.count(clients)} clients make one call each, all at once`
    : `${words.count(clients)} clients make ${words.count(rate)} calls a second each`
  return `${who}, for ${words.time(lasts)}. The server serves ${words.count(server.capacity)} attempts a second${
    trouble === undefined
      ? ""
      : ` and ${verbs[trouble.kind]} from ${words.time(trouble.from)} to ${words.time(trouble.from + trouble.lasts)}`
  }. An attempt may take ${words.time(attemptTimeout)}. ${
    budget === undefined
      ? "There is no retry budget."
      : sharedBudget
      ? "All clients share one retry budget."
      : "Each client has a retry budget."
  }`
}

const verbs: Readonly<Record<Trouble["kind"], string>> = { refuses: "refuses all", hangs: "hangs", slow: "is slow" }

/** `outlives`: it is not over before the simulation is. */
type Shown = Trouble & { readonly outlives: boolean }

const text = (crowd: Crowd, trouble: Shown | undefined, screen: Screen): string => {
  const {
    amplification,
    amplificationAfter,
    attempts,
    calls,
    gaveUp,
    latency,
    open,
    recoveredAfter,
    succeeded,
    wasted
  } = crowd
  const sentences = [
    `${words.count(calls)} calls make ${words.count(attempts)} attempts, ${words.count(amplification)} per call.`,
    ...(open === 0 ? [] : [
      `${words.percent(gaveUp / calls)} of the calls give up, and ${
        words.percent(open / calls)
      } have not ended when the simulation does.`
    ]),
    `${words.percent(succeeded / calls)} of the calls succeed${
      latency === null ? "" : `, half of them within ${words.time(latency.p50)}, 99 % within ${words.time(latency.p99)}`
    }.`,
    ...(wasted === 0 ? [] : [`The server serves ${words.count(wasted)} attempts for nobody.`]),
    ...(trouble === undefined || (recoveredAfter === null && !trouble.outlives) ? [] : [
      (trouble.outlives
        ? "The trouble lasts until the end"
        : recoveredAfter === "never"
        ? "Calls do not succeed again before the end"
        : recoveredAfter === 0 || recoveredAfter === null
        ? "Calls succeed again as soon as the trouble is over"
        : `Calls succeed again ${words.time(recoveredAfter)} after the trouble is over`)
      + (amplificationAfter === null ? "." : `, with ${words.count(amplificationAfter)} attempts per call after it.`)
    ])
  ]
  return [wrap(sentences.join(" "), screen.width), series(crowd, screen)].join("\n\n")
}

const series = ({ step, steps }: Crowd, screen: Screen): string => {
  // on one scale, so that rows can be compared; the queue counts something else
  const full = Math.max(
    ...steps.map(({ attempts, calls, gaveUp, succeeded }) => Math.max(attempts, calls, gaveUp, succeeded))
  )
  const line = (label: string, values: ReadonlyArray<number>, unit: string) => ({
    label,
    values,
    full: unit === "" ? undefined : full,
    note: `up to ${words.count(Math.max(...values))}${unit}`
  })
  const each = step === 1000 ? "/s" : ` in ${words.time(step)}`
  const end = (steps[steps.length - 1]?.from ?? 0) + step
  return chart.lines(
    [
      line("calls", steps.map(({ calls }) => calls), each),
      line("attempts", steps.map(({ attempts }) => attempts), each),
      line("succeeded", steps.map(({ succeeded }) => succeeded), each),
      line("gave up", steps.map(({ gaveUp }) => gaveUp), each),
      line("queue", steps.map(({ queue }) => queue), "")
    ],
    ["0", words.time(end)],
    screen
  )
}
