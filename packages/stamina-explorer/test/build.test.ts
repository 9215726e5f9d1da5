import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { build, limit } from "../build.ts"

const folder = join(import.meta.dirname, "..", ".tmp", "built")

describe("the built page", () => {
  it("weighs no more than it may", async () => {
    const sizes = Object.values(await build(folder))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(limit)
  })

  it("can stand anywhere: its addresses are relative, and lead to its own files", () => {
    const files = readdirSync(folder)
    const html = readFileSync(join(folder, "index.html"), "utf8")
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = ""]) => address)
    expect(addresses.length).toBeGreaterThan(2)
    for (const address of addresses) expect(files.map((file) => `./${file}`)).toContain(address)
    for (const file of files.filter((file) => file.endsWith(".js"))) {
      const code = readFileSync(join(folder, file), "utf8")
      for (const [, address = ""] of code.matchAll(/(?:from|import)\s*"([^"]*)"/g)) {
        // what is in a text of the page is no import
        if (address === "effect-stamina") continue
        expect(files.map((file) => `./${file}`)).toContain(address)
      }
    }
  })

  it("lets the browser ask nobody else", () => {
    expect(readFileSync(join(folder, "index.html"), "utf8")).toContain("default-src 'self'")
  })
})
