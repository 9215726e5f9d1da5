/**
 * `stamina simulate`: one call, made many times.
 */
import { RetryPolicy } from "effect-stamina"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Failures, Quantiles } from "../simulate/RetrySimulation.ts"
import * as words from "../tools/Words.ts"
import * as chart from "./chart.ts"
import { Misuse } from "./failures.ts"
import * as flags from "./flags.ts"
import type { Calls } from "./jobs.ts"
import { latency, toLatency } from "./latency.ts"
import { type Screen, screen, wrap } from "./screen.ts"
import { read, source } from "./source.ts"
import { encode, work } from "./work.ts"

const config = {
  ...source,
  outage: flags.duration("outage", "Attempts fail until so long after the call began (default: all fail)"),
  chance: flags.number("chance", "Attempts fail with this probability, from 0 to 1 (default: all fail)"),
  ...latency,
  attemptTimeout: flags.attemptTimeout,
  deadline: flags.deadline,
  hint: flags.duration("hint", "Failures ask for a wait of at least so long, as by Retry-After"),
  hintMax: flags.duration("hint-max", "The longest such wait that is granted (default: 1m)"),
  hintChance: flags.number("hint-chance", "The probability that a failure asks for it, from 0 to 1 (default: 1)"),
  ...flags.budget,
  runs: flags.integer("runs", "How many calls are simulated (default: 10000)"),
  seed: flags.seed,
  json: flags.json
}

export const simulate = Command.make(
  "simulate",
  config,
  Effect.fnUntraced(function*({ json, ...given }) {
    const policy = yield* read(given)
    const failures = yield* failuresOf(given)
    if (given.hint === undefined && (given.hintMax ?? given.hintChance) !== undefined) {
      return yield* new Misuse({ message: "--hint-max and --hint-chance need --hint" })
    }
    const { hint: wait, hintChance, hintMax, runs = 10_000 } = given
    const scenario = {
      failures,
      latency: yield* toLatency(given),
      attemptTimeout: given.attemptTimeout,
      deadline: given.deadline,
      hints: wait === undefined ? undefined : { wait, max: hintMax, chance: hintChance },
      budget: flags.toBudget(given),
      runs,
      seed: given.seed
    }
    const { attempts } = RetryPolicy.bounds(policy)
    const calls = yield* work({ kind: "calls", policy: yield* encode(policy), scenario }, {
      what: `${words.count(runs)} calls`,
      decisions: runs * Math.min(attempts, 1000)
    })
    if (json) return yield* Console.log(JSON.stringify(calls, null, 2))
    yield* Console.log(text(calls, failures, yield* screen))
  })
).pipe(
  Command.withDescription(
    "Make a call many times on paper: how many attempts it makes, how long it takes, how it ends"
  ),
  Command.withExamples([
    {
      command: "stamina simulate '{\"attempts\":8}' --outage 10s --latency 50ms",
      description: "A dependency that is down for 10 s"
    },
    {
      command: "stamina simulate '{}' --chance 0.3 --budget",
      description: "3 of 10 attempts fail, and a budget limits retries"
    }
  ])
)

const failuresOf = ({ chance, outage }: {
  readonly chance: number | undefined
  readonly outage: number | undefined
}): Effect.Effect<Failures, Misuse> => {
  if (outage !== undefined && chance !== undefined) {
    return Effect.fail(new Misuse({ message: "Give --outage or --chance, not both" }))
  }
  return Effect.succeed(outage !== undefined ? { outage } : chance !== undefined ? { chance } : "always")
}

const text = (calls: Calls, failures: Failures, screen: Screen): string => {
  const { duration, histogram, runs, succeeded, unfinished } = calls
  const ends = [
    `${words.percent(succeeded / runs)} succeed`,
    ...Object.entries(calls.reasons).map(([reason, given]) => `${words.percent(given / runs)} give up: ${reason}`),
    ...(unfinished === 0 ? [] : [`${words.percent(unfinished / runs)} go on after 1000 attempts`])
  ]
  return [
    wrap(
      `Of ${words.count(runs)} calls${failures === "always" ? ", of which every attempt fails" : ""}: ${
        ends.join("; ")
      }.`,
      screen.width
    ),
    table(calls, screen),
    ...(duration.min === duration.max ? [] : [[
      wrap("How long the calls take, and how many of them:", screen.width),
      chart.bars(
        histogram.map(({ count, from }) => ({
          label: words.time(from),
          sure: count,
          most: count,
          note: words.percent(count / runs)
        })),
        screen
      )
    ].join("\n")])
  ].join("\n\n")
}

const table = (calls: Calls, { paint, width }: Screen): string => {
  const lines = leastTold.map((left) => tableOf(calls, columns.filter((column) => !left.includes(column))))
  // if a terminal is too narrow for all columns, some are left out
  const fitting = lines.find(([header = ""]) => header.length <= width) ?? lines[lines.length - 1] ?? []
  return fitting.map((line, i) => i === 0 ? paint("dim", line) : line).join("\n")
}

const columns = ["min", "p50", "p90", "p99", "max"] as const

/** Columns to leave out. */
const leastTold: ReadonlyArray<ReadonlyArray<typeof columns[number]>> = [[], ["min"], ["min", "p90"], [
  "min",
  "p90",
  "max"
]]

const tableOf = (
  { attempts, duration, totalWait }: Calls,
  columns: ReadonlyArray<keyof Quantiles>
): ReadonlyArray<string> => {
  const rows = [
    ["", ...columns],
    ["attempts", ...columns.map((column) => words.count(attempts[column]))],
    ["waits", ...columns.map((column) => words.time(totalWait[column]))],
    ["duration", ...columns.map((column) => words.time(duration[column]))]
  ]
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i + 1]?.length ?? 0)))
  return rows.map(([name = "", ...cells]) =>
    [name.padEnd(8), ...cells.map((cell, i) => cell.padStart(widths[i] ?? 0))].join("  ")
  )
}
