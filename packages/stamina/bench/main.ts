/**
 * The benchmarks: `pnpm bench` runs all but those on request, `pnpm bench success waiting` some of them; `pnpm bench:check`
 * fails where a ratio is past its target by more than machines differ.
 */
import { markdownTable } from "markdown-table"
import { cpus, totalmem } from "node:os"
import { parseArgs } from "node:util"
import { inChild } from "./kit/inChild.ts"
import { isPast, margin, type Ratio, type Result, written } from "./kit/result.ts"

/** Each a file, and the flags that it needs. */
const benches: Readonly<Record<string, ReadonlyArray<string>>> = {
  success: [],
  retries: [],
  building: [],
  waiting: [],
  throughput: [],
  http: [],
  simulation: [],
  promises: [],
  waitingCalls: [],
  promiseBundles: [],
  types: [],
  allocation: ["--min-semi-space-size=256", "--max-semi-space-size=256"],
  durable: []
}

/** Those that stand in another package. */
const elsewhere: Readonly<Record<string, string>> = { simulation: "../../stamina-lab/bench/simulation.ts" }

/** Those that need what may not be installed. */
const onRequest = ["durable"]

const { positionals, values: { check } } = parseArgs({
  allowPositionals: true,
  options: { check: { type: "boolean", default: false } }
})

const unknown = positionals.find((name) => !Object.hasOwn(benches, name))
if (unknown !== undefined) throw new Error(`no bench ${unknown}; there are ${Object.keys(benches).join(", ")}`)

const [cpu] = cpus()
console.log(
  `${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}, ${process.platform} ${process.arch}, `
    + `${cpus().length} × ${cpu?.model.trim() || "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB`
)

const ratioRow = (ratio: Ratio) => [
  ratio.what,
  ...written(ratio.value),
  ratio.target === undefined ? "" : `≤ ${ratio.target}`,
  ratio.target === undefined ? "" : ratio.value.median <= ratio.target ? "yes" : isPast(ratio) ? "NO" : "within margin"
]

const past: Array<Ratio> = []
for (const [name, flags] of Object.entries(benches)) {
  if (positionals.length > 0 ? !positionals.includes(name) : onRequest.includes(name)) continue
  // each file prints its results
  const results = inChild(new URL(elsewhere[name] ?? `${name}.ts`, import.meta.url), [], flags) as ReadonlyArray<Result>
  for (const { about, columns, ratios, rows, title } of results) {
    console.log(`\n### ${title}\n\n${about}\n`)
    console.log(markdownTable([columns, ...rows], { stringLength: (text) => text.length }))
    console.log(`\n${markdownTable([["ratio", "median", "quarters", "target", "met"], ...ratios.map(ratioRow)])}`)
    past.push(...ratios.filter(isPast))
  }
}

if (check) {
  for (const { target, value, what } of past) {
    console.error(
      `\n${what}: ${value.median.toFixed(3)}, and ${target} is the target, with a margin of ${margin * 100} %`
    )
  }
  process.exitCode = past.length > 0 ? 1 : 0
}
