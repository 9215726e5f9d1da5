import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { stamina } from "./kit.ts"

const root = join(import.meta.dirname, "..", "..", "..")

/** The arguments of a command line with single quotes. */
const argsOf = (line: string): ReadonlyArray<string> =>
  Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain = ""]) => quoted ?? plain)

/** Runs the commands in a block, and gives it as it should be. */
const runAgain = async (block: string): Promise<string> => {
  const commands = block.split("\n").filter((line) => line.startsWith("$ stamina "))
  let text = ""
  for (const command of commands) {
    const { stderr, stdout } = await stamina(argsOf(command.slice("$ stamina ".length)))
    text += `${command}\n${stdout}${stderr}`
  }
  return text
}

describe("what the docs show of the command line", () => {
  for (const file of ["packages/stamina-cli/README.md", ...globSync("docs/*.md", { cwd: root })]) {
    const text = readFileSync(join(root, file), "utf8")
    const blocks = Array.from(text.matchAll(/^```console\n([^]*?)^```$/gm), ([, block = ""]) => block)
    if (blocks.length === 0) continue
    it(`is what it does, in ${file}`, async () => {
      for (const block of blocks) assert.strictEqual(block, await runAgain(block))
    })
  }
})
