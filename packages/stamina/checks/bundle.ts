/**
 * What a program adds to its bundle, by what it imports of the library: limits, and what must not come along.
 *
 * `node packages/stamina/checks/bundle.ts --table` prints all of it; a folder as argument stands for the library's sources.
 */
import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { check, type Entry } from "../../../scripts/lib/bundles.ts"
import { root } from "../../../scripts/lib/run.ts"

const { positionals: [given], values: { table } } = parseArgs({
  allowPositionals: true,
  options: { table: { type: "boolean" } }
})
const folder = resolve(given ?? join(root, "packages", "stamina", "src"))

/** Rooms that the main entry opens, the lowest first. Each other room stands apart: who does not import it has none of it. */
const core = ["tools", "policy", "verdict", "run", "ambient", "budget", "telemetry", "drive"]
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
const schedule = { limit: 10_900, without: ["drive/combinators", "drive/stream", ...writtenPolicies, ...apartFrom()] }
const otherDrivers = ["drive/RetrySchedule", "drive/stream"]
const retry = { limit: 12_150, without: [...otherDrivers, ...writtenPolicies, ...apartFrom()] }

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
    limit: 6650,
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
    limit: 2850,
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
    limit: 2100,
    without: [...noRetries, ...writtenPolicies]
  },
  {
    name: "all of the main entry",
    code: `export * from "effect-stamina"`,
    limit: 27_700,
    without: apartFrom()
  },
  {
    name: "HttpRetry",
    code: `export * from "effect-stamina/HttpRetry"`,
    limit: 24_520,
    without: [...otherDrivers, ...writtenPolicies, "http/FetchRetry", "http/fetchCall", ...apartFrom("http")]
  },
  {
    name: "FetchRetry",
    code: `export * from "effect-stamina/FetchRetry"`,
    limit: 26_780,
    // the promise loop, and nothing of Effect's client
    without: [
      ...otherDrivers,
      ...writtenPolicies,
      "effect/http",
      "http/HttpRetry",
      ...apartFrom("http").filter((part) => !["promise", "effect/promise"].includes(part))
    ]
  },
  {
    name: "SqlRetry",
    code: `export * from "effect-stamina/SqlRetry"`,
    limit: 15_650,
    without: [...otherDrivers, ...writtenPolicies, ...apartFrom("sql")]
  },
  {
    name: "AiRetry",
    code: `export * from "effect-stamina/AiRetry"`,
    limit: 21_150,
    // it knows errors by their brands: the schemas of `AiError` are not loaded
    without: ["drive/RetrySchedule", "drive/combinators", "effect/ai/AiError", ...writtenPolicies, ...apartFrom("ai")]
  },
  {
    name: "RpcRetry",
    code: `export * from "effect-stamina/RpcRetry"`,
    limit: 1950,
    // an `on` without a driver: a program has its driver, and the parts of Effect, from elsewhere
    without: [
      "Stamina",
      "drive",
      "effect/rpc",
      "effect/cluster",
      "effect/http",
      ...writtenPolicies,
      ...apartFrom("rpc")
    ]
  },
  {
    name: "DurableRetry",
    code: `export * from "effect-stamina/DurableRetry"`,
    limit: 13_650,
    without: [
      ...otherDrivers,
      ...writtenPolicies.filter((part) => part !== "effect/Schema"),
      ...withoutRoom("workflow")
    ]
  },
  {
    name: "RetryPromise",
    code: `export * from "effect-stamina/RetryPromise"`,
    limit: 14_550,
    without: [...otherDrivers, ...writtenPolicies, ...withoutRoom("promise")]
  },
  {
    name: "RetryPolicy.preview",
    code: `import { RetryPolicy } from "effect-stamina"
      export const preview = RetryPolicy.preview`,
    limit: 2100,
    without: [...noRetries, ...writtenPolicies]
  },
  {
    name: "PaperRun",
    code: `export * from "effect-stamina/PaperRun"`,
    limit: 5350,
    // what decides without a fiber has no part of the drivers but the one that asks a budget
    without: [
      "Stamina",
      "drive",
      "telemetry",
      ...writtenPolicies,
      ...apartFrom("paper")
    ]
  }
]

await check(entries, [{ name: "stamina", sources: folder, prefix: "" }], table)
