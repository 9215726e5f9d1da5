/**
 * Before a package is packed: puts the licence beside it, and the README with links that work on npm. To be run in the folder
 * of the package. A package without a README of its own gets that of the repository.
 */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { absoluteLinks } from "./lib/absoluteLinks.ts"
import { root } from "./lib/run.ts"

const folder = process.cwd()
const { repository: { directory, url } } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
const copied = !existsSync(join(folder, "README.md")) || directory === "packages/stamina"

copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"))
if (copied) writeFileSync(join(folder, "README.md"), absoluteLinks(readFileSync(join(root, "README.md"), "utf8"), url))
