/**
 * Type-checks and runs the code that readers see: every `ts` block in the README, the docs and the sources' comments.
 *
 * Each block becomes a file of its own, where it sees the packages as a user's program does, on the same lines as
 * where it was found, so that every message leads there. What a block may say after `ts`:
 *
 *     ```ts           type-checked, run, and held to what it claims to print (see lib/example.ts)
 *     ```ts no-run    type-checked only
 *     ```ts vitest    type-checked, and run by vitest
 *
 * An argument names the file that vitest's results go to.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { check } from "./lib/example.ts"
import { inParallel, report, root, run } from "./lib/run.ts"

const sources = [
  "README.md",
  "CONTRIBUTING.md",
  "docs/**/*.md",
  "examples/README.md",
  "packages/docs-site/home.md",
  "packages/stamina-lab/README.md",
  "packages/*/src/**/*.ts"
]
const modes = ["", "no-run", "vitest"]
const folder = join(root, "examples", ".tmp", "docs-code")

interface Block {
  readonly file: string
  readonly line: number
  readonly mode: string
  readonly code: string
}

/** The blocks of a file, in Markdown or in the comments of a source. */
const blocksOf = (file: string): ReadonlyArray<Block> =>
  Array.from(
    readFileSync(join(root, file), "utf8").matchAll(/^([ \t*]*)```ts\b(.*)\n([^]*?)^[ \t*]*```$/gm),
    ({ 1: margin = "", 2: mode = "", 3: code = "", index, input }) => ({
      file,
      line: input.slice(0, index).split("\n").length,
      mode: mode.trim(),
      code: code.split("\n").map((line) =>
        line.startsWith(margin) ? line.slice(margin.length) : line.replace(/^[ \t*]*/, "")
      ).join("\n")
    })
  )

/** Where a block is written: below a folder named for the file that it is from. */
const pathOf = ({ file, line, mode }: Block): string =>
  join(folder, file, `L${line}${mode === "vitest" ? ".vitest" : ""}.ts`)

/** Turns the paths of written blocks back into those that they are from. */
const mapped = (output: string): string =>
  output.replaceAll(/(?:[^\s"'(]*docs-code\/)?(\S+\.(?:md|ts))\/L\d+(?:\.vitest)?\.ts/g, "$1")

const files = globSync(sources, { cwd: root }).map((file) => file.replaceAll("\\", "/")).toSorted()
const blocks = files.flatMap(blocksOf)
const problems = blocks
  .filter(({ mode }) => !modes.includes(mode))
  .map(({ file, line, mode }) => `${file}:${line}: a ts block may say no-run or vitest, not ${mode}`)

rmSync(folder, { recursive: true, force: true })
for (const block of blocks) {
  mkdirSync(dirname(pathOf(block)), { recursive: true })
  writeFileSync(pathOf(block), "\n".repeat(block.line) + block.code)
}
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ["**/*.ts"]
  })
)
writeFileSync(
  join(folder, "vitest.config.mjs"),
  `export default {
    test: {
      include: ["**/*.vitest.ts"],
      setupFiles: [${JSON.stringify(join(root, "scripts", "lib", "quietTests.ts"))}],
      onStackTrace: (_, { file }) => !file.includes("/node_modules/")
    }
  }
`
)

const types = await run("tsc", ["-p", folder])
if (!types.ok) problems.push(mapped(types.output))

const ran = await inParallel(blocks.filter(({ mode }) => mode === ""), async (block) => {
  const problem = await check(pathOf(block), block.code)
  return problem === undefined ? [] : [`${block.file}:${block.line}: ${mapped(problem)}`]
})
problems.push(...ran.flat())

const tests = blocks.filter(({ mode }) => mode === "vitest")
if (tests.length > 0) {
  const config = join(folder, "vitest.config.mjs")
  const [results] = process.argv.slice(2)
  const reporters = results === undefined ? [] : ["--reporter=json", `--outputFile.json=${join(root, results)}`]
  const reporter = `--reporter=${join(root, "scripts", "lib", "failuresReporter.ts")}`
  const args = ["run", "--root", folder, "--config", config, reporter, ...reporters]
  const outcome = await run("vitest", args, { timeLimit: 120_000 })
  if (!outcome.ok) problems.push(mapped(outcome.output))
}

const only = blocks.length - ran.length - tests.length
report(problems, `${blocks.length} blocks: ${ran.length} run, ${tests.length} run by vitest, ${only} type-checked only`)
