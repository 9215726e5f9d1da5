import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { absoluteLinks } from "./absoluteLinks.ts"
import { root } from "./run.ts"

const url = "git+https://github.com/somebody/something.git"

describe("absoluteLinks", () => {
  it("leads pages to where they are read, and pictures to their bytes", () => {
    const text =
      "![Waits.](docs/waits.svg) and [start](./docs/start.md#a), [Effect](https://effect.website), [here](#b)"
    expect(absoluteLinks(text, url)).toBe(
      "![Waits.](https://raw.githubusercontent.com/somebody/something/main/docs/waits.svg) and " +
        "[start](https://github.com/somebody/something/blob/main/docs/start.md#a), [Effect](https://effect.website), [here](#b)"
    )
  })

  it("leaves no relative link in the README of the library", () => {
    const text = absoluteLinks(readFileSync(join(root, "README.md"), "utf8"), url)
    expect(text.match(/\]\((?!https?:|#)[^)]*\)/g)).toBeNull()
  })

  it("has nothing to do in the README of the lab, which is packed as it is", () => {
    const text = readFileSync(join(root, "packages", "stamina-lab", "README.md"), "utf8")
    expect(absoluteLinks(text, url)).toBe(text)
  })
})
