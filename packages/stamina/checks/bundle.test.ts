import { randomBytes } from "node:crypto"
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { root, run } from "../../../scripts/lib/run.ts"

const copies: Array<string> = []
afterEach(() => {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true })
})

/** Copies the library's sources to where no project is around. */
const copySources = (): string => {
  const copy = mkdtempSync(join(tmpdir(), "effect-stamina-bundle-"))
  copies.push(copy)
  cpSync(join(root, "packages", "stamina", "src"), copy, { recursive: true })
  return copy
}

const prepend = (file: string, code: string): void => writeFileSync(file, code + readFileSync(file, "utf8"))

const bundle = async (...args: ReadonlyArray<string>) => {
  const { ok, output } = await run(process.execPath, ["packages/stamina/checks/bundle.ts", ...args])
  return { ok, lines: output.split("\n") }
}

/** The rows of the table, as it is measured. */
const measure = async (folder: string) => {
  const { lines } = await bundle("--table", folder)
  return lines.filter((line) => /\d \|$/.test(line)).map((row) => {
    const [, name = "", , gzipped, , limit] = row.split("|").map((cell) => cell.trim())
    return { name, gzipped: Number(gzipped), limit: Number(limit) }
  })
}

/** Text that no compression makes shorter than `size` bytes. */
const incompressible = (size: number): string => randomBytes(size).toString("base64")

describe("bundle", () => {
  it("names a module that has come into an import which has no use for it", async () => {
    const folder = copySources()
    prepend(join(folder, "policy", "Backoff.ts"), `import * as RetryLogs from "../telemetry/RetryLogs.ts"\n`)
    appendFileSync(join(folder, "policy", "Backoff.ts"), "Object.assign(globalThis, RetryLogs)\n")

    const { lines, ok } = await bundle(folder)

    expect(ok).toBe(false)
    expect(lines).toContain("RetryPolicy and Backoff: holds telemetry/RetryLogs, which it has no use for")
    expect(lines).toContain("RetryPolicy.bounds: holds telemetry/RetryLogs, which it has no use for")
  })

  it("lets a module be imported of which nothing is used", async () => {
    const folder = copySources()
    prepend(join(folder, "policy", "Backoff.ts"), `import "../telemetry/RetryLogs.ts"\n`)

    const { lines } = await bundle(folder)

    expect(lines.filter((line) => line.includes("holds"))).toEqual([])
  })

  it("bars a room that is new from every import of the rooms that are not", async () => {
    const folder = copySources()
    mkdirSync(join(folder, "cellar"))
    writeFileSync(join(folder, "cellar", "wine.ts"), "export const wine = Math.max\n")
    appendFileSync(join(folder, "index.ts"), `export { wine } from "./cellar/wine.ts"\n`)

    const { lines } = await bundle(folder)

    expect(lines.filter((line) => line.includes("holds"))).toEqual([
      "all of the main entry: holds cellar/wine, which it has no use for"
    ])
  })

  it("names parts of Effect that the main entry must not load", async () => {
    const folder = copySources()
    appendFileSync(join(folder, "index.ts"), `export * as HttpRetry from "./http/HttpRetry.ts"\n`)

    const { lines, ok } = await bundle(folder)

    expect(ok).toBe(false)
    expect(lines).toContain("all of the main entry: holds http/HttpRetry, which it has no use for")
    expect(lines).toContain("all of the main entry: holds effect/http/HttpClient, which it has no use for")
    expect(lines).toContain("all of the main entry: holds effect/crypto/WebCrypto, which it has no use for")
  })

  it("holds every import to its limit", async () => {
    const folder = copySources()
    const before = await measure(folder)
    const room = Math.max(...before.map(({ gzipped, limit }) => limit - gzipped))
    for (const module of ["policy/Backoff.ts", "tools/check.ts"]) {
      appendFileSync(join(folder, module), `Object.assign(globalThis, "${incompressible(room)}")\n`)
    }

    const { lines, ok } = await bundle(folder)

    const kept = before.filter(({ limit, name }) =>
      !lines.some((line) => line.startsWith(`${name}: `) && line.endsWith(` B gzipped, and ${limit} B are the limit`))
    )
    expect(before.length).toBeGreaterThan(0)
    expect(kept).toEqual([])
    expect(ok).toBe(false)
  })

  it("counts in full what cannot be compressed", async () => {
    const folder = copySources()
    const before = await measure(folder)
    appendFileSync(join(folder, "policy", "RetryPolicy.ts"), `Object.assign(globalThis, "${incompressible(1000)}")\n`)
    const after = await measure(folder)

    const sizeIn = (table: typeof before) =>
      table.find(({ name }) => name === "RetryPolicy and Backoff")?.gzipped ?? NaN
    expect(sizeIn(after)).toBeGreaterThan(sizeIn(before) + 1000)
  })
})
