/**
 * The sources as TypeDoc reads them.
 *
 * The comment at the top of a file is about its module, as everywhere in Effect. TypeDoc takes it for that if it says
 * `@module`, so each public module says so here, and only here.
 */
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

/** Reads the project, and gives its public modules by the names of their pages. */
export const readSources = (project: string): Array<DocumentationEntryPoint> => {
  const config = ts.getParsedCommandLineOfConfigFile(project, {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => complain([diagnostic])
  })
  if (config === undefined) throw new Error(`${project} cannot be read`)

  const files = new Set(modules.map(({ file }) => file))
  const host = ts.createCompilerHost(config.options)
  host.readFile = (file) => {
    const text = ts.sys.readFile(file)
    return text !== undefined && files.has(file) ? asModule(text) : text
  }
  const program = ts.createProgram(config.fileNames, config.options, host)
  complain(ts.getPreEmitDiagnostics(program))

  return modules.map(({ file, name }) => {
    const sourceFile = program.getSourceFile(file)
    if (sourceFile === undefined) throw new Error(`${file} is no part of ${project}`)
    return { displayName: name, program, sourceFile }
  })
}
