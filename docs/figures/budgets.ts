/**
 * Makes the tables of docs/budgets.md: what budgets save of a blip, and what they cost in an outage.
 *
 *     node docs/figures/budgets.ts            write the tables
 *     node docs/figures/budgets.ts --check    exit with 1 if a table on disk differs
 *
 * The same tables come out every time: chance is seeded and time is simulated.
 */
import { markdownTable } from "markdown-table"
import { readFileSync, writeFileSync } from "node:fs"
import {
  afterHang,
  type Budget,
  inOutage,
  ofFleetInOutage,
  withFailures
} from "../../packages/stamina-lab/test/kit/budgetTrials.ts"
import { none, refusing, waits } from "../../packages/stamina/bench/budget/players.ts"
import * as scenarios from "../../packages/stamina/bench/budget/scenarios.ts"

const page = new URL("../budgets.md", import.meta.url)

/** The three budgets that all tables compare. */
const players = [none, refusing(), waits({ maxWaiting: 32_000 })]
const options: ReadonlyArray<Budget> = [undefined, { capacity: 50, whenEmpty: "refuse" }, {}]
const names = ["no budget", "refuses (0.1)", "waits"]

const tableOf = (rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  markdownTable(rows, { align: rows[0]?.map(() => "r") ?? [], stringLength: (text) => text.length })

const percent = (share: number, digits = 0): string => {
  const factor = 10 ** digits
  // a share that is short of all is never rounded to all
  const rounded = share === 1 ? 100 : Math.floor(share * 100 * factor) / factor
  return `${rounded.toFixed(digits)} %`
}

/** Rare calls need many runs for a share. */
const seedsOf = (rate: number) => Array.from({ length: rate === 1 ? 100 : rate === 7 ? 15 : 1 }, (_, i) => i + 1)

const savedIn = (make: (typeof players)[number], rate: number, lasts: number): string => {
  const runs = seedsOf(rate).map((seed) => scenarios.blip({ make, seed, spread: 100 }, rate, 20, lasts))
  const sum = (of: "hit" | "saved") => runs.reduce((sum, run) => sum + run[of], 0)
  return percent(sum("saved") / sum("hit"))
}

const blips = tableOf([
  ["calls per second", ...[2, 5, 15].flatMap((lasts) => names.slice(1).map((name) => `${lasts} s, ${name}`))],
  ...[1, 7, 70, 700].map((rate) => [
    String(rate),
    ...[2000, 5000, 15_000].flatMap((lasts) => players.slice(1).map((make) => savedIn(make, rate, lasts)))
  ])
])

const closed = tableOf([
  ["traffic, blip of 2 s", ...names],
  ...[10, 50].map((workers) => [
    `${workers} workers: seconds below half speed`,
    ...players.map((make) => String(scenarios.loop({ make, seed: 1, spread: 100 }, workers, 2000).slow))
  ]),
  ...[50, 500].map((size) => [
    `a batch of ${size}: calls saved`,
    ...players.map((make) => {
      const { hit, saved } = scenarios.batch({ make, seed: 1, spread: 100 }, size, 2000)
      return percent(saved / hit)
    })
  ])
])

const recovered = (budget: Budget): string => {
  const seconds = afterHang(budget)
  return seconds === Infinity ? "never" : `${seconds} s`
}

const loads = tableOf([
  ["", ...names],
  ...[5, 70, 700].map((rate) => [
    `attempts per call in an outage of 2 min, ${rate}/s`,
    ...options.map((budget) => inOutage(budget, rate, rate === 5 ? 20 : rate === 70 ? 5 : 1).toFixed(3))
  ]),
  ["recovers from a hang of 10 s at 70 % load after", ...options.map(recovered)],
  ...[1, 70].map((rate) => [
    `calls that succeed where 30 % of attempts fail, ${rate}/s`,
    ...options.map((budget) => `${withFailures(budget, 0.3, rate, rate === 1 ? 100 : 5).toFixed(2)} %`)
  ])
])

const fleets = tableOf([
  ["processes", "a bucket each, first 10 s", "2 minutes", "one bucket for all, first 10 s", "2 minutes"],
  ...[1, 4, 20, 100, 500].map((processes) => [
    String(processes),
    ...[false, true].flatMap((shared) =>
      (["10 seconds", "2 minutes"] as const).map((lasts) => ofFleetInOutage(processes, shared, lasts).toFixed(3))
    )
  ])
])

/** Puts a table in its place in the page. */
const placed = (page: string, name: string, table: string): string => {
  const [begin, end] = [`<!-- ${name}: docs/figures/budgets.ts -->\n`, `<!-- end of ${name} -->`]
  const [head, rest] = page.split(begin)
  const tail = rest?.split(end)[1]
  if (head === undefined || tail === undefined) throw new Error(`docs/budgets.md has no place for ${name}`)
  return `${head}${begin}\n${table}\n\n${end}${tail}`
}

const before = readFileSync(page, "utf8")
const tables = { blips, closed, loads, fleets }
const after = Object.entries(tables).reduce((page, [name, table]) => placed(page, name, table), before)

if (!process.argv.includes("--check")) {
  writeFileSync(page, after)
} else if (after !== before) {
  console.error("docs/budgets.md does not hold the tables that its script makes: node docs/figures/budgets.ts")
  process.exitCode = 1
} else {
  console.log("the tables of docs/budgets.md are as their script makes them")
}
