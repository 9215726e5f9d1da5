/**
 * Makes the API reference of the library's doc comments: a page for each public module, and one that lists them.
 *
 * TypeDoc reads the sources, with a TypeScript 6 that this package alone has. Whatever it warns of is an error.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join, sep } from "node:path"
import {
  Application,
  Converter,
  Logger,
  LogLevel,
  OptionDefaults,
  type ProjectReflection,
  ReflectionKind,
  type TypeDocOptions
} from "typedoc"
import type { PluginOptions } from "typedoc-plugin-markdown"
import { finish, firstSentence, prepare } from "./apiComments.ts"
import { readSources } from "./apiSources.ts"
import { ApiTheme } from "./apiTheme.ts"
import { modules, rooms } from "./modules.ts"
import { api, lab, library, root } from "./paths.ts"

/** Keeps what TypeDoc complains of, and prints nothing. */
class Complaints extends Logger {
  readonly lines: Array<string> = []

  override log(message: string, level: LogLevel): void {
    super.log(message, level)
    if (level >= LogLevel.Warn) this.lines.push(message)
  }
}

/** Types that public ones refer to, and that have no page on purpose, by the file that declares them. */
const withoutPage: Readonly<Record<string, ReadonlyArray<string>>> = {
  // steps of the types that check `on`, and their constraints: nobody needs their names
  "verdict/RetryOn.ts": [
    "AnyClass",
    "AnyFunction",
    "AnyHook",
    "InstancesOf",
    "Missing",
    "UnknownField",
    "UnknownKey",
    "Unrelated"
  ],
  // a value of the same name is there
  "policy/model.ts": ["shapeNames"],
  // the platform's own
  "platform.d.ts": ["AbortSignal", "Request", "Response", "URL"]
}

const options: TypeDocOptions & Partial<PluginOptions> = {
  // read by `readSources`; TypeDoc finds by them which package it looks at for types that have no page
  entryPoints: modules.map(({ file }) => file).filter((file) => file.startsWith(library + sep)),
  plugin: ["typedoc-plugin-markdown"],
  theme: "api",
  excludeInternal: true,
  excludePrivate: true,
  // what the classes of errors inherit from Error and Effect would bury what is their own
  excludeExternals: true,
  blockTags: [...OptionDefaults.blockTags, "@stability"],
  notRenderedTags: [...OptionDefaults.notRenderedTags, "@category", "@stability"],
  readme: "none",
  logLevel: "Warn",
  disableGit: true,
  displayBasePath: root,
  intentionallyNotExported: Object.entries(withoutPage).flatMap(([file, names]) =>
    names.map((name) => `effect-stamina/src/${file}:${name}`)
  ),
  sort: ["source-order"],
  defaultCategory: "Also here",
  categoryOrder: ["*", "Also here"],
  outputFileStrategy: "modules",
  entryFileName: "index",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  pageTitleTemplates: { module: ({ name }) => name },
  useCodeBlocks: true,
  expandObjects: true,
  expandParameters: true,
  parametersFormat: "table",
  typeDeclarationFormat: "table",
  // the places that links lead to, instead of a guess at them
  useCustomAnchors: true,
  sanitizeComments: true
}

/** The list of all modules, by room, each with the first sentence of its comment. */
const listOf = (project: ProjectReflection): string => {
  const comments = new Map(
    project.getReflectionsByKind(ReflectionKind.Module).map(({ comment, name }) => [name, comment])
  )
  return [
    "# API reference",
    "This page answers: which module has what? The pages are made of the doc comments in the source.",
    "`Stamina` is what a program needs every day. It and the other modules of the main entry come from `effect-stamina`; " +
    "each module also has an entry of its own, such as `effect-stamina/RetryPolicy`. What is used before production comes " +
    "from `effect-stamina-lab`.",
    ...rooms.flatMap(({ modules, title }) => [
      `## ${title}`,
      modules.map(({ name }) => `- [${name}](./${name}.md): ${firstSentence(comments.get(name))}`).join("\n")
    ])
  ].join("\n\n") + "\n"
}

/** Writes the pages, all of them anew, and says how many there are. */
export const makeApi = async (): Promise<number> => {
  rmSync(api, { recursive: true, force: true })
  mkdirSync(api, { recursive: true })
  const app = await Application.bootstrapWithPlugins(options)
  const complaints = new Complaints()
  app.logger = complaints
  app.renderer.defineTheme("api", ApiTheme)
  app.options.setValue("outputs", [{ name: "markdown", path: api }])
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => prepare(project))
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => finish(project), -1000)

  const project = app.converter.convert(readSources(library, lab))
  app.validate(project)
  await app.generateOutputs(project)
  writeFileSync(join(api, "index.md"), listOf(project))
  if (complaints.lines.length > 0) {
    throw new Error(`The doc comments make no reference:\n${complaints.lines.join("\n")}`)
  }
  return modules.length
}
