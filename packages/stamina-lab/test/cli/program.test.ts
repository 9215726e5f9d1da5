import { readFileSync, statSync } from "node:fs"
import { builtinModules } from "node:module"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { file, stamina } from "./kit.ts"

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"))

describe("the program", () => {
  it("is one file of at most 350 kB, which imports from Node.js alone", () => {
    assert.isAtMost(statSync(file).size, 350_000)
    const code = readFileSync(file, "utf8")
    const imports = /\bimport\s*(?:[\w*{}\s,$]+\bfrom\s*)?["']([^"']+)["']|\bimport\(([^)]*)\)|\brequire\(([^)]*)\)/g
    const imported = [...code.matchAll(imports)].map(([, name, computed, required]) =>
      name ?? computed ?? required ?? ""
    )
    assert.isNotEmpty(imported)
    for (const name of imported) assert.include(builtinModules, name.replace(/^node:/, ""))
  })

  it("runs by itself", () => {
    assert.match(readFileSync(file, "utf8"), /^#!\/usr\/bin\/env node\n/)
    assert.strictEqual(statSync(file).mode & 0o111, 0o111)
  })

  it("knows its version", async () => {
    const { code, stdout } = await stamina(["--version"])
    assert.strictEqual(stdout, `stamina v${manifest.version}\n`)
    assert.strictEqual(code, 0)
  })

  it("has help for each command", async () => {
    for (const command of ["explain", "lint", "simulate", "fleet"]) {
      const { code, stdout } = await stamina([command, "--help"])
      assert.strictEqual(code, 0)
      assert.include(stdout, `stamina ${command} [flags] [<policy>]`)
      for (const flag of ["--file", "--at", "--env", "--json"]) assert.include(stdout, flag)
    }
  })

  it("writes completions for shells", async () => {
    for (const shell of ["bash", "zsh", "fish", "powershell"]) {
      const { code, stdout } = await stamina(["--completions", shell])
      assert.strictEqual(code, 0)
      for (const word of ["explain", "lint", "simulate", "fleet", "attempt-timeout"]) assert.include(stdout, word)
    }
  })
})
