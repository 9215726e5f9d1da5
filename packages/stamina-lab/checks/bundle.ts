/**
 * What a program adds to its bundle, by what it imports of the lab. The part of `effect-stamina` that comes along counts.
 *
 * `node packages/stamina-lab/checks/bundle.ts --table` prints all of it.
 */
import { join } from "node:path"
import { parseArgs } from "node:util"
import { check, type Entry } from "../../../scripts/lib/bundles.ts"
import { root } from "../../../scripts/lib/run.ts"

const { values: { table } } = parseArgs({ options: { table: { type: "boolean" } } })

/** The drivers, and what reads and writes policies, which Schema makes heavy. */
const heavy = ["drive", "telemetry", "Stamina", "policy/schema", "policy/config"].map((part) =>
  `effect-stamina/${part}`
)
const without = [...heavy, "cli", "effect/Schema"]

const entries: ReadonlyArray<Entry> = [
  {
    name: "RetryLint",
    code: `export * from "effect-stamina-lab/RetryLint"`,
    limit: 15_000,
    without: [...without, "fleet/fleet", "explain"]
  },
  {
    name: "RetrySimulation",
    code: `export * from "effect-stamina-lab/RetrySimulation"`,
    limit: 11_500,
    without: [...without, "lint"]
  },
  {
    name: "RetryExplanation",
    code: `export * from "effect-stamina-lab/RetryExplanation"`,
    limit: 17_400,
    without
  },
  {
    name: "Words",
    code: `export * from "effect-stamina-lab/Words"`,
    limit: 450,
    without: [...without, "simulate", "fleet", "lint", "explain"]
  }
]

const sources = (name: string): string => join(root, "packages", name, "src")

await check(entries, [
  { name: "stamina-lab", sources: sources("stamina-lab"), prefix: "" },
  { name: "stamina", sources: sources("stamina"), prefix: "effect-stamina/" }
], table)
