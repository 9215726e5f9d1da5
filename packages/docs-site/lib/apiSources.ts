/**
 * The sources as TypeDoc reads them.
 *
 * The comment at the top of a file is about its module, as everywhere in Effect. TypeDoc takes it for that if it says
 * `@module`, so each public module says so here, and only here.
 */
import { join } from "node:path"
import type { DocumentationEntryPoint } from "typedoc"
import ts from "typescript"
import { modules } from "./modules.ts"
import { root } from "./paths.ts"

/** Puts `@module` on the last line of the comment at the top, so that no line moves. */
const asModule = (text: string): string => text.replace(/^(\/\*\*[^]*?\n) \*\//, "$1 * @module */")

const complain = (diagnostics: ReadonlyArray<ts.Diagnostic>): void => {
  if (diagnostics.length === 0) return
  const host = { getCurrentDirectory: () => root, getCanonicalFileName: String, getNewLine: () => "\n" }
  throw new Error(`TypeScript ${ts.version} does not take the sources:\n${ts.formatDiagnostics(diagnostics, host)}`)
}

/** The settings and files of a package, as its build has them. */
const configOf = (folder: string): ts.ParsedCommandLine => {
  const project = join(folder, "tsconfig.build.json")
  const config = ts.getParsedCommandLineOfConfigFile(project, {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => complain([diagnostic])
  })
  if (config === undefined) throw new Error(`${project} cannot be read`)
  return config
}

/** Reads packages as one program, so that types lead from one to the other, and gives their modules by the names of their pages. */
export const readSources = (...folders: ReadonlyArray<string>): Array<DocumentationEntryPoint> => {
  const configs = folders.map(configOf)
  const { options = {} } = configs[0] ?? {}
  // nothing is emitted, so no folder is the root of all
  for (const option of ["rootDir", "outDir", "declarationMap", "sourceMap", "stripInternal"]) delete options[option]

  const files = new Set(modules.map(({ file }) => file))
  const host = ts.createCompilerHost(options)
  host.readFile = (file) => {
    const text = ts.sys.readFile(file)
    return text !== undefined && files.has(file) ? asModule(text) : text
  }
  const program = ts.createProgram(configs.flatMap(({ fileNames }) => fileNames), options, host)
  complain(ts.getPreEmitDiagnostics(program))

  return modules.map(({ file, name }) => {
    const sourceFile = program.getSourceFile(file)
    if (sourceFile === undefined) throw new Error(`${file} is no part of its package`)
    return { displayName: name, program, sourceFile }
  })
}
