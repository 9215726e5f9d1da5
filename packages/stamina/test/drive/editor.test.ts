import { describe, expect, it } from "@effect/vitest"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { completionsAt, hoversAt } from "../kit/languageServer.ts"

const typetest = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "typetest")

/** What an editor offers at the `|` of an expression. */
const offered = async (expression: string): Promise<ReadonlyArray<string>> => {
  const lines = [
    "import { Effect, Stream } from \"effect\"",
    "import { Stamina, staminaSchedule } from \"effect-stamina\"",
    "import { program } from \"./errors.ts\"",
    `export const x = ${expression}`
  ]
  const character = lines[3]!.indexOf("|")
  const text = lines.join("\n").replace("|", "")
  const labels = await completionsAt(typetest, join(typetest, "retry.ts"), text, { line: 3, character })
  return labels.toSorted()
}

describe("in an editor, `on: \"` offers the effect's own tags", () => {
  it.each([
    "program.pipe(Stamina.retry({ on: \"|\" }))",
    "Stamina.retry(program, { on: \"|\" })",
    "Stream.fromEffect(program).pipe(Stamina.retryStream({ on: \"|\" }))",
    "program.pipe(Effect.retry(($) => $(staminaSchedule({ on: \"|\" }))))"
  ])("%s", async (expression) => {
    expect(await offered(expression)).toEqual(["HttpError", "ParseError"])
  }, 60_000)
})

describe("in an editor, a list or a record in `on` offers the effect's own tags, and `AttemptTimedOut`", () => {
  it.each([
    "program.pipe(Stamina.retry({ on: [\"|\"] }))",
    "program.pipe(Stamina.retry({ on: { | } }))",
    "Stamina.retry(program, { on: { | } })"
  ])("%s", async (expression) => {
    const labels = (await offered(expression)).map((label) => label.replace("?", ""))
    expect(labels).toEqual(["AttemptTimedOut", "HttpError", "ParseError"])
  }, 60_000)
})

describe("in an editor, an answer of a record offers the fields of a backoff and those of a duration", () => {
  it.each([
    "program.pipe(Stamina.retry({ on: { HttpError: { | } } }))",
    "Stamina.retry(program, { on: { HttpError: { | } } })"
  ])("%s", async (expression) => {
    expect(await offered(expression)).toEqual(expect.arrayContaining(["backoff?", "seconds?", "waitInitial?"]))
  }, 60_000)
})

describe("in an editor, the text of every option is shown", () => {
  const policy = ["attempts", "timeout", "overshoot", "backoff", "waitInitial", "waitMax", "waitJitter", "waitExpBase"]
  const waits = ["backoff", "waitInitial", "waitMax", "waitJitter", "waitExpBase"]
  const retry = [...policy, "on", "name", "nested", "hooks", "budget", "door", "spans", "resetAfter"]
  const http = [...policy, "name", "nested", "hooks", "budget", "door", "spans", "resetAfter", "attemptsInAll"]
  const values: Readonly<Record<string, string>> = { on: "\"HttpError\"" }
  const block = (names: ReadonlyArray<string>) => names.map((name) => `  ${name}: ${values[name] ?? "undefined"},`)

  it.each([
    ["Stamina.retry(program, {", "})", retry],
    ["program.pipe(Stamina.retry({", "}))", retry],
    ["RetryPolicy.make({", "})", policy],
    ["Stamina.layerDefaults({", "})", policy],
    ["RetrySchedule.limit({", "})", policy.slice(0, 3)],
    ["Stamina.retry(program, { on: { HttpError: {", "} } })", waits],
    ["HttpRetry.retry({", "})", http]
  ])("%s … %s", async (begin, end, names) => {
    const head = [
      "import { RetryPolicy, Stamina } from \"effect-stamina\"",
      "import * as RetrySchedule from \"effect-stamina/RetrySchedule\"",
      "import * as HttpRetry from \"effect-stamina/HttpRetry\"",
      "import { program } from \"./errors.ts\"",
      "export const used = [RetryPolicy, RetrySchedule, Stamina, HttpRetry, program]",
      `export const x = ${begin}`
    ]
    const text = [...head, ...block(names), end].join("\n")
    const places = names.map((_, i) => ({ line: head.length + i, character: 3 }))
    const hovers = await hoversAt(typetest, join(typetest, "retry.ts"), text, places)
    names.forEach((name, i) => {
      expect(hovers[i]).toContain(name)
      // a type alone is no text
      expect(hovers[i]).toMatch(/[a-z]\. |[a-z]\.\\|[a-z]\."|Default|Required/)
    })
  }, 60_000)
})
