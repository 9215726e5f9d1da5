/**
 * Builds the site: the API reference, the explorer, all pages, and then looks at every link.
 *
 *     SITE_BASE=/effect-stamina/ SITE_OUT=some/folder node build.ts
 *
 * `SITE_BASE` is the path that the site is served under, `/` if not said; `SITE_OUT` the folder it goes to, `dist` here
 * if not said.
 */
import { resolve } from "node:path"
import { build } from "vitepress"
import { makeApi } from "./lib/api.ts"
import { checkLinks } from "./lib/checkLinks.ts"
import { makeExplorer } from "./lib/explorer.ts"
import { unwritten } from "./lib/navigation.ts"
import { site } from "./lib/paths.ts"

const { SITE_BASE: base = "/", SITE_OUT = "dist" } = process.env
const outDir = resolve(site, SITE_OUT)

const [modules] = await Promise.all([makeApi(), makeExplorer()])
await build(site, { base, outDir })
const { links, pages, problems } = checkLinks(outDir, base)
for (const problem of problems) console.error(problem)
if (problems.length > 0) throw new Error(`${problems.length} of ${links} links lead nowhere`)

if (unwritten.length > 0) console.log(`note: pages that are still to be written: ${unwritten.join(", ")}`)
console.log(`note: ${pages} pages, ${modules} of them about modules, ${links} links, in ${outDir}`)
