/**
 * Builds the modules, and bundles the command line, with all that it depends on, into one file: `dist/stamina.js`. Beside
 * it go the licences of what others wrote of it, `dist/licenses.txt`.
 *
 * `node build.ts <folder>` writes the command line alone, to another folder.
 */
import { execFileSync } from "node:child_process"
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { rolldown } from "rolldown"

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8"))
const folder = resolve(process.argv[2] ?? join(import.meta.dirname, "dist"))
const file = join(folder, "stamina.js")

rmSync(folder, { recursive: true, force: true })
if (process.argv[2] === undefined) {
  execFileSync("tsc", ["-p", "tsconfig.build.json"], { cwd: import.meta.dirname, stdio: "inherit" })
}
const bundle = await rolldown({
  input: join(import.meta.dirname, "src", "cli", "main.ts"),
  platform: "node",
  transform: { target: "node20", define: { VERSION: JSON.stringify(version) } }
})
const { output } = await bundle.write({ file, format: "esm", minify: true, codeSplitting: false })
await bundle.close()
chmodSync(file, 0o755)

/** The folders of packages that others wrote, of which there is code in the bundle. */
const packages = new Set(
  output.flatMap((part) => part.type === "chunk" ? Object.entries(part.modules) : []).flatMap(([id, { code }]) => {
    const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll("\\", "/")) ?? []
    return folder === undefined || code === null || code === "" ? [] : [folder]
  })
)
const licenses = [...packages].toSorted().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const [license] = globSync("LICEN[CS]E*", { cwd: folder })
  if (license === undefined) throw new Error(`${name} has no licence that could go into the package`)
  return `${name} ${version}\n\n${readFileSync(join(folder, license), "utf8").trim()}\n`
})
writeFileSync(join(folder, "licenses.txt"), licenses.join(`\n${"-".repeat(80)}\n\n`))
