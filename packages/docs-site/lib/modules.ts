/**
 * The public modules of the library and of its lab: each has a page in the API reference.
 */
import { join } from "node:path"
import { lab, library, manifestOf } from "./paths.ts"

export interface Module {
  /** As its page is called: `RetryPolicy`. */
  readonly name: string
  /** As it is imported: `effect-stamina/RetryPolicy`. */
  readonly specifier: string
  readonly file: string
  /** The folder that it lives in; empty where it stands above them. The lab has one room for all. */
  readonly room: string
}

export interface Room {
  readonly title: string
  readonly modules: ReadonlyArray<Module>
}

const modulesOf = (folder: string, roomOf: (target: string) => string): ReadonlyArray<Module> => {
  const { exports = {}, name: main } = manifestOf(folder)
  return Object.entries(exports)
    .filter(([subpath]) => subpath !== "./package.json")
    .map(([subpath, target]) => ({
      name: subpath === "." ? main : subpath.slice(2),
      specifier: main + subpath.slice(1),
      file: join(folder, target),
      room: roomOf(target)
    }))
}

export const modules: ReadonlyArray<Module> = [
  ...modulesOf(library, (target) => /^\.\/src\/(.+)\/[^/]+$/.exec(target)?.[1] ?? ""),
  ...modulesOf(lab, () => "lab")
]

/** What readers call the rooms, in the order in which they need them. */
const titles: Readonly<Record<string, string>> = {
  "": "Every day",
  policy: "Policies",
  verdict: "What is retried",
  drive: "Options, schedules",
  ambient: "Around a run",
  budget: "Budgets and doors",
  http: "HTTP",
  sql: "SQL",
  ai: "Language models",
  rpc: "RPC, clusters",
  promise: "Promises",
  persistence: "Shared budgets, breakers",
  workflow: "Workflows",
  config: "Environment variables",
  telemetry: "Logs, metrics, spans",
  testing: "Testing",
  lab: "Simulation, lint",
  run: "Decisions",
  paper: "Runs on paper"
}

/** A room without a title of its own comes last, by its name. */
const roomsOfModules = [...new Set(modules.map(({ room }) => room))].toSorted()

export const rooms: ReadonlyArray<Room> = [...new Set([...Object.keys(titles), ...roomsOfModules])]
  .map((room) => ({
    title: titles[room] ?? room,
    modules: modules.filter((module) => module.room === room).toSorted((a, b) => a.name < b.name ? -1 : 1)
  }))
  .filter(({ modules }) => modules.length > 0)
