/**
 * What docs/composing.md says: an item there is a test here, in the same order and by the same name.
 */
import { describe, expect, it } from "@effect/vitest"
import { Schedule } from "effect"
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { combinatorRows } from "./combinators.ts"
import type { Rows } from "./observing.ts"
import { partnerRows } from "./partners.ts"
import { repeatingRows } from "./repeating.ts"
import { retryingRows } from "./retrying.ts"
import { serviceRows } from "./services.ts"

const tables: Readonly<Record<string, Rows>> = {
  "Where errors go in": { ...retryingRows, ...serviceRows },
  "Where something else goes in": repeatingRows,
  "Around it": combinatorRows,
  "Beside it": partnerRows
}

/** The names in bold that the items of a list begin with, by heading. */
const documented = Object.fromEntries(
  readFileSync(join(import.meta.dirname, "../../../../docs/composing.md"), "utf8")
    .split(/^## /m)
    .filter((section) => section.includes("\n- **`"))
    .map((section) => {
      const [heading = "", ...lines] = section.split("\n")
      const rows = lines.flatMap((line) => /^- \*\*(`.+?)\*\*/.exec(line)?.[1] ?? [])
      return [heading, rows.map((row) => row.replaceAll("`", ""))]
    })
)

describe.each(Object.entries(tables))("%s", (_, rows) => {
  for (const [name, row] of Object.entries(rows)) it.effect(name, () => row)
})

describe("the page", () => {
  it("has an item for each test, and the other way round", () => {
    expect(documented).toEqual(
      Object.fromEntries(Object.entries(tables).map(([key, rows]) => [key, Object.keys(rows)]))
    )
  })

  const named = new Set(Object.values(documented).flat().flatMap((row) => row.match(/\w+\.\w+/g) ?? []))

  it("names all that Effect's Schedule exports", () => {
    expect(Object.keys(Schedule).map((name) => `Schedule.${name}`).filter((name) => !named.has(name))).toEqual([])
  })

  it("names all in Effect that takes a schedule", () => {
    expect(takers().filter((name) => !named.has(name) && !behind.has(name))).toEqual([])
  })
})

/** What mentions a schedule for something that is named: its types and services, and a default. */
const behind = new Set([
  "Effect.Retry",
  "Effect.Repeat",
  "Entity.Entity",
  "ExecutionPlan.ExecutionPlan",
  "GraphQLClient.defaultSubscriptionRetry",
  "HttpClient.Retry",
  "PersistedQueue.PersistedQueueFactory",
  "PersistedQueue.makeFactory",
  "Sharding.Sharding",
  "Workflow.Any",
  "Workflow.Workflow",
  "WorkflowEngine.WorkflowEngine",
  "WorkflowEngine.makeUnsafe"
])

/** The exports of Effect whose code mentions the type of schedules. */
function takers(): ReadonlyArray<string> {
  const sources = join(import.meta.dirname, "../../node_modules/effect/src")
  return globSync("**/*.ts", { cwd: sources })
    .filter((file) => file !== "Schedule.ts" && !file.includes("internal"))
    .flatMap((file) =>
      readFileSync(join(sources, file), "utf8")
        .replaceAll(/\/\*[^]*?\*\//g, "")
        .split(/^(?=(?:export )?(?:declare )?(?:class|const|function|interface|let|namespace|type) )/m)
        .filter((declaration) => /\bSchedule</.test(declaration))
        .map((declaration) => /^export (?:declare )?\w+ (\w+)/.exec(declaration)?.[1])
        .filter((name) => name !== undefined)
        .map((name) => `${basename(file, ".ts")}.${name}`)
    )
}
