import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "./run.ts"
import { projects, published } from "./workspace.ts"

describe("projects", () => {
  it("are those of the workspace itself, of its packages, and of their folders, each once", async () => {
    const found = await projects()

    expect(found).toEqual(expect.arrayContaining([".", "examples", "packages/stamina", "packages/stamina/src"]))
    expect(found).toEqual([...new Set(found)])
    expect(found.filter((folder) => !existsSync(join(root, folder, "tsconfig.json")))).toEqual([])
  })

  it("are none that was only installed, built or made for a check", async () => {
    expect((await projects()).filter((folder) => /node_modules|dist|\.tmp|consumer/.test(folder))).toEqual([])
  })
})

describe("published", () => {
  it("are the packages that are not private", async () => {
    const names = (await published()).map(({ name }) => name)

    expect(names).toContain("effect-stamina")
    expect(names).not.toContain("effect-stamina-workspace")
    expect(names).not.toContain("effect-stamina-examples")
  })
})
