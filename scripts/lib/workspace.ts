/**
 * The packages of this workspace, as pnpm knows them.
 */
import { globSync } from "node:fs"
import { join } from "node:path"
import { fromRoot, pnpm, run } from "./run.ts"

interface Package {
  readonly name: string
  readonly path: string
  readonly private: boolean
}

const packages = async (): Promise<ReadonlyArray<Package>> => {
  const { ok, output, stdout } = await run(pnpm, ["ls", "--recursive", "--depth=-1", "--json"])
  if (!ok) throw new Error(`pnpm names no packages\n${output}`)
  return JSON.parse(stdout)
}

/** The packages that are published. */
export const published = async (): Promise<ReadonlyArray<Package>> =>
  (await packages()).filter((found) => !found.private)

/**
 * The TypeScript projects of the workspace, from its root: folders that hold a `tsconfig.json`, each a package or right
 * within one.
 */
export const projects = async (): Promise<ReadonlyArray<string>> => {
  const folders = (await packages()).flatMap(({ path }) =>
    globSync("{,*/}tsconfig.json", { cwd: path }).map((file) => fromRoot(join(path, file, "..")) || ".")
  )
  // a package may stand right within another: those of pnpm stand in the workspace, which is one itself
  return [...new Set(folders)].toSorted()
}
