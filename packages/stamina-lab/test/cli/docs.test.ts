import { globSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { stamina } from "./kit.ts"

const root = join(import.meta.dirname, "..", "..", "..", "..")

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

const block = /^```console\n([^]*?)^```$/gm

/** A page with what the program prints now. `UPDATE_DOCS=1` writes it. */
const renew = async (text: string): Promise<string> => {
  let renewed = text
  for (const [whole, shown = ""] of text.matchAll(block)) {
    const output = "```console\n" + await runAgain(shown) + "```"
    // by a function: `$` has a meaning in a text that replaces
    renewed = renewed.replace(whole, () => output)
  }
  return renewed
}

describe("what the docs show of the command line", () => {
  for (const file of ["packages/stamina-lab/README.md", ...globSync("docs/*.md", { cwd: root })]) {
    const path = join(root, file)
    const text = readFileSync(path, "utf8")
    if (text.match(block) === null) continue
    it(`is what it does, in ${file}`, async () => {
      const renewed = await renew(text)
      if (process.env["UPDATE_DOCS"] === "1") return writeFileSync(path, renewed)
      assert.strictEqual(text, renewed, "UPDATE_DOCS=1 brings the page up to date")
    })
  }
})
