/**
 * Makes the tables of docs/budgets.md: what budgets cost in an outage, and what they leave of retries without one.
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

const page = new URL("../budgets.md", import.meta.url)

const budgets: ReadonlyArray<readonly [capacity: number, refill: number]> = [
  [10, 0.1],
  [10, 0.2],
  [20, 0.1],
  [50, 0.05],
  [50, 0.1],
  [50, 0.2],
  [100, 0.1],
  [100, 0.2],
  [500, 0.07]
]

const outage = (budget: Budget): ReadonlyArray<string> => {
  const recovered = afterHang(budget)
  return [
    inOutage(budget, 5, 20).toFixed(3),
    inOutage(budget, 70, 5).toFixed(3),
    inOutage(budget, 700, 1).toFixed(3),
    recovered === Infinity ? "never" : `${recovered} s`
  ]
}

const failures = (budget: Budget): ReadonlyArray<string> => [
  `${withFailures(budget, 0.2, 1, 100).toFixed(2)} %`,
  `${withFailures(budget, 0.2, 70, 5).toFixed(2)} %`,
  `${withFailures(budget, 0.3, 1, 100).toFixed(2)} %`,
  `${withFailures(budget, 0.3, 70, 5).toFixed(2)} %`
]

/** A row without a budget, and one for each budget; that of the defaults is bold. */
const table = (heads: ReadonlyArray<string>, row: (budget: Budget) => ReadonlyArray<string>): string =>
  markdownTable([
    ["capacity", "refill", ...heads],
    ["none", "", ...row(undefined)],
    ...budgets.map(([capacity, refill]) => {
      const isDefault = capacity === 50 && refill === 0.2
      const bold = (text: number) => isDefault ? `**${text}**` : String(text)
      return [bold(capacity), bold(refill), ...row({ capacity, refill })]
    })
  ], { align: ["r", "r", "r", "r", "r", "r"], stringLength: (text) => text.length })

const outages = table(["5 calls/s", "70 calls/s", "700 calls/s", "after a hang"], outage)
const chances = table(["20 %, 1 call/s", "20 %, 70 calls/s", "30 %, 1 call/s", "30 %, 70 calls/s"], failures)

const fleets = markdownTable([
  ["processes", "a bucket each, first 10 s", "2 minutes", "one bucket for all, first 10 s", "2 minutes"],
  ...[1, 4, 20, 100, 500].map((processes) => [
    String(processes),
    ...[false, true].flatMap((shared) =>
      (["10 seconds", "2 minutes"] as const).map((lasts) => ofFleetInOutage(processes, shared, lasts).toFixed(3))
    )
  ])
], { align: ["r", "r", "r", "r", "r"], stringLength: (text) => text.length })

/** Puts a table in its place in the page. */
const placed = (page: string, name: string, table: string): string => {
  const [begin, end] = [`<!-- ${name}: docs/figures/budgets.ts -->\n`, `<!-- end of ${name} -->`]
  const [head, rest] = page.split(begin)
  const tail = rest?.split(end)[1]
  if (head === undefined || tail === undefined) throw new Error(`docs/budgets.md has no place for ${name}`)
  return `${head}${begin}\n${table}\n\n${end}${tail}`
}

const before = readFileSync(page, "utf8")
const tables = { outages, chances, fleets }
const after = Object.entries(tables).reduce((page, [name, table]) => placed(page, name, table), before)

if (!process.argv.includes("--check")) {
  writeFileSync(page, after)
} else if (after !== before) {
  console.error("docs/budgets.md does not hold the tables that its script makes: node docs/figures/budgets.ts")
  process.exitCode = 1
} else {
  console.log("the tables of docs/budgets.md are as their script makes them")
}
