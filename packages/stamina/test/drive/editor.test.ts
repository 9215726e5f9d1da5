import { describe, expect, it } from "@effect/vitest"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { completionsAt } from "../kit/languageServer.ts"

const typetest = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "typetest")

/** What an editor offers right after `on: "`. */
const offered = (expression: string) => {
  const lines = [
    "import { Effect } from \"effect\"",
    "import { Stamina, staminaSchedule } from \"effect-stamina\"",
    "import { program } from \"./errors.ts\"",
    `export const x = ${expression}`
  ]
  const character = lines[3]!.indexOf("on: \"") + "on: \"".length
  return completionsAt(typetest, join(typetest, "retry.ts"), lines.join("\n"), { line: 3, character })
}

describe("in an editor, `on: \"` offers the effect's own tags", () => {
  it.each([
    "program.pipe(Stamina.retry({ on: \"\" }))",
    "Stamina.retry(program, { on: \"\" })",
    "program.pipe(Effect.retry(($) => $(staminaSchedule({ on: \"\" }))))"
  ])("%s", async (expression) => {
    expect((await offered(expression)).toSorted()).toEqual(["HttpError", "ParseError"])
  }, 60_000)
})
