import { readdirSync, readFileSync } from "node:fs"
import { basename, join, relative } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "../../../scripts/lib/run.ts"

/** Modules that their entry points call by another name than their file. */
const otherwise: Readonly<Record<string, string>> = { "./testing": "testing/index.ts", ".": "index.ts" }

describe.each(["stamina", "stamina-lab"])("the files of %s", (name) => {
  const folder = join(root, "packages", name)
  const { exports, publishConfig } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const open = Object.entries<string>(exports).filter(([subpath]) => subpath !== "./package.json")
  const sources = readdirSync(join(folder, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(join(folder, "src"), join(entry.parentPath, entry.name)).replaceAll("\\", "/"))

  it("have a name in PascalCase where users may import them, and nowhere else", () => {
    const inPascalCase = sources.filter((file) => /^[A-Z]/.test(basename(file)))
    const named = open.filter(([subpath]) => !Object.hasOwn(otherwise, subpath)).map(([, file]) =>
      file.slice("./src/".length)
    )
    expect(inPascalCase.toSorted()).toEqual(named.toSorted())
  })

  it("are called in `exports` as they are called themselves", () => {
    for (const [subpath, file] of open) {
      expect(file).toMatch(new RegExp(`/${otherwise[subpath] ?? `${subpath.slice(2)}.ts`}$`))
    }
  })

  it("are exported alike before and after they are published", () => {
    const published = Object.entries<string>(publishConfig.exports).map(([subpath, file]) => [
      subpath,
      file.replace(/^\.\/dist\/(.+)\.js$/, "./src/$1.ts")
    ])
    expect(Object.fromEntries(published)).toEqual(exports)
  })
})
