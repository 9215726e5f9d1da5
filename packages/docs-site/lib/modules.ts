/**
 * The public modules of the library: each has a page in the API reference.
 */
import { join } from "node:path"
import { library, manifestOf } from "./paths.ts"

export interface Module {
  /** As its page is called: `RetryPolicy`. */
  readonly name: string
  /** As it is imported: `effect-stamina/RetryPolicy`. */
  readonly specifier: string
  readonly file: string
  /** The folder that it lives in; empty where it stands above them. */
  readonly room: string
}

export interface Room {
  readonly title: string
  readonly modules: ReadonlyArray<Module>
}

const { exports = {}, name: main } = manifestOf(library)

export const modules: ReadonlyArray<Module> = Object.entries(exports)
  .filter(([subpath]) => subpath !== "./package.json")
  .map(([subpath, target]) => ({
    name: subpath === "." ? main : subpath.slice(2),
    specifier: main + subpath.slice(1),
    file: join(library, target),
    room: /^\.\/src\/(.+)\/[^/]+$/.exec(target)?.[1] ?? ""
  }))

/** What readers call the rooms, in the order in which they need them. */
const titles: Readonly<Record<string, string>> = {
  "": "Every day",
  policy: "Policies",
  verdict: "What is retried",
  drive: "Options, schedules",
  around: "Around a run",
  http: "HTTP",
  sql: "SQL",
  promise: "Promises",
  persistence: "Shared budgets, breakers",
  workflow: "Workflows",
  config: "Environment variables",
  telemetry: "Logs, metrics, spans",
  testing: "Testing",
  simulation: "Simulation, lint",
  run: "Decisions"
}

/** A room without a title of its own comes last, by its name. */
const roomsOfModules = [...new Set(modules.map(({ room }) => room))].toSorted()

export const rooms: ReadonlyArray<Room> = [...new Set([...Object.keys(titles), ...roomsOfModules])]
  .map((room) => ({
    title: titles[room] ?? room,
    modules: modules.filter((module) => module.room === room).toSorted((a, b) => a.name < b.name ? -1 : 1)
  }))
  .filter(({ modules }) => modules.length > 0)
