/**
 * The task runner: everything that must hold before a release. `pnpm test` takes the steps below, in this order, but for
 * those on request; `pnpm check lint types` takes two of them.
 *
 * Each step is a list of commands, and fails when one of them does. The run goes on, and at its end shows what the steps
 * that failed had to say. A step that goes well is quiet: it has one line in the list, and fails if it printed more than a
 * few. What a command prints is read for
 *
 *     note: what was looked at       shown behind the step
 *     skipped: what was left out     shown below the step, and a failure where nobody watches, that is with `CI` set
 *     progress: how far it has come  shown while it runs, in a terminal
 *
 * The last line counts tests, and each step that failed otherwise as one: `12 passed, 0 failed, 1 skipped`.
 */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { root } from "./lib/run.ts"
import { failures, type Outcome, showProgress, type Step, take } from "./lib/steps.ts"
import * as workspace from "./lib/workspace.ts"

const projects = await workspace.projects()
const vitest = "vitest run --config vitest.workspace.ts --reporter=./scripts/lib/failuresReporter.ts --reporter=json"

const steps: ReadonlyArray<Step> = [
  { name: "format", commands: ["dprint check"] },
  { name: "lint", commands: ["oxlint"] },
  { name: "types", commands: projects.map((project) => `tsc -p ${project}`) },
  {
    name: "effect",
    // type tests do on purpose what it warns of
    commands: projects.filter((project) => !project.endsWith("/typetest")).map((project) =>
      `effect-tsgo diagnostics --project ${project}/tsconfig.json --format text --severity error,warning --strict`
    )
  },
  {
    name: "bundle",
    commands: ["node packages/stamina/checks/bundle.ts", "node packages/stamina-lab/checks/bundle.ts"]
  },
  { name: "typecost", commands: ["node packages/stamina/checks/instantiations.ts"] },
  {
    name: "unit",
    commands: [`${vitest} --outputFile.json=.tmp/unit.json --project=!integration --project=!browser --project=!site`],
    results: ".tmp/unit.json"
  },
  {
    name: "integration",
    commands: [`${vitest} --outputFile.json=.tmp/integration.json --project=integration --project=browser`],
    results: ".tmp/integration.json",
    onRequest: true
  },
  {
    name: "site",
    commands: [`${vitest} --outputFile.json=.tmp/site.json --project=site`],
    results: ".tmp/site.json",
    onRequest: true
  },
  { name: "examples", commands: ["node scripts/examples.ts"] },
  { name: "docs:code", commands: ["node scripts/docsCode.ts .tmp/docs.json"], results: ".tmp/docs.json" },
  { name: "links", commands: ["node scripts/links.ts"] },
  { name: "figures", commands: ["node docs/figures/make.ts --check", "node docs/figures/budgets.ts --check"] },
  { name: "surface", commands: ["node packages/api-surface/main.ts"] },
  { name: "build", commands: ["pnpm -r run build"] },
  { name: "package", commands: ["node scripts/package.ts"] },
  { name: "runtimes", commands: ["node scripts/runtimes.ts"], onRequest: true }
]

const chosen = process.argv.slice(2)
for (const name of chosen) {
  if (!steps.some((step) => step.name === name)) {
    console.error(`No step ${name}; there are ${steps.map((step) => step.name).join(", ")}`)
    process.exit(1)
  }
}

const count = { passed: 0, failed: 0, skipped: 0 }
const failed: Array<Outcome> = []

/** Takes a step, and gives it its line. */
const show = async (step: Step): Promise<Outcome> => {
  const start = performance.now()
  const progress = showProgress(step.name)
  const outcome = await take(step, progress.onOutput)
  progress.end()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const { name, notes: [note = "", ...notes], ok, skipped } = outcome
  console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(11)} ${seconds.padStart(6)} s  ${note}`.trimEnd())
  for (const line of [...notes, ...skipped.map((what) => `skipped: ${what}`)]) console.log(`     ${line}`)
  return outcome
}

/** Adds what vitest counted, and says whether it counted failures. */
const addTests = (file: string): boolean => {
  if (!existsSync(file)) return false
  const results = JSON.parse(readFileSync(file, "utf8"))
  count.passed += results.numPassedTests
  count.failed += results.numFailedTests
  count.skipped += results.numPendingTests + results.numTodoTests
  return results.numFailedTests > 0
}

for (const step of steps) {
  if (chosen.length > 0 ? !chosen.includes(step.name) : step.onRequest) continue
  const results = step.results === undefined ? undefined : join(root, step.results)
  if (results !== undefined) rmSync(results, { force: true })
  const outcome = await show(step)
  const counted = results !== undefined && addTests(results)
  count.skipped += outcome.skipped.length
  if (outcome.ok) continue
  failed.push(outcome)
  if (!counted) count.failed += 1
}

if (failed.length > 0) {
  process.exitCode = 1
  console.log(`\n${failures(failed)}`)
  console.log(`\nFailed: ${failed.map(({ name }) => name).join(", ")}. To see one again: pnpm check ${failed[0]?.name}`)
}
console.log(
  `\n${count.passed} passed, ${count.failed} failed` + (count.skipped > 0 ? `, ${count.skipped} skipped` : "")
)
