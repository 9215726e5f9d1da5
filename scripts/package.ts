/**
 * Packs what is published and looks at the tarballs as those who install them will: by linters of packages, and by a
 * project outside the workspace (scripts/consumer) that installs the library, compiles against it and runs. The command
 * line is run by `npx`, and where nothing else is installed.
 *
 * It also compiles a library that wraps this one, and users of that library's declarations: a type that those cannot name
 * becomes `any` there, without a word from the compiler where `skipLibCheck` is set.
 */
import { cpSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { type Options, pnpm, report, root, run } from "./lib/run.ts"
import * as workspace from "./lib/workspace.ts"

/** Runs a command that must succeed, and gives what it says. */
const must = async (command: string, args: ReadonlyArray<string>, options?: Options): Promise<string> => {
  const { end, ok, output, stdout } = await run(command, args, options)
  if (!ok) throw new Error(`${command} ${args.join(" ")}: ${end}\n${output}`)
  return stdout
}

const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"))

/** Packs a package, and gives the tarball's path. */
const pack = async (name: string): Promise<string> => {
  const folder = join(root, ".tmp", "package", name)
  rmSync(folder, { recursive: true, force: true })
  await must(pnpm, ["--filter", name, "pack", "--pack-destination", folder])
  return join(folder, readdirSync(folder)[0]!)
}

/** Looks at a tarball, and gives the number of its entry points. */
const lint = async (tarball: string, folder: string): Promise<number> => {
  const { bin, exports, name, publishConfig } = readJson(join(folder, "package.json"))
  for (const subpath of new Set([...Object.keys(exports), ...Object.keys(publishConfig.exports)])) {
    const built = exports[subpath]?.replace(/^\.\/src\/(.+)\.ts$/, "./dist/$1.js")
    if (publishConfig.exports[subpath] !== built) {
      throw new Error(`${name}: "${subpath}" is ${exports[subpath]} here, and ${publishConfig.exports[subpath]} in npm`)
    }
  }
  await must("publint", ["run", tarball, "--strict"])
  if (bin !== undefined) return 0 // a program has no types to look at
  const seen = await must("attw", [tarball, "--profile", "esm-only", "--format", "ascii"])
  const missed = Object.keys(exports).filter((subpath) => !seen.includes(`"${name}${subpath.slice(1)}"`))
  if (missed.length > 0) throw new Error(`attw has not looked at ${missed.join(", ")} of ${name}`)
  return Object.keys(exports).length
}

/** Looks for files in an unpacked package: those given, and those that each one has. */
const expect = (what: string, folder: string, files: ReadonlyArray<string>): void => {
  for (const file of ["README.md", "LICENSE", "CHANGELOG.md", ...files]) {
    if (!existsSync(join(folder, file))) throw new Error(`${what} lacks ${file}`)
  }
  const { version } = readJson(join(folder, "package.json"))
  if (!readFileSync(join(folder, "CHANGELOG.md"), "utf8").includes(`\n## ${version}\n`)) {
    throw new Error(`the changelog of ${what} says nothing of ${version}`)
  }
}

/** What pnpm tells its scripts is about this workspace, and not about projects elsewhere. */
const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name)))

/** Makes the project that uses the package, and installs what it depends on. */
const install = async (tarball: string, folder: string): Promise<void> => {
  cpSync(join(root, "scripts", "consumer"), folder, { recursive: true })
  const versions: Record<string, string> = readJson(join(root, "package.json")).devDependencies
  const dependencies: Record<string, string | undefined> = { "effect-stamina": `file:${tarball}` }
  for (const name of ["effect", "typescript", "@types/node"]) dependencies[name] = versions[name]
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }))

  await must(pnpm, ["install", "--ignore-workspace", "--prefer-offline"], { cwd: folder, env: outside })

  expect("the package", join(folder, "node_modules", "effect-stamina"), [
    "dist/index.js",
    "dist/index.d.ts",
    "src/index.ts"
  ])
}

const modes = {
  NodeNext: [],
  Bundler: ["--module", "ESNext", "--moduleResolution", "Bundler"]
}

/** Compiles the project, the library beside it that wraps the package, and what uses that library. */
const compile = async (folder: string): Promise<void> => {
  const tsc = (project: string, ...options: ReadonlyArray<string>) =>
    must(process.execPath, [join(folder, "node_modules", "typescript", "bin", "tsc"), "-p", project, ...options])
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

/** Runs the command line as it comes out of its tarball, with nothing beside it, and by `npx`. */
const runCommandLine = async (tarball: string, folder: string, nodes: ReadonlyArray<Node>): Promise<void> => {
  await must("tar", ["-xzf", tarball, "-C", folder])
  expect("the command line", join(folder, "package"), ["dist/licenses.txt"])
  const { bin } = readJson(join(folder, "package", "package.json"))
  const args = ["lint", "{\"attempts\":50}"]
  const answers = [
    await must("npx", ["--yes", `--package=file:${tarball}`, "stamina", ...args], { cwd: folder, env: outside })
  ]
  for (const { path } of nodes) {
    answers.push(await must(path, [join(folder, "package", bin.stamina), ...args], { cwd: folder, env: outside }))
  }
  for (const answer of answers) {
    if (!answer.startsWith("warning attempts-unreachable: ")) throw new Error(`the command line says ${answer}`)
  }
}

const runIt = async (folder: string, nodes: ReadonlyArray<Node>): Promise<string> => {
  for (const { path } of nodes) await must(path, [join(folder, "out", "main.js")])
  return nodes.map(({ version }) => version).join(" and ")
}

const consumer = mkdtempSync(join(tmpdir(), "effect-stamina-consumer-"))
const bare = mkdtempSync(join(tmpdir(), "effect-stamina-cli-"))
try {
  const nodes = await nodesToRun()
  let entries = 0
  for (const { name, path } of await workspace.published()) {
    const tarball = await pack(name)
    entries += await lint(tarball, path)
    if (name === "effect-stamina") await install(tarball, consumer)
    if (name === "effect-stamina-cli") await runCommandLine(tarball, bare, nodes)
  }
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
