/**
 * Everything that must hold before a release: `pnpm test` takes all of these steps but those on request, in this order,
 * and `pnpm check lint types` some of them.
 *
 * A step fails when one of its commands does; its output is then shown. A command that skips something prints a line
 * `skipped: what`, which is a failure where nobody watches, that is with `CI` set. The last line counts tests, and each
 * step that failed otherwise as one: `12 passed, 0 failed, 1 skipped`.
 */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { inParallel, pnpm, root, run } from "./lib/run.ts"
import * as workspace from "./lib/workspace.ts"

interface Step {
  readonly name: string
  /** Run side by side, as many at once as there are processors. */
  readonly commands: ReadonlyArray<string>
  /** Shows the output as it comes. */
  readonly stream?: boolean
  /** The file in which vitest leaves its results. */
  readonly results?: string
  /** Is taken only when it is asked for by name. */
  readonly onRequest?: boolean
}

const projects = await workspace.projects()
const vitest = "vitest run --config vitest.workspace.ts --reporter=default --reporter=json"

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
  { name: "bundle", commands: ["node packages/stamina/checks/bundle.ts"] },
  { name: "typecost", commands: ["node packages/stamina/checks/instantiations.ts"] },
  {
    name: "unit",
    commands: [`${vitest} --outputFile.json=.tmp/unit.json --project=!integration`],
    stream: true,
    results: ".tmp/unit.json"
  },
  {
    name: "integration",
    commands: [`${vitest} --outputFile.json=.tmp/integration.json --project=integration`],
    stream: true,
    results: ".tmp/integration.json",
    onRequest: true
  },
  { name: "examples", commands: ["node scripts/examples.ts"] },
  { name: "docs:code", commands: ["node scripts/docsCode.ts .tmp/docs.json"], results: ".tmp/docs.json" },
  { name: "figures", commands: ["node docs/figures/make.ts --check"] },
  { name: "build", commands: ["pnpm -r run build"] },
  { name: "package", commands: ["node scripts/package.ts"] }
]

const chosen = process.argv.slice(2)
for (const name of chosen) {
  if (!steps.some((step) => step.name === name)) {
    console.error(`No step ${name}; there are ${steps.map((step) => step.name).join(", ")}`)
    process.exit(1)
  }
}

const count = { passed: 0, failed: 0, skipped: 0 }
const failures: Array<string> = []

/** Where the path may lead to others. */
const programs: Readonly<Record<string, string>> = { node: process.execPath, pnpm }

/** Runs a step, and says whether it went well. */
const take = async ({ commands, name, stream = false }: Step): Promise<boolean> => {
  const start = performance.now()
  const results = await inParallel(commands, (command) => {
    const [program = "", ...args] = command.split(" ")
    return run(programs[program] ?? program, args, { stream })
  })
  const output = results.map((result) => result.output).join("")
  const skipped = output.match(/^skipped: .*/gm) ?? []
  const ok = results.every((result) => result.ok) && !(skipped.length > 0 && process.env["CI"])
  const note = /^note: (.*)/m.exec(output)?.[1] ?? ""
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(10)} ${seconds.padStart(6)} s  ${note}`.trimEnd())
  for (const line of skipped) console.log(`     ${line}`)
  if (!ok && output !== "") console.log(output.replaceAll(/^/gm, "     "))
  count.skipped += skipped.length
  return ok
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
  const ok = await take(step)
  const counted = results !== undefined && addTests(results)
  if (ok) continue
  failures.push(step.name)
  if (!counted) count.failed += 1
}

if (failures.length > 0) {
  process.exitCode = 1
  console.log(`\nFailed: ${failures.join(", ")}. To see one again: pnpm check ${failures[0]}`)
}
console.log(
  `\n${count.passed} passed, ${count.failed} failed` + (count.skipped > 0 ? `, ${count.skipped} skipped` : "")
)
