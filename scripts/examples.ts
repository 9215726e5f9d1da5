/**
 * Runs every example: the files in `examples`, and the `main.ts` of each folder there. Example tests run under vitest.
 */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { check } from "./lib/example.ts"
import { fromRoot, inParallel, report, root } from "./lib/run.ts"

const folder = join(root, "examples")
const files = globSync(["*.ts", "*/main.ts"], { cwd: folder, exclude: ["*.test.ts"] })
  .map((file) => join(folder, file))
  .toSorted()

const problems = await inParallel(files, async (file) => {
  const problem = await check(file, readFileSync(file, "utf8"), 60_000)
  return problem === undefined ? [] : [`${fromRoot(file)}: ${problem}`]
})

report(problems.flat(), `${files.length} files run`)
