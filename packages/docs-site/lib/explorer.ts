/**
 * Builds the explorer, a package of its own, and puts it below the site, with a way back.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../../../scripts/lib/run.ts"
import { publicFolder, root } from "./paths.ts"

const folder = join(root, "packages", "stamina-explorer")

/** What it is made of. */
export const explorerSources: string = join(folder, "src")

/** The explorer stands anywhere, and knows of no site. */
const withWayBack = (html: string): string => {
  const begin = "<header>"
  if (!html.includes(begin)) throw new Error(`The explorer's page has no ${begin} for the link to the site`)
  return html.replace(
    begin,
    `${begin}\n      <nav aria-label="Site"><a href="../index.html">effect-stamina: the docs</a></nav>`
  )
}

export const makeExplorer = async (): Promise<void> => {
  if (!existsSync(join(folder, "package.json"))) {
    throw new Error("The site has a page /explorer/, and there is no package packages/stamina-explorer to build it")
  }
  const { end, ok, output } = await run(process.execPath, ["--run", "build"], { cwd: folder })
  if (!ok) throw new Error(`The explorer was not built: ${end}\n${output}`)
  const built = join(folder, "dist")
  if (!existsSync(join(built, "index.html"))) {
    throw new Error(`The explorer's build left no ${join(built, "index.html")}`)
  }

  const served = join(publicFolder, "explorer")
  rmSync(served, { recursive: true, force: true })
  cpSync(built, served, { recursive: true })
  const page = join(served, "index.html")
  writeFileSync(page, withWayBack(readFileSync(page, "utf8")))
}
