import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Equal } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as Schema from "effect/Schema"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { parseEnv } from "node:util"
import { encode, shortest } from "../src/model/policy.ts"
import { code } from "../src/render/code.ts"
import { environment, prefix } from "../src/render/environment.ts"
import { json } from "../src/render/json.ts"

const written = (policy: RetryPolicy.RetryPolicy) => shortest(encode(policy))

const unlimited = RetryPolicy.make({
  attempts: Infinity,
  timeout: Infinity,
  overshoot: "refuse",
  backoff: ["1 second", 0, "90 seconds"],
  waitJitter: "12.5%",
  waitExpBase: 1.5
})

describe("a policy", () => {
  it.prop("as JSON is read by RetryPolicy.Schema", [RetryPolicy.Schema], ([policy]) => {
    const again = Schema.decodeUnknownSync(Schema.fromJsonString(RetryPolicy.Schema))(json(written(policy)))
    expect(Equal.equals(again, policy)).toBe(true)
  })

  it.effect.prop(
    "as variables is read by RetryPolicy.config",
    [RetryPolicy.Schema],
    ([policy]) =>
      Effect.gen(function*() {
        const env = Object.fromEntries(
          Object.entries(parseEnv(environment(written(policy)))).flatMap(([name, value]) =>
            value === undefined ? [] : [[name, value]]
          )
        )
        const again = yield* RetryPolicy.config(prefix).parse(ConfigProvider.fromEnv({ env }))
        expect(Equal.equals(again, policy)).toBe(true)
      })
  )

  it("as code runs, and makes the same policy", async () => {
    const folder = join(import.meta.dirname, "..", ".tmp", "code")
    mkdirSync(folder, { recursive: true })
    const policies = [
      RetryPolicy.defaults,
      unlimited,
      RetryPolicy.make({ waitInitial: "10 seconds", waitMax: "5 seconds" }),
      RetryPolicy.make({ waitJitter: "20%", timeout: "1 minute", backoff: "decorrelated" })
    ]
    for (const [i, policy] of policies.entries()) {
      const file = join(folder, `policy${i}.ts`)
      writeFileSync(file, code(written(policy)))
      const module: { readonly policy: RetryPolicy.RetryPolicy } = await import(pathToFileURL(file).href)
      expect(Equal.equals(module.policy, policy)).toBe(true)
    }
    rmSync(folder, { recursive: true })
  })

  it("is written as a person would", () => {
    expect(code(written(unlimited))).toBe(`import { RetryPolicy } from "effect-stamina"

export const policy = RetryPolicy.make({
  attempts: Infinity,
  timeout: Infinity,
  waitJitter: "12.5%",
  waitExpBase: 1.5,
  backoff: ["1 second", "0 millis", "90 seconds"],
  overshoot: "refuse"
})

// program.pipe(Stamina.retry({ ...policy, on: "HttpError" }))
`)
    expect(environment(written(unlimited))).toBe(`RETRY_ATTEMPTS=unlimited
RETRY_TIMEOUT=unlimited
RETRY_WAIT_JITTER="12.5%"
RETRY_WAIT_EXP_BASE=1.5
RETRY_BACKOFF="1 second, 0 millis, 90 seconds"
RETRY_OVERSHOOT=refuse
`)
    expect(environment({})).toBe("# all as by default\n")
    expect(json({})).toBe("{}\n")
  })
})
