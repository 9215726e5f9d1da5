/**
 * What readers see at the top and at the side, and in which order.
 */
import { globSync } from "node:fs"
import type { DefaultTheme } from "vitepress"
import { rooms } from "./modules.ts"
import { docs, repository } from "./paths.ts"

/** The pages of `docs`, by their file names without `.md`; `README` is the list of them by task. */
const sections: ReadonlyArray<readonly [title: string, pages: Readonly<Record<string, string>>]> = [
  ["Start", {
    start: "Start here",
    README: "What do you want to do?",
    tutorial: "Tutorial",
    motivation: "Why backoff, jitter, limits"
  }],
  ["Guides", {
    recipes: "Recipes",
    policies: "Choose a policy",
    http: "HTTP",
    fetch: "fetch",
    sql: "SQL transactions",
    ai: "Language models",
    rpc: "RPC and clusters",
    promises: "Promises",
    streams: "Streams",
    budgets: "Retry budgets",
    composing: "Schedules, nesting, deadlines",
    durable: "Durable runs",
    testing: "Test code that retries",
    "testing-your-retries": "Test your retries",
    traps: "Traps",
    "it-does-not-retry": "It does not retry",
    "coming-from": "From another library",
    "coming-from-stamina": "From Python's stamina"
  }],
  ["Reference", {
    options: "Options and defaults",
    cli: "Command line",
    instrumentation: "Logs, metrics, spans",
    telemetry: "Events and names",
    "http-faults": "HTTP faults by platform",
    compatibility: "Compatibility, stability"
  }],
  ["How it is built", {
    architecture: "Architecture",
    decisions: "Decisions"
  }]
]

/** Where a page of `docs` is on the site, without `.html`. */
export const addressOfPage = (page: string): string => page === "README" ? "guides" : page

const written: ReadonlySet<string> = new Set(globSync("*.md", { cwd: docs }).map((file) => file.slice(0, -3)))

/** Pages that nobody would find: each has its place in the table above, once. */
export const unlisted = (pages: Iterable<string> = written): ReadonlyArray<string> => {
  const listed = sections.flatMap(([, pages]) => Object.keys(pages))
  return [...pages].filter((page) => listed.filter((name) => name === page).length !== 1)
}

/** Rows of the table without a file: pages that are still to be written. */
export const unwritten: ReadonlyArray<string> = sections.flatMap(([, pages]) => Object.keys(pages))
  .filter((page) => !written.has(page))

/** A page of its own, which the router of the site must not take for one of its pages. */
export const explorer = { text: "Explorer", link: "/explorer/index.html", target: "_self" }

const items = (pages: Readonly<Record<string, string>>): Array<DefaultTheme.SidebarItem> =>
  Object.entries(pages).filter(([page]) => written.has(page)).map(([page, text]) => ({
    text,
    link: `/${addressOfPage(page)}`
  }))

const guide: Array<DefaultTheme.SidebarItem> = [
  ...sections.map(([text, pages]) => ({
    text,
    items: text === "Reference" ? [{ text: "API", link: "/api/" }, ...items(pages)] : items(pages)
  })),
  { text: "Explore", items: [explorer] }
]

const reference: Array<DefaultTheme.SidebarItem> = [
  { text: "API reference", link: "/api/" },
  ...rooms.map(({ modules, title }) => ({
    text: title,
    items: modules.map(({ name }) => ({ text: name, link: `/api/${name}` }))
  }))
]

export const sidebar: DefaultTheme.SidebarMulti = { "/api/": reference, "/": guide }

const first = written.has("start") ? "start" : "tutorial"

export const nav: Array<DefaultTheme.NavItem> = [
  { text: "Start", link: `/${first}` },
  { text: "Guides", link: written.has("README") ? "/guides" : "/recipes", activeMatch: "^/guides" },
  {
    text: "Reference",
    items: [
      { text: "API", link: "/api/" },
      { text: "Command line", link: "/cli" },
      { text: "Logs, metrics, spans", link: "/instrumentation" }
    ]
  },
  explorer,
  ...(repository === undefined ? [] : [{ text: "Source", link: repository }])
]
