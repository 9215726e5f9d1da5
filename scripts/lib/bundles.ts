/**
 * What programs add to their bundles, by what they import: minified and gzipped, `effect` itself not counted. Each is held
 * to a limit, and to what must not come along.
 *
 * The program is bundled with `effect` in a chunk of its own; what counts is the other chunk, without the line that
 * imports from there, which a program in one file does not have. To be known, the table has the size with `effect` left
 * out as well, in which each use of it is spelt in full.
 */
import { markdownTable } from "markdown-table"
import { existsSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { gzipSync } from "node:zlib"
import { type InputOptions, type OutputOptions, type Plugin, rolldown } from "rolldown"
import { report, root } from "./run.ts"

export interface Entry {
  readonly name: string
  /** The program. */
  readonly code: string
  /** The most that it may come to, in bytes, gzipped. */
  readonly limit: number
  /** Modules of the packages and parts of `effect` that must not be in it; a room stands for all in it. */
  readonly without: ReadonlyArray<string>
}

/** A package of this workspace that programs import. */
export interface Package {
  /** Its folder below `packages`. */
  readonly name: string
  /** Its sources, wherever they are. */
  readonly sources: string
  /** What stands before the names of its modules. */
  readonly prefix: string
}

interface Manifest {
  readonly name: string
  /** What the package promises to bundlers: a module of which nothing is used may be left out (Effect's own does too). */
  readonly sideEffects: boolean
  /** Its public names, each with its file. */
  readonly exports: Readonly<Record<string, string | undefined>>
}

const manifestOf = ({ name }: Package): Manifest =>
  JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"))

/** The program that is bundled, and the sources of packages in place of what is installed. */
const sources = (code: string, packages: ReadonlyArray<Package>): Plugin => ({
  name: "sources",
  async resolveId(id) {
    if (id === "program") return "\0program.ts"
    for (const one of packages) {
      const { exports, name } = manifestOf(one)
      if (id !== name && !id.startsWith(`${name}/`)) continue
      const target = exports[id.replace(name, ".")]
      if (target === undefined) throw new Error(`the package has no ${id}`)
      return join(one.sources, relative("src", target))
    }
    // wherever the sources are, as the library itself finds it
    return /^effect(\/|$)/.test(id) ? this.resolve(id, join(root, "packages", "stamina", "package.json")) : undefined
  },
  load: (id) => id === "\0program.ts" ? code : undefined
})

const build = async (
  code: string,
  packages: ReadonlyArray<Package>,
  options: InputOptions,
  output: OutputOptions
) => {
  const build = await rolldown({
    input: "program",
    plugins: [sources(code, packages)],
    treeshake: { moduleSideEffects: packages.some((one) => manifestOf(one).sideEffects) },
    tsconfig: false,
    ...options
  })
  try {
    const { output: [chunk] } = await build.generate({ format: "esm", minify: true, comments: false, ...output })
    return chunk
  } finally {
    await build.close()
  }
}

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length

/** A source, as tables and bans name it. */
const nameOf = (file: string, packages: ReadonlyArray<Package>): string => {
  const own = packages.find(({ sources }) => !relative(sources, file).startsWith(".."))
  if (own === undefined) return file
  return own.prefix + relative(own.sources, file).replaceAll("\\", "/").replace(/\.ts$/, "")
}

const bundle = async ({ code }: Entry, packages: ReadonlyArray<Package>) => {
  const program = await build(code, packages, {}, {
    codeSplitting: { groups: [{ name: "effect", test: /[\\/]node_modules[\\/]effect[\\/]/ }] }
  })
  const own = program.code.replace(/^import\{.*?\}from".*?";/, "")
  if (/\bimport\b/.test(own)) throw new Error(`an import that was not expected: ${own.slice(0, 200)}`)
  const apart = await build(code, packages, { external: /^effect(\/|$)/ }, {})
  const modules = Object.entries(apart.modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([file]) => nameOf(file, packages))
  return {
    minified: Buffer.byteLength(own),
    inProgram: gzipped(own),
    asFile: gzipped(apart.code),
    parts: [...modules, ...apart.imports]
  }
}

/** Whether there is something that a ban could mean. A ban of nothing would pass for ever. */
const exists = (banned: string, packages: ReadonlyArray<Package>): boolean =>
  banned.startsWith("effect/") || packages.some(({ prefix, sources }) =>
    banned.startsWith(prefix)
    && ["", ".ts"].some((end) => existsSync(join(sources, banned.slice(prefix.length) + end)))
  )

/** Measures the entries, and reports those that hold too much. With `table`, it prints all of it. */
export const check = async (
  entries: ReadonlyArray<Entry>,
  packages: ReadonlyArray<Package>,
  table = false
): Promise<void> => {
  const problems: Array<string> = []
  const rows: Array<ReadonlyArray<string>> = []
  for (const entry of entries) {
    const { limit, name, without } = entry
    const { asFile, inProgram, minified, parts } = await bundle(entry, packages)
    for (const banned of without) {
      if (!exists(banned, packages)) problems.push(`${name}: there is no ${banned} that it could hold`)
    }
    // so would a bundle without the library
    if (inProgram < limit / 2) problems.push(`${name}: ${inProgram} B is less than can be true`)
    rows.push([name, ...[minified, inProgram, asFile, limit].map(String)])
    if (inProgram > limit) problems.push(`${name}: ${inProgram} B gzipped, and ${limit} B are the limit`)
    for (const part of parts) {
      if (without.some((banned) => part === banned || part.startsWith(`${banned}/`))) {
        problems.push(`${name}: holds ${part}, which it has no use for`)
      }
    }
  }
  if (table) {
    const columns = ["import", "minified, B", "gzipped, B", "with `effect` left out, B", "limit, B"]
    console.log(markdownTable([columns, ...rows], { align: ["l", "r", "r", "r", "r"] }))
  }
  report(problems, `${entries.length} imports, each within its limit`)
}
