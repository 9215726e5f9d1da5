/**
 * Bundles the page to `dist`, with addresses relative to it, and says how much a browser has to load.
 *
 * `node build.ts <folder>` writes it to another folder.
 */
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"

/** What the files may weigh together, gzipped. */
export const limit = 80_000

/** Builds the page into a folder, and returns what its files weigh, gzipped. */
export const build = async (folder: string): Promise<Readonly<Record<string, number>>> => {
  const source = join(import.meta.dirname, "src")
  rmSync(folder, { recursive: true, force: true })
  // the page and its worker share what both need, which a browser then loads once
  const bundle = await rolldown({
    input: { main: join(source, "main.ts"), worker: join(source, "work", "worker.ts") },
    platform: "browser",
    transform: { target: "es2023" }
  })
  await bundle.write({ dir: folder, format: "esm", minify: true, chunkFileNames: "[name].js" })
  await bundle.close()
  for (const file of ["index.html", "style.css", "icon.svg"]) copyFileSync(join(source, file), join(folder, file))
  return Object.fromEntries(
    readdirSync(folder).toSorted().map((
      file
    ) => [file, gzipSync(readFileSync(join(folder, file)), { level: 9 }).length])
  )
}

if (import.meta.main) {
  const sizes = await build(resolve(process.argv[2] ?? join(import.meta.dirname, "dist")))
  const sum = Object.values(sizes).reduce((sum, size) => sum + size, 0)
  const kB = (bytes: number): string => (bytes / 1000).toFixed(1)
  const parts = Object.entries(sizes).map(([file, size]) => `${file} ${kB(size)}`).join(", ")
  console.log(`note: the explorer weighs ${kB(sum)} kB gzipped, of ${kB(limit)} (${parts})`)
  if (sum > limit) {
    console.error(`The explorer weighs ${kB(sum)} kB gzipped, and ${kB(limit)} are its limit.`)
    process.exitCode = 1
  }
}
