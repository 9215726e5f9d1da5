/**
 * What a program adds to its bundle, by what it imports: minified and gzipped, `effect` itself not counted. Holds each
 * entry of the table to its limit, and to what must not come along.
 *
 * The program is bundled with `effect` in a chunk of its own; what counts is the other chunk, without the line that
 * imports from there, which a program in one file does not have. To be known, the table has the size with `effect` left
 * out as well, in which each use of it is spelt in full.
 *
 * `node packages/stamina/checks/bundle.ts --table` prints all of it; a folder as argument stands for the library's sources.
 */
import { markdownTable } from "markdown-table"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { parseArgs } from "node:util"
import { gzipSync } from "node:zlib"
import { type InputOptions, type OutputOptions, type Plugin, rolldown } from "rolldown"
import { report, root } from "../../../scripts/lib/run.ts"

interface Entry {
  readonly name: string
  /** The program. */
  readonly code: string
  /** The most that it may come to, in bytes, gzipped. */
  readonly limit: number
  /** Modules of the library and parts of `effect` that must not be in it; a room stands for all in it. */
  readonly without: ReadonlyArray<string>
}

const { positionals: [given], values: { table } } = parseArgs({
  allowPositionals: true,
  options: { table: { type: "boolean" } }
})
const folder = resolve(given ?? join(root, "packages", "stamina", "src"))

/** Rooms that the main entry opens, the lowest first. Each other room stands apart: who does not import it has none of it. */
const core = ["tools", "policy", "verdict", "run", "around", "telemetry", "drive"]
const apart = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !core.includes(entry.name))
  .map((entry) => entry.name)

/** The rooms that stand apart but for one's own, with the parts of Effect that belong to them. */
const apartFrom = (own?: string): ReadonlyArray<string> =>
  apart.filter((room) => room !== own).flatMap((room) => [
    room,
    `effect/${room}`,
    ...(room === "http" ? ["effect/crypto"] : [])
  ])

/** The same for a room that has an identity, and so a part of Effect's crypto. */
const withoutRoom = (own: string): ReadonlyArray<string> => apartFrom(own).filter((part) => part !== "effect/crypto")

const writtenPolicies = ["policy/schema", "policy/config", "policy/text", "effect/Schema"]

/** A policy, as JSON or text or numbers, retries nothing. */
const noRetries = ["Stamina", ...core.slice(core.indexOf("policy") + 1), ...apartFrom()]
const schedule = { limit: 9750, without: ["drive/Retry", "drive/RetryStream", ...writtenPolicies, ...apartFrom()] }
const otherDrivers = ["drive/RetrySchedule", "drive/RetryStream"]
const retry = { limit: 10_200, without: [...otherDrivers, ...writtenPolicies, ...apartFrom()] }

/** What decides without a fiber has no part of the drivers but the one that asks a budget. */
const onPaper = [
  "Stamina",
  "drive/engine",
  "drive/settings",
  "drive/Retry",
  ...otherDrivers,
  "telemetry",
  "policy/schema",
  "policy/config",
  "effect/Schema",
  ...apartFrom("simulation")
]

const entries: ReadonlyArray<Entry> = [
  {
    name: "staminaSchedule",
    code: `import { staminaSchedule } from "effect-stamina"
      export const schedule = staminaSchedule`,
    ...schedule
  },
  {
    name: "staminaSchedule, from its subpath",
    code: `import { staminaSchedule } from "effect-stamina/RetrySchedule"
      export const schedule = staminaSchedule`,
    ...schedule
  },
  {
    name: "Stamina.retry",
    code: `import { Stamina } from "effect-stamina"
      export const retry = Stamina.retry`,
    ...retry
  },
  {
    name: "Stamina.retry, from its subpath",
    code: `import { retry } from "effect-stamina/Stamina"
      export const retries = retry`,
    ...retry
  },
  {
    name: "RetryPolicy and Backoff",
    code: `import { Backoff, RetryPolicy } from "effect-stamina"
      export const policies = [RetryPolicy.make, RetryPolicy.defaults]
      export const waits = [Backoff.fromPolicy, Backoff.wait, Backoff.shortest, Backoff.longest]`,
    limit: 2500,
    without: [...noRetries, ...writtenPolicies]
  },
  {
    name: "all of RetryPolicy and Backoff",
    code: `export { Backoff, RetryPolicy } from "effect-stamina"`,
    limit: 6500,
    without: noRetries
  },
  {
    name: "RetryPolicy.Schema",
    code: `import { RetryPolicy } from "effect-stamina"
      export const schema = RetryPolicy.Schema`,
    limit: 3100,
    without: noRetries
  },
  {
    name: "RetryPolicy.config",
    code: `import { RetryPolicy } from "effect-stamina"
      export const config = RetryPolicy.config`,
    limit: 2800,
    without: noRetries
  },
  {
    name: "RetryPolicy.describe",
    code: `import { RetryPolicy } from "effect-stamina"
      export const describe = RetryPolicy.describe`,
    limit: 3500,
    without: [...noRetries, "policy/schema", "policy/config", "effect/Schema"]
  },
  {
    name: "RetryPolicy.bounds",
    code: `import { RetryPolicy } from "effect-stamina"
      export const bounds = RetryPolicy.bounds`,
    limit: 2050,
    without: [...noRetries, ...writtenPolicies]
  },
  {
    name: "all of the main entry",
    code: `export * from "effect-stamina"`,
    limit: 21_300,
    without: apartFrom()
  },
  {
    name: "HttpRetry",
    code: `export * from "effect-stamina/HttpRetry"`,
    limit: 16_600,
    without: [...otherDrivers, ...writtenPolicies, ...apartFrom("http")]
  },
  {
    name: "SqlRetry",
    code: `export * from "effect-stamina/SqlRetry"`,
    limit: 12_500,
    without: [...otherDrivers, ...writtenPolicies, ...apartFrom("sql")]
  },
  {
    name: "DurableRetry",
    code: `export * from "effect-stamina/DurableRetry"`,
    limit: 13_000,
    without: [
      ...otherDrivers,
      ...writtenPolicies.filter((part) => part !== "effect/Schema"),
      ...withoutRoom("workflow")
    ]
  },
  {
    name: "RetryPromise",
    code: `export * from "effect-stamina/RetryPromise"`,
    limit: 12_000,
    without: [...otherDrivers, ...writtenPolicies, ...withoutRoom("promise")]
  },
  {
    name: "RetryPolicy.preview",
    code: `import { RetryPolicy } from "effect-stamina"
      export const preview = RetryPolicy.preview`,
    limit: 2050,
    without: [...noRetries, ...writtenPolicies]
  },
  {
    name: "RetryLint",
    code: `export * from "effect-stamina/RetryLint"`,
    limit: 7400,
    without: [...onPaper, "simulation/RetrySimulation"]
  },
  {
    name: "RetrySimulation",
    code: `export * from "effect-stamina/RetrySimulation"`,
    limit: 8400,
    without: [...onPaper, "simulation/RetryLint"]
  },
  {
    name: "RetryExplanation",
    code: `export * from "effect-stamina/RetryExplanation"`,
    limit: 13_300,
    without: onPaper
  }
]

/**
 * What the package promises to bundlers: a module of which nothing is used may be left out (Effect's own does too). And
 * its public names, each with its file.
 */
const manifest: {
  readonly sideEffects: boolean
  readonly exports: Readonly<Record<string, string | undefined>>
} = JSON.parse(readFileSync(join(root, "packages", "stamina", "package.json"), "utf8"))

/** The source that a program gets which imports a public name. */
const publicSource = (id: string): string => {
  const target = manifest.exports[id.replace("effect-stamina", ".")]
  if (target === undefined) throw new Error(`the package has no ${id}`)
  return join(folder, relative("src", target))
}

/** The program that is bundled, and the library's sources in place of its package. */
const sources = (code: string): Plugin => ({
  name: "sources",
  async resolveId(id) {
    if (id === "program") return "\0program.ts"
    if (/^effect-stamina(\/|$)/.test(id)) return publicSource(id)
    // wherever the sources are, as the library itself finds it
    return /^effect(\/|$)/.test(id) ? this.resolve(id, join(root, "packages", "stamina", "package.json")) : undefined
  },
  load: (id) => id === "\0program.ts" ? code : undefined
})

const build = async (code: string, options: InputOptions, output: OutputOptions) => {
  const build = await rolldown({
    input: "program",
    plugins: [sources(code)],
    treeshake: { moduleSideEffects: manifest.sideEffects },
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

const bundle = async ({ code }: Entry) => {
  const program = await build(code, {}, {
    codeSplitting: { groups: [{ name: "effect", test: /[\\/]node_modules[\\/]effect[\\/]/ }] }
  })
  const own = program.code.replace(/^import\{.*?\}from".*?";/, "")
  if (/\bimport\b/.test(own)) throw new Error(`an import that was not expected: ${own.slice(0, 200)}`)
  const apart = await build(code, { external: /^effect(\/|$)/ }, {})
  const modules = Object.entries(apart.modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([file]) => relative(folder, file).replaceAll("\\", "/").replace(/\.ts$/, ""))
  return {
    minified: Buffer.byteLength(own),
    inProgram: gzipped(own),
    asFile: gzipped(apart.code),
    parts: [...modules, ...apart.imports]
  }
}

const problems: Array<string> = []
const rows: Array<ReadonlyArray<string>> = []

for (const entry of entries) {
  const { limit, name, without } = entry
  const { asFile, inProgram, minified, parts } = await bundle(entry)
  // a ban of nothing, or a bundle without the library, would pass for ever
  for (const banned of without) {
    if (!banned.startsWith("effect/") && ![banned, `${banned}.ts`].some((path) => existsSync(join(folder, path)))) {
      problems.push(`${name}: there is no ${banned} that it could hold`)
    }
  }
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
