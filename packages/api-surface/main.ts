/**
 * The public surface of the published packages: the names and signatures of each entry point, as files that are
 * committed, so that a change of them is seen in review. They stand in the folder `api` of each package.
 *
 * `node packages/api-surface/main.ts` compares them with the sources, `--update` writes them anew.
 *
 * Each entry point has a report of its own: what it takes from another one is a line that imports it, and not a copy.
 * For that, each import of an open module in the declarations is made an import from the package. The imports by path
 * that are left are those of closed modules. Nobody can name a type from there, unless an open module re-exports it: in the
 * declarations of a library that wraps a function with such a type in its signature, it would be `any`. So no signature may
 * have one that no open module re-exports.
 */
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor"
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { fromRoot, report, run } from "../../scripts/lib/run.ts"
import * as workspace from "../../scripts/lib/workspace.ts"

const { values: { update } } = parseArgs({ options: { update: { type: "boolean", default: false } } })

interface Entry {
  /** As it is imported. */
  readonly specifier: string
  /** The declarations, from the folder that the build leaves them in. */
  readonly file: string
  /** The name of its report. */
  readonly name: string
}

const readPackage = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/** The entry points of a package, as they are published. */
const entriesOf = (folder: string): ReadonlyArray<Entry> => {
  const { name, publishConfig } = readPackage(folder)
  const exports: Record<string, unknown> = publishConfig.exports
  return Object.entries(exports).filter(([subpath]) => subpath !== "./package.json").map(([subpath, target]) => {
    const built = typeof target === "string" ? /^\.\/dist\/(.+)\.js$/.exec(target) : null
    if (built === null) throw new Error(`${name}: exports["${subpath}"] is no file in ./dist`)
    return {
      specifier: name + subpath.slice(1),
      file: `${built[1]}.d.ts`,
      name: subpath === "." ? "index" : subpath.slice(2).replaceAll("/", "-")
    }
  })
}

/** The parts of `import { A } from "./a.ts"`, of the same with `export`, and of `import("./a.ts")`. */
const imports = /(?:^(import|export)\b([^;"]*)\bfrom |\bimport\()"(\.[^"]+)"/gm

/** The name in `export interface A`. */
const exportedTypes = /^export (?:declare )?(?:abstract )?(?:class|enum|interface|type) (\w+)/gm

interface Declarations {
  /** Where they stand. */
  readonly folder: string
  /** The names of types that closed modules lend to others, and that no open module re-exports. */
  readonly closed: ReadonlySet<string>
}

/** Builds the declarations, and parts them at the open modules. */
const build = async (folder: string, output: string, entries: ReadonlyArray<Entry>): Promise<Declarations> => {
  const declarations = join(output, "dist")
  const project = join(folder, "tsconfig.build.json")
  const options = ["--emitDeclarationOnly", "--declarationMap", "false", "--outDir", declarations]
  const compiled = await run("tsc", ["-p", project, ...options])
  if (!compiled.ok) throw new Error(`${fromRoot(project)}: ${compiled.end}\n${compiled.output}`)

  // the package as others have it, from which the open modules are imported
  const { name } = readPackage(folder)
  const installed = join(output, "node_modules", name)
  cpSync(declarations, join(installed, "dist"), { recursive: true })
  const exports = entries.map(({ file, specifier }) => [`.${specifier.slice(name.length)}`, `./dist/${file}`])
  writeFileSync(
    join(installed, "package.json"),
    JSON.stringify({ name, type: "module", exports: Object.fromEntries(exports) })
  )
  // no package imports itself here
  writeFileSync(join(output, "package.json"), JSON.stringify({ type: "module" }))

  const open = new Map(entries.map(({ file, specifier }) => [join(declarations, file), specifier]))
  // by file and name, since two closed modules may have a type of one name
  const lentTypes = new Map<string, string>()
  const handedOn = new Set<string>()
  for (const file of globSync("**/*.d.ts", { cwd: declarations })) {
    const path = join(declarations, file)
    const parted = readFileSync(path, "utf8").replace(imports, (whole, kind, names: string | undefined, target) => {
      const from = join(dirname(path), target.replace(/\.[jt]s$/, ".d.ts"))
      const specifier = open.get(from)
      if (specifier !== undefined) return whole.replace(target, specifier)
      const named = [...names?.matchAll(/(\w+)(?: as \w+)?(?=\s*[,}])/g) ?? []]
      const lent = kind === "import" ? named : readFileSync(from, "utf8").matchAll(exportedTypes)
      for (const [, name = ""] of lent) lentTypes.set(`${from} ${name}`, name)
      if (kind === "export" && open.has(path)) { for (const [, name] of named) handedOn.add(`${from} ${name}`) }
      return whole
    })
    // API Extractor knows `export * as` within a package only
    writeFileSync(
      path,
      parted.replace(/^export \* as (\w+) from ("[^."].*)$/gm, "import * as $1 from $2\nexport { $1 };")
    )
  }
  const closed = new Set([...lentTypes].filter(([key]) => !handedOn.has(key)).map(([, name]) => name))
  return { folder: declarations, closed }
}

/** Writes a report for each entry point, and gives what is wrong with them. */
const extract = (
  folder: string,
  output: string,
  entries: ReadonlyArray<Entry>,
  declarations: Declarations
): ReadonlyArray<string> => {
  const reports = join(output, "api")
  mkdirSync(reports, { recursive: true })
  const configs = entries.map(({ file, name }) =>
    ExtractorConfig.prepare({
      configObject: {
        projectFolder: folder,
        mainEntryPointFilePath: join(declarations.folder, file),
        newlineKind: "lf",
        compiler: { tsconfigFilePath: join(folder, "tsconfig.build.json") },
        apiReport: {
          enabled: true,
          // what an exported type is made of belongs to it
          includeForgottenExports: true,
          reportFileName: name,
          reportFolder: reports,
          reportTempFolder: join(output, "temp")
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
          extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } }
        }
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: join(folder, "package.json")
    })
  )
  const [first] = configs
  if (first === undefined) return [`${fromRoot(folder)} exports nothing`]
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath)
  })
  const problems: Array<string> = []
  for (const config of configs) {
    Extractor.invoke(config, {
      localBuild: true,
      compilerState,
      messageCallback: (message) => {
        if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.formatMessageWithLocation(folder))
        message.handled = true
      }
    })
  }
  for (const { name, specifier } of entries) {
    const file = join(reports, `${name}.api.md`)
    // it takes the modules for packages, which have their documentation elsewhere
    const text = readFileSync(file, "utf8").replace(/^\/\/ \(No @packageDocumentation .*\n\n?/m, "")
    writeFileSync(file, text)
    for (const problem of new Set(problemsOf(text, declarations.closed))) problems.push(`${specifier}: ${problem}`)
  }
  return problems
}

/** What no report may have: internals, and types of closed modules, but for those that only the type of a value has. */
const problemsOf = (text: string, closed: ReadonlySet<string>): ReadonlyArray<string> => {
  const declarations = text.split("\n\n").flatMap((block) => {
    const found = /^(export )?(?:declare )?(?:abstract )?(class|const|enum|function|interface|let|type) (\w+)/m.exec(
      block
    )
    if (found === null) return []
    const [, exported, kind = "", name = ""] = found
    return [{ block, name, exported: exported !== undefined, isType: kind === "type" || kind === "interface" }]
  })
  const internal = declarations.filter(({ block }) => /^\s*\/\/ @internal/m.test(block))
  return [
    ...internal.map(({ name }) => `${name} is internal`),
    ...declarations.filter(({ exported, name }) => !exported && closed.has(name)).flatMap(({ name }) =>
      declarations.filter((other) =>
        other.name !== name && (other.exported || other.isType) && new RegExp(`\\b${name}\\b`).test(other.block)
      ).map((other) => `${other.name} has ${name} in its type, which is declared in a closed module`)
    )
  ]
}

/** Compares the reports with those that are committed, or puts them in their place. */
const compare = async (folder: string, output: string): Promise<ReadonlyArray<string>> => {
  const committed = join(folder, "api")
  const found = join(output, "api")
  if (update) rmSync(committed, { recursive: true, force: true })
  mkdirSync(committed, { recursive: true })
  if (update) cpSync(found, committed, { recursive: true })
  const diff = ["diff", "--no-index", "--no-prefix", "--ignore-cr-at-eol", fromRoot(committed), fromRoot(found)]
  const { ok, output: differences } = await run("git", diff)
  if (ok) return []
  return [
    `The public surface of ${
      readPackage(folder).name
    } has changed. If it should, run \`npx -y pnpm@12 surface --update\`,` +
    ` and tell users in a changeset.\n\n${differences}`
  ]
}

const problems: Array<string> = []
let count = 0
try {
  for (const { path: folder } of await workspace.published()) {
    const output = join(folder, ".tmp", "surface")
    rmSync(output, { recursive: true, force: true })
    const entries = entriesOf(folder)
    if (entries.length === 0) continue // a program, which nobody imports
    count += entries.length
    problems.push(...extract(folder, output, entries, await build(folder, output, entries)))
    problems.push(...await compare(folder, output))
  }
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error))
}
report(problems, `${count} entry points`)
