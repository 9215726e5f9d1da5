/**
 * Packages as those who install them get them: packed, installed into a project outside the workspace, unpacked.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Options, pnpm, root, run } from "./run.ts"

/** Runs a command that must succeed, and gives what it says. */
export const must = async (command: string, args: ReadonlyArray<string>, options?: Options): Promise<string> => {
  const { end, ok, output, stdout } = await run(command, args, options)
  if (!ok) throw new Error(`${command} ${args.join(" ")}: ${end}\n${output}`)
  return stdout
}

export const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"))

/** What pnpm tells its scripts is about this workspace, and not about projects elsewhere. */
export const outside: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name))
)

/** Packs a package, and gives the tarball's path. */
export const pack = async (name: string): Promise<string> => {
  const folder = join(root, ".tmp", "package", name)
  rmSync(folder, { recursive: true, force: true })
  await must(pnpm, ["--filter", name, "pack", "--pack-destination", folder])
  return join(folder, readdirSync(folder)[0]!)
}

/** Looks for files in an unpacked package: those given, and those that each one has. */
const expectFiles = (what: string, folder: string, files: ReadonlyArray<string>): void => {
  for (const file of ["README.md", "LICENSE", "CHANGELOG.md", ...files]) {
    if (!existsSync(join(folder, file))) throw new Error(`${what} lacks ${file}`)
  }
  const { version } = readJson(join(folder, "package.json"))
  if (!readFileSync(join(folder, "CHANGELOG.md"), "utf8").includes(`\n## ${version}\n`)) {
    throw new Error(`the changelog of ${what} says nothing of ${version}`)
  }
}

/** The package with the command line. */
export const lab = "effect-stamina-lab"

/**
 * Makes a project of `scripts/consumer` that has packages from their tarballs, and installs what they depend on, with more
 * packages at given versions.
 */
export const install = async (
  tarballs: Readonly<Record<string, string>>,
  folder: string,
  more: Readonly<Record<string, string>> = {}
): Promise<void> => {
  cpSync(join(root, "scripts", "consumer"), folder, { recursive: true })
  const versions: Record<string, string> = readJson(join(root, "package.json")).devDependencies
  const dependencies: Record<string, string | undefined> = { ...more }
  for (const name of ["effect", "typescript", "@types/node"]) dependencies[name] = versions[name]
  for (const [name, tarball] of Object.entries(tarballs)) dependencies[name] = `file:${tarball}`
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }))
  // what one package depends on is the tarball of the other
  const overrides = Object.entries(tarballs).map(([name, tarball]) => `  ${name}: "file:${tarball}"\n`)
  writeFileSync(join(folder, "pnpm-workspace.yaml"), `overrides:\n${overrides.join("")}`)

  await must(pnpm, ["install", "--prefer-offline"], { cwd: folder, env: outside })

  const files = ["dist/index.js", "dist/index.d.ts", "src/index.ts"]
  for (const name of Object.keys(tarballs)) expectFiles(name, join(folder, "node_modules", name), files)
}

/** Compiles a TypeScript project by the compiler that the consumer in a folder has installed. */
export const compiler = (folder: string) => (project: string, ...options: ReadonlyArray<string>): Promise<string> =>
  must(process.execPath, [join(folder, "node_modules", "typescript", "bin", "tsc"), "-p", project, ...options])

/** Unpacks the command line, with nothing beside it, and gives the path of its program. */
export const unpackCommandLine = async (tarball: string, folder: string): Promise<string> => {
  await must("tar", ["-xzf", tarball, "-C", folder])
  expectFiles("the command line", join(folder, "package"), ["dist/licenses.txt"])
  const { bin } = readJson(join(folder, "package", "package.json"))
  return join(folder, "package", bin.stamina)
}

/** A command of the command line that needs nothing, and what it has to say. */
export const lintOnce: ReadonlyArray<string> = ["lint", "{\"attempts\":50}"]

/** Looks at the answer to that command. */
export const expectFinding = (answer: string): void => {
  if (!answer.startsWith("warning attempts-unreachable: ")) throw new Error(`the command line says ${answer}`)
}
