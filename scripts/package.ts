/**
 * Packs what is published and looks at the tarballs as those who install them will: by linters of packages, and by a
 * project outside the workspace (scripts/consumer) that installs the library and its lab, compiles against them and runs. The
 * command line of the lab is run as it is installed, and as it is unpacked, with nothing beside it.
 *
 * It also compiles a library that wraps this one, and users of that library's declarations: a type that those cannot name
 * becomes `any` there, without a word from the compiler where `skipLibCheck` is set.
 */
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import * as packed from "./lib/packed.ts"
import { must, outside, readJson } from "./lib/packed.ts"
import { report, run } from "./lib/run.ts"
import * as workspace from "./lib/workspace.ts"

/** Looks at a tarball, and gives the number of its entry points. */
const lint = async (tarball: string, folder: string): Promise<number> => {
  const { exports, name, publishConfig } = readJson(join(folder, "package.json"))
  for (const subpath of new Set([...Object.keys(exports), ...Object.keys(publishConfig.exports)])) {
    const built = exports[subpath]?.replace(/^\.\/src\/(.+)\.ts$/, "./dist/$1.js")
    if (publishConfig.exports[subpath] !== built) {
      throw new Error(`${name}: "${subpath}" is ${exports[subpath]} here, and ${publishConfig.exports[subpath]} in npm`)
    }
  }
  await must("publint", ["run", tarball, "--strict"])
  const seen = await must("attw", [tarball, "--profile", "esm-only", "--format", "ascii"])
  const missed = Object.keys(exports).filter((subpath) => !seen.includes(`"${name}${subpath.slice(1)}"`))
  if (missed.length > 0) throw new Error(`attw has not looked at ${missed.join(", ")} of ${name}`)
  return Object.keys(exports).length
}

const modes = {
  NodeNext: [],
  Bundler: ["--module", "ESNext", "--moduleResolution", "Bundler"]
}

/** Compiles the project, the library beside it that wraps the package, and what uses that library. */
const compile = async (folder: string): Promise<void> => {
  const tsc = packed.compiler(folder)
  await tsc(folder)
  await tsc(folder, "--noEmit", ...modes.Bundler)

  // each wrapper by itself, so that none finds a type by what another imports
  const wrappers = globSync("*.ts", { cwd: join(folder, "wrappers") }).map((file) => {
    const project = join(folder, "wrappers", `tsconfig.${file}.json`)
    writeFileSync(project, JSON.stringify({ extends: "../tsconfig.json", include: [file] }))
    return project
  })
  const house = join(folder, "node_modules", "house")
  const emit = ["--declaration", "--outDir", house, "--skipLibCheck"]
  for (const mode of Object.values(modes)) {
    rmSync(house, { recursive: true, force: true })
    for (const wrapper of wrappers) await tsc(wrapper, ...emit, ...mode)
    writeFileSync(join(house, "package.json"), JSON.stringify({ type: "module", exports: { "./*": "./*.js" } }))
    for (const skip of ["true", "false"]) {
      await tsc(join(folder, "users"), "--noEmit", "--skipLibCheck", skip, ...mode)
    }
  }
}

interface Node {
  readonly path: string
  readonly version: string
}

/** The Node.js that the machine has, where these scripts run on the workspace's own. */
const nodeOfMachine = async (): Promise<Node | undefined> => {
  const path = (process.env["PATH"] ?? "").split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, process.platform === "win32" ? "node.exe" : "node"))
    .find((file) => existsSync(file))
  if (path === undefined) return undefined
  const { ok, stdout } = await run(path, ["--version"])
  return ok ? { path, version: stdout.trim() } : undefined
}

/** Each Node.js to run the packages on. */
const nodesToRun = async (): Promise<ReadonlyArray<Node>> => {
  const own = { path: process.execPath, version: process.version }
  const machine = await nodeOfMachine()
  if (machine !== undefined && Number.parseInt(machine.version.slice(1)) >= 20) return [own, machine]
  console.log(`skipped: the packages on the machine's own Node.js, ${machine?.version ?? "which was not found"}`)
  return [own]
}

/** Runs the command line as the consumer has it, and as it comes out of its tarball, with nothing beside it. */
const runCommandLine = async (
  tarball: string,
  consumer: string,
  bare: string,
  nodes: ReadonlyArray<Node>
): Promise<void> => {
  const installed = join(consumer, "node_modules", ".bin", "stamina")
  packed.expectFinding(await must(installed, packed.lintOnce, { cwd: consumer, env: outside }))
  const program = await packed.unpackCommandLine(tarball, bare)
  for (const { path } of nodes) {
    packed.expectFinding(await must(path, [program, ...packed.lintOnce], { cwd: bare, env: outside }))
  }
}

const runIt = async (folder: string, nodes: ReadonlyArray<Node>): Promise<string> => {
  for (const { path } of nodes) await must(path, [join(folder, "out", "main.js")])
  return nodes.map(({ version }) => version).join(" and ")
}

const consumer = mkdtempSync(join(tmpdir(), "effect-stamina-consumer-"))
const bare = mkdtempSync(join(tmpdir(), "effect-stamina-bare-"))
try {
  const nodes = await nodesToRun()
  const tarballs: Record<string, string> = {}
  let entries = 0
  for (const { name, path } of await workspace.published()) {
    const tarball = tarballs[name] = await packed.pack(name)
    entries += await lint(tarball, path)
  }
  await packed.install(tarballs, consumer)
  await runCommandLine(tarballs[packed.lab] ?? "", consumer, bare, nodes)
  await compile(consumer)
  report(
    [],
    `${entries} entry points linted, installed, wrapped, compiled, and run on Node.js ${await runIt(consumer, nodes)}`
  )
} catch (error) {
  report([error instanceof Error ? error.message : String(error)], "")
} finally {
  for (const folder of [consumer, bare]) rmSync(folder, { recursive: true, force: true })
}
