/**
 * Packs the library and looks at the tarball as those who install it will: by linters of packages, and by a project
 * outside the workspace (scripts/consumer) that installs it, compiles against it and runs.
 */
import { cpSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { type Options, pnpm, report, root, run } from "./lib/run.ts"

/** Runs a command that must succeed. */
const must = async (command: string, args: ReadonlyArray<string>, options?: Options): Promise<void> => {
  const { end, ok, output } = await run(command, args, options)
  if (!ok) throw new Error(`${command} ${args.join(" ")}: ${end}\n${output}`)
}

const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"))

const library = join(root, "packages", "stamina")

/** Packs the library, and gives the tarball's path. */
const pack = async (): Promise<string> => {
  const folder = join(root, ".tmp", "package")
  rmSync(folder, { recursive: true, force: true })
  await must(pnpm, ["--filter", "effect-stamina", "pack", "--pack-destination", folder])
  return join(folder, readdirSync(folder)[0]!)
}

const lint = async (tarball: string): Promise<void> => {
  await must("publint", ["run", tarball, "--strict"])
  // the linter does not expand the pattern that opens the subpaths
  const { exports } = readJson(join(library, "package.json"))
  const subpaths = globSync("*.ts", { cwd: join(library, "src") })
    .map((file) => file.replace(/\.ts$/, ""))
    .filter((module) => exports[`./${module}`] !== null)
  await must("attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--include-entrypoints", ...subpaths])
}

/** Makes the project that uses the package, and installs what it depends on. */
const install = async (tarball: string, folder: string): Promise<void> => {
  cpSync(join(root, "scripts", "consumer"), folder, { recursive: true })
  const versions: Record<string, string> = readJson(join(root, "package.json")).devDependencies
  const dependencies: Record<string, string | undefined> = { "effect-stamina": `file:${tarball}` }
  for (const name of ["effect", "typescript", "@types/node"]) dependencies[name] = versions[name]
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }))

  // what pnpm tells its scripts is about this workspace, and not about the project there
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name)))
  await must(pnpm, ["install", "--ignore-workspace", "--prefer-offline"], { cwd: folder, env })

  for (const file of ["README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "src/index.ts"]) {
    if (!existsSync(join(folder, "node_modules", "effect-stamina", file))) throw new Error(`the package lacks ${file}`)
  }
}

const compile = async (folder: string): Promise<void> => {
  const tsc = [join(folder, "node_modules", "typescript", "bin", "tsc"), "-p", folder]
  await must(process.execPath, tsc)
  await must(process.execPath, [...tsc, "--noEmit", "--module", "ESNext", "--moduleResolution", "Bundler"])
}

/** The Node.js that the machine has, where these scripts run on the workspace's own. */
const nodeOfMachine = async (): Promise<{ readonly path: string; readonly version: string } | undefined> => {
  const path = (process.env["PATH"] ?? "").split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, process.platform === "win32" ? "node.exe" : "node"))
    .find((file) => existsSync(file))
  if (path === undefined) return undefined
  const { ok, stdout } = await run(path, ["--version"])
  return ok ? { path, version: stdout.trim() } : undefined
}

const runIt = async (folder: string): Promise<string> => {
  const main = join(folder, "out", "main.js")
  await must(process.execPath, [main])
  const machine = await nodeOfMachine()
  if (machine === undefined || Number.parseInt(machine.version.slice(1)) < 20) {
    console.log(`skipped: the package on the machine's own Node.js, ${machine?.version ?? "which was not found"}`)
    return process.version
  }
  await must(machine.path, [main])
  return `${process.version} and ${machine.version}`
}

const consumer = mkdtempSync(join(tmpdir(), "effect-stamina-consumer-"))
try {
  const tarball = await pack()
  await lint(tarball)
  await install(tarball, consumer)
  await compile(consumer)
  report([], `packed, linted, installed, compiled, and run on Node.js ${await runIt(consumer)}`)
} catch (error) {
  report([error instanceof Error ? error.message : String(error)], "")
} finally {
  rmSync(consumer, { recursive: true, force: true })
}
