import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { root } from "./run.ts"
import { failures, type Outcome, take } from "./steps.ts"

/** A step that runs a piece of JavaScript, which must not hold a space. */
const printing = (...code: ReadonlyArray<string>) =>
  take({ name: "a step", commands: code.map((code) => `node --eval ${code}`) }, undefined, {})

describe("a step that goes well", () => {
  it("has its notes, and what it skipped", async () => {
    expect(await printing("console.log('note:\\x20all\\nskipped:\\x20one\\nnote:\\x20more')")).toMatchObject({
      ok: true,
      notes: ["all", "more"],
      skipped: ["one"]
    })
  })

  it("may print 20 lines, and no more", async () => {
    expect(await printing("for(i=0;i<20;i++)console.log(i)")).toMatchObject({
      ok: true
    })
    expect(await printing("for(i=0;i<21;i++)console.log(i)")).toMatchObject({
      ok: false,
      notes: ["went well, but printed 21 lines, and 20 are the limit"]
    })
  })

  it("may tell at length how far it has come", async () => {
    const tell = "console.log('progress:\\x20'+i)"
    expect(await printing(`for(i=0;i<99;i++)${tell}`)).toMatchObject({ ok: true })
  })

  it("must not skip anything where nobody watches", async () => {
    const step = { name: "a step", commands: ["node --eval console.log('skipped:\\x20one')"] }
    expect(await take(step, undefined, {})).toMatchObject({ ok: true, skipped: ["one"] })
    expect(await take(step, undefined, { CI: "true" })).toMatchObject({ ok: false, skipped: ["one"] })
  })
})

describe("a step that fails", () => {
  it("shows once what several of its commands say", async () => {
    const same = "console.log('a.ts:1\\n\\x20\\x20wrong');process.exit(1)"
    const other = "console.log('b.ts:1\\n\\x20\\x20wrong');process.exit(1)"
    const { ok, output } = await printing(same, same, other)
    expect(ok).toBe(false)
    expect(output).toBe("a.ts:1\n  wrong\nb.ts:1\n  wrong")
  })

  it("shows how it ended if it says nothing", async () => {
    expect(await printing("process.exit(3)")).toMatchObject({
      ok: false,
      output: "node --eval process.exit(3): exit 3"
    })
  })
})

describe("failures", () => {
  const folder = ".tmp/steps-test"
  afterAll(() => rmSync(join(root, folder), { recursive: true, force: true }))

  const failed = (name: string, lines: number): Outcome => ({
    name,
    ok: false,
    output: Array.from({ length: lines }, (_, i) => `${name} ${i}`).join("\n"),
    notes: [],
    skipped: []
  })

  it("are shown whole where they are few", () => {
    expect(failures([failed("types", 2)], folder).split("\n").slice(1)).toEqual(["types 0", "types 1"])
    expect(existsSync(join(root, folder))).toBe(false)
  })

  it("are cut where they are many, and a file has the rest", () => {
    const lines = failures([failed("types", 41), failed("docs:code", 40)], folder).split("\n")
    expect(lines).toHaveLength(1 + 40 + 1 + 1 + 1 + 40)
    expect(lines[41]).toBe(`… and 1 more lines in ${folder}/types.txt`)
    expect(readFileSync(join(root, folder, "types.txt"), "utf8")).toBe(`${failed("types", 41).output}\n`)
  })
})
