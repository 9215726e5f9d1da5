/**
 * Compiles one file with TypeScript's own compiler and imports what comes out.
 */
import { execFileSync } from "node:child_process"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

export const importCompiled = async <Module>(file: URL): Promise<Module> => {
  const path = fileURLToPath(file)
  // below the package, so that its own name and `effect` are found from there
  const outDir = join(dirname(dirname(path)), "..", ".tmp", "compiled")
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"))
  const options = [
    "--ignoreConfig",
    "--noResolve",
    "--noCheck",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--rootDir",
    dirname(path)
  ]
  execFileSync(process.execPath, [join(typescript, "bin", "tsc"), path, "--outDir", outDir, ...options])
  return await import(pathToFileURL(join(outDir, basename(path).replace(/\.ts$/, ".js"))).href)
}
