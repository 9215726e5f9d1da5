import { describe, expect, it } from "@effect/vitest"
import { Config, ConfigProvider, Duration, Effect, Equal, Result, Schema, SchemaIssue } from "effect"
import { RetryPolicy } from "effect-stamina"

const decode = Schema.decodeUnknownEffect(RetryPolicy.Schema)
const encode = Schema.encodeEffect(RetryPolicy.Schema)

/** What decoding reports, as `path: message`. */
const report = (schema: Schema.Codec<unknown, unknown>, input: unknown): ReadonlyArray<string> => {
  const result = Schema.decodeUnknownResult(schema)(input)
  if (Result.isSuccess(result)) return []
  const { issues } = SchemaIssue.makeFormatterStandardSchemaV1()(result.failure.issue)
  return issues.map(({ message, path }) => `${path?.map(String).join(".")}: ${message}`)
}

const rules = {
  attempts: "an integer >= 1 or \"unlimited\"",
  timeout: "a duration > 0, such as \"10 seconds\" or 10000 (milliseconds), or \"unlimited\"",
  wait: "a finite duration >= 0, such as \"500 millis\" or 500 (milliseconds)",
  jitter: "a finite duration >= 0, such as \"500 millis\" or 500 (milliseconds), or a percentage from 0% to 100%",
  base: "a finite number >= 0",
  backoff: `one of ${RetryPolicy.shapeNames.join(", ")}, or a non-empty list of finite ` +
    "durations >= 0",
  overshoot: "\"allow\" or \"refuse\""
}
const known = "known are attempts, timeout, waitInitial, waitMax, waitJitter, waitExpBase, backoff, overshoot"

const waits = [["waitInitial", rules.wait], ["waitMax", rules.wait], ["waitJitter", rules.jitter]] as const

describe("RetryPolicy.Schema", () => {
  it.effect("takes what is left out, or undefined, from the defaults", () =>
    Effect.gen(function*() {
      expect(yield* decode({})).toEqual(RetryPolicy.defaults)
      expect(yield* decode({ attempts: undefined, waitMax: undefined })).toEqual(RetryPolicy.defaults)
      expect(yield* decode({ attempts: 3 })).toEqual(RetryPolicy.make({ attempts: 3 }))
    }))

  it.effect("decodes to a frozen policy, as make does", () =>
    Effect.gen(function*() {
      expect(Object.isFrozen(yield* decode({ attempts: 3 }))).toBe(true)
    }))

  it.effect.each(
    [
      [{ attempts: 1 }, { attempts: 1 }],
      [{ attempts: 1e9 }, { attempts: 1e9 }],
      [{ attempts: "unlimited" }, { attempts: Infinity }],
      [{ timeout: "10 seconds" }, { timeout: 10_000 }],
      [{ timeout: "1.5 hours" }, { timeout: 5_400_000 }],
      [{ timeout: "1 nano" }, { timeout: 1n }],
      [{ timeout: 0.5 }, { timeout: 0.5 }],
      [{ timeout: 250 }, { timeout: 250 }],
      [{ timeout: "unlimited" }, { timeout: Duration.infinity }],
      [{ waitInitial: 0, waitMax: "0 seconds", waitJitter: "500 millis" }, {
        waitInitial: 0,
        waitMax: 0,
        waitJitter: 500
      }],
      [{ waitExpBase: 0 }, { waitExpBase: 0 }],
      [{ waitExpBase: 1.5 }, { waitExpBase: 1.5 }],
      [{ backoff: "full" }, { backoff: "full" }],
      [{ backoff: "fibonacci" }, { backoff: "fibonacci" }],
      [{ backoff: ["1 second", 250] }, { backoff: ["1 second", 250] }],
      [{ backoff: [0] }, { backoff: [0] }],
      [{ backoff: ["1.5 seconds", "1 second"] }, { backoff: [1500, 1000] }],
      [{ overshoot: "allow" }, { overshoot: "allow" }],
      [{ overshoot: "refuse" }, { overshoot: "refuse" }]
    ] as const
  )("accepts %j", ([input, same]) =>
    Effect.gen(function*() {
      expect(Equal.equals(yield* decode(input), RetryPolicy.make(same))).toBe(true)
    }))

  it.each([0, -1, 1.5, NaN, Infinity, -Infinity, null, true, "5", "Infinity", "Unlimited", "", [5], {}, 5n])(
    "refuses %o for attempts",
    (attempts) => {
      expect(report(RetryPolicy.Schema, { attempts })).toEqual([
        expect.stringMatching(/^attempts: Expected an integer >= 1 or "unlimited", got /)
      ])
    }
  )

  const nowhereADuration = [
    -1,
    NaN,
    Infinity,
    -Infinity,
    null,
    true,
    "",
    "10",
    "10s",
    "ten seconds",
    "-1 seconds",
    "NaN seconds",
    "Infinity",
    "-Infinity",
    `${"9".repeat(400)} seconds`,
    [1, 0],
    [NaN, 0],
    {},
    { seconds: 1 },
    { seconds: NaN },
    1n,
    Duration.seconds(1)
  ]

  it.each([...nowhereADuration, 0, "0 seconds"])("refuses %o for timeout", (timeout) => {
    expect(report(RetryPolicy.Schema, { timeout })).toEqual([
      expect.stringContaining(`timeout: Expected ${rules.timeout}, got `)
    ])
  })

  it.each([...nowhereADuration, "unlimited"])("refuses %o for a wait", (wait) => {
    for (const [field, rule] of waits) {
      expect(report(RetryPolicy.Schema, { [field]: wait })).toEqual([
        expect.stringContaining(`${field}: Expected ${rule}, got `)
      ])
    }
  })

  it.each(["20", "20 %", "-1%", "101%", "100.1%", "%", "1e3%", "NaN%", "Infinity%", " 20%", "20%%"])(
    "refuses %o for jitter",
    (waitJitter) => {
      expect(report(RetryPolicy.Schema, { waitJitter })).toEqual([
        `waitJitter: Expected ${rules.jitter}, got ${JSON.stringify(waitJitter)}`
      ])
    }
  )

  it("takes no percentage for another wait", () => {
    expect(report(RetryPolicy.Schema, { waitInitial: "20%", waitMax: "20%" })).toEqual([
      `waitInitial: Expected ${rules.wait}, got "20%"`,
      `waitMax: Expected ${rules.wait}, got "20%"`
    ])
  })

  it.each([-1, NaN, Infinity, null, "2", "unlimited", [2], {}])("refuses %o for waitExpBase", (waitExpBase) => {
    expect(report(RetryPolicy.Schema, { waitExpBase })).toEqual([
      expect.stringContaining(`waitExpBase: Expected ${rules.base}, got `)
    ])
  })

  it.each(
    [
      null,
      5,
      true,
      "",
      "Full",
      "1 second",
      "1 second, 2 seconds",
      [],
      {},
      ["full"],
      ...nowhereADuration.map((wait) => ["1 second", wait]),
      [["1 second"]],
      ["unlimited"],
      Object.assign([], { length: 2 }),
      { 0: 5, length: 1 },
      Duration.seconds(1)
    ].map((backoff) => ({ backoff }))
  )("refuses %o", ({ backoff }) => {
    expect(report(RetryPolicy.Schema, { backoff })).toEqual([
      expect.stringContaining(`backoff: Expected ${rules.backoff}, got `)
    ])
  })

  it.each([null, true, false, "", "Refuse", 0, ["refuse"], {}])("refuses %o for overshoot", (overshoot) => {
    expect(report(RetryPolicy.Schema, { overshoot })).toEqual([
      expect.stringContaining(`overshoot: Expected ${rules.overshoot}, got `)
    ])
  })

  it.each([null, undefined, 5, "unlimited", [], true])("refuses %o for a policy", (input) => {
    expect(report(RetryPolicy.Schema, input)).toEqual([
      expect.stringContaining("Expected an object with any of attempts, timeout")
    ])
  })

  it("reports everything at once: seven bad fields and two unknown ones, each with path, rule and value", () => {
    const input = {
      attempts: 0,
      timeout: "Infinity",
      waitInitial: -1,
      waitMax: null,
      waitExpBase: "two",
      backoff: ["1 second", -1],
      overshoot: true,
      attemps: 5,
      on: ["HttpError"]
    }
    expect(report(RetryPolicy.Schema, input)).toEqual([
      `attempts: Expected ${rules.attempts}, got 0`,
      `timeout: Expected ${rules.timeout}, got "Infinity"`,
      `waitInitial: Expected ${rules.wait}, got -1`,
      `waitMax: Expected ${rules.wait}, got null`,
      `waitExpBase: Expected ${rules.base}, got "two"`,
      `backoff: Expected ${rules.backoff}, got ["1 second",-1]`,
      `overshoot: Expected ${rules.overshoot}, got true`,
      `attemps: Unknown field with value 5, ${known}`,
      `on: Unknown field with value ["HttpError"], ${known}`
    ])
  })

  it.effect("reports everything in the error's own message, without any parse option", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(decode(JSON.parse("{ \"attempts\": 0, \"__proto__\": 1 }")))
      expect(error.message).toBe(
        `Expected ${rules.attempts}, got 0\n  at ["attempts"]\n` +
          `Unknown field with value 1, ${known}\n  at ["__proto__"]`
      )
    }))

  it("is just as strict, and no stricter, when the caller passes parse options", () => {
    const input = { attempts: 0, other: 1 }
    for (const errors of ["first", "all"] as const) {
      for (const onExcessProperty of ["ignore", "error"] as const) {
        const result = Schema.decodeUnknownResult(RetryPolicy.Schema)(input, { errors, onExcessProperty })
        expect(Result.isFailure(result) && result.failure.message.match(/ {2}at /g)?.length).toBe(2)
      }
    }
  })

  it("holds the same rules as make", () => {
    const reason = (input: object) => {
      try {
        RetryPolicy.make(input)
        return ""
      } catch (error) {
        return String(error)
      }
    }
    const rule = (message: string) => /must be (.+), got/.exec(message)?.[1]
    expect(rule(reason({ attempts: 0 }))?.replace("Infinity", "\"unlimited\"")).toBe(rules.attempts)
    expect(rules.timeout.startsWith(rule(reason({ timeout: 0 }))?.split(" or ")[0] ?? "?")).toBe(true)
    expect(rules.wait.startsWith(rule(reason({ waitMax: -1 })) ?? "?")).toBe(true)
    expect(rule(reason({ waitExpBase: -1 }))).toBe(rules.base)
    expect(rule(reason({ backoff: [] }))?.replace("array", "list")).toBe(rules.backoff)
    expect(rule(reason({ overshoot: true }))).toBe(rules.overshoot)
  })

  it("is part of a larger schema, its paths behind the field's", () => {
    const Settings = Schema.Struct({ url: Schema.String, retry: RetryPolicy.Schema })
    expect(report(Settings, { url: "/", retry: { attempts: 0, timeout: 0 } })).toEqual([
      `retry.attempts: Expected ${rules.attempts}, got 0`,
      `retry.timeout: Expected ${rules.timeout}, got 0`
    ])
    expect(report(Settings, { url: "/" })).toEqual(["retry: Missing key"])
  })

  it.effect("can be left out of a larger schema", () =>
    Effect.gen(function*() {
      const Settings = Schema.Struct({ retry: Schema.optionalKey(RetryPolicy.Schema) })
      expect(yield* Schema.decodeUnknownEffect(Settings)({})).toEqual({})
    }))

  it.effect("reads and writes JSON text", () =>
    Effect.gen(function*() {
      const Text = Schema.fromJsonString(RetryPolicy.Schema)
      const policy = yield* Schema.decodeUnknownEffect(Text)("{ \"attempts\": 5, \"timeout\": \"10 seconds\" }")
      expect(Equal.equals(policy, RetryPolicy.make({ attempts: 5, timeout: "10 seconds" }))).toBe(true)
      expect(yield* Schema.encodeEffect(Text)(policy)).toBe(
        "{\"attempts\":5,\"timeout\":\"10 seconds\",\"waitInitial\":\"100 millis\",\"waitMax\":\"5 seconds\"," +
          "\"waitJitter\":\"1 second\",\"waitExpBase\":2,\"backoff\":\"additive\",\"overshoot\":\"allow\"}"
      )
      expect(report(Text, "{ \"attempts\": 0, \"timeout\": -1 }")).toHaveLength(2)
    }))

  it("is its own JSON codec, and so reports as much there", () => {
    const json = Schema.toCodecJson(Schema.Struct({ retry: RetryPolicy.Schema }))
    expect(report(json, { retry: { attempts: 0, timeout: -1 } })).toHaveLength(2)
  })

  it.effect("is part of a Config, read from the environment", () =>
    Effect.gen(function*() {
      const Settings = Config.schema(Schema.Struct({ retry: RetryPolicy.Schema }), "app")
      const env = {
        APP_RETRY_ATTEMPTS: "5",
        APP_RETRY_WAIT_MAX: "2 seconds",
        APP_RETRY_TIMEOUT: "unlimited",
        APP_RETRY_BACKOFF: "100, 1 second",
        APP_RETRY_OVERSHOOT: "refuse"
      }
      const from = (env: Record<string, string>) => ConfigProvider.constantCase(ConfigProvider.fromEnv({ env }))
      const { retry } = yield* Settings.parse(from(env))
      const same = RetryPolicy.make({
        attempts: 5,
        waitMax: "2 seconds",
        timeout: Duration.infinity,
        backoff: [100, "1 second"],
        overshoot: "refuse"
      })
      expect(Equal.equals(retry, same)).toBe(true)
      const error = yield* Effect.flip(Settings.parse(from({ APP_RETRY_ATTEMPTS: "0", APP_RETRY_TIMEOUT: "0" })))
      expect(error.message.match(/ {2}at \["app"\]\["retry"\]/g)).toHaveLength(2)
    }))

  it.effect.each(
    [
      ["10 seconds", "10 seconds"],
      [100, "100 millis"],
      [1.5, "1500 micros"],
      ["1 nano", "1 nano"],
      ["1001 nanos", "1001 nanos"],
      [60_000, "1 minute"],
      ["90 minutes", "90 minutes"],
      ["24 hours", "1 day"],
      ["14 days", "2 weeks"],
      ["1 millis", "1 milli"],
      [Duration.infinity, "unlimited"]
    ] as const
  )("writes %o as the longest unit without a fraction: %s", ([timeout, written]) =>
    Effect.gen(function*() {
      expect((yield* encode(RetryPolicy.make({ timeout }))).timeout).toBe(written)
    }))

  it.effect("writes all eight fields", () =>
    Effect.gen(function*() {
      const policy = RetryPolicy.make({
        attempts: Infinity,
        timeout: Duration.infinity,
        waitInitial: 0,
        waitMax: "1 minute",
        waitJitter: "1 second",
        waitExpBase: -0,
        backoff: [1500, "1 minute", 0],
        overshoot: "refuse"
      })
      const encoded = yield* encode(policy)
      expect(encoded).toEqual({
        attempts: "unlimited",
        timeout: "unlimited",
        waitInitial: "0 millis",
        waitMax: "1 minute",
        waitJitter: "1 second",
        waitExpBase: 0,
        backoff: ["1500 millis", "1 minute", "0 millis"],
        overshoot: "refuse"
      })
    }))

  it.effect("reports a whole value that is no policy when encoding", () =>
    Effect.gen(function*() {
      const bad = {
        ...RetryPolicy.defaults,
        attempts: 0,
        waitMax: Duration.infinity,
        timeout: "45 seconds",
        backoff: "none",
        overshoot: false
      }
      const error = yield* Effect.flip(Schema.encodeUnknownEffect(RetryPolicy.Schema)(bad))
      expect(error.message).toBe(
        "RetryPolicy.Schema: attempts must be an integer >= 1 or Infinity, got 0\n  at [\"attempts\"]\n" +
          "RetryPolicy.Schema: timeout must be a Duration, got \"45 seconds\"\n  at [\"timeout\"]\n" +
          "RetryPolicy.Schema: waitMax must be a finite duration >= 0, got Infinity\n  at [\"waitMax\"]\n" +
          `RetryPolicy.Schema: backoff must be one of ${RetryPolicy.shapeNames.join(", ")}, ` +
          "or a non-empty array of finite durations >= 0, got \"none\"\n  at [\"backoff\"]\n" +
          "RetryPolicy.Schema: overshoot must be \"allow\" or \"refuse\", got false\n  at [\"overshoot\"]"
      )
    }))

  it.effect.prop(
    "what is written decodes to an equal policy, through text too",
    [RetryPolicy.Schema],
    ([policy]) =>
      Effect.gen(function*() {
        const Text = Schema.fromJsonString(RetryPolicy.Schema)
        const again = yield* Schema.decodeUnknownEffect(Text)(yield* Schema.encodeEffect(Text)(policy))
        expect(Equal.equals(again, policy)).toBe(true)
        expect(Equal.equals(yield* decode(yield* encode(again)), policy)).toBe(true)
      })
  )

  it.effect.prop(
    "what is written as texts is read as an equal policy",
    [RetryPolicy.Schema],
    ([policy]) =>
      Effect.gen(function*() {
        const Texts = Schema.toCodecStringTree(RetryPolicy.Schema)
        const again = yield* Schema.decodeUnknownEffect(Texts)(yield* Schema.encodeEffect(Texts)(policy))
        expect(Equal.equals(again, policy)).toBe(true)
      })
  )

  const nanos = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }))
  it.effect.prop(
    "durations of any length survive to the nanosecond",
    [nanos, nanos],
    ([timeout, wait]) =>
      Effect.gen(function*() {
        const waits = [BigInt(wait), BigInt(wait) * 1_000_003n]
        const policy = RetryPolicy.make({
          timeout: BigInt(timeout),
          waitMax: BigInt(wait) * 1_000_003n,
          backoff: waits
        })
        expect(Equal.equals(yield* decode(yield* encode(policy)), policy)).toBe(true)
      })
  )

  it("has a JSON Schema that names every field, its default, and nothing else", () => {
    const { schema } = Schema.toJsonSchemaDocument(RetryPolicy.Schema)
    expect(schema).toMatchObject({
      type: "object",
      additionalProperties: false,
      properties: {
        attempts: {
          anyOf: [{ type: "integer", minimum: 1 }, { type: "string", enum: ["unlimited"] }],
          default: 10
        },
        timeout: { default: "45 seconds" },
        waitInitial: { default: "100 millis" },
        waitMax: { default: "5 seconds" },
        waitJitter: { default: "1 second" },
        waitExpBase: { type: "number", minimum: 0, default: 2 },
        backoff: {
          anyOf: [
            {
              type: "string",
              enum: [...RetryPolicy.shapeNames]
            },
            {
              type: "array",
              minItems: 1,
              items: { anyOf: [{ type: "number", minimum: 0 }, { type: "string", pattern: expect.any(String) }] }
            }
          ],
          default: "additive"
        },
        overshoot: { type: "string", enum: ["allow", "refuse"], default: "allow" }
      }
    })
    expect(schema).not.toHaveProperty("required")
  })

  it("has the same JSON Schema inside a larger schema", () => {
    const { schema } = Schema.toJsonSchemaDocument(Schema.Struct({ retry: RetryPolicy.Schema }))
    expect(schema).toHaveProperty("properties.retry.properties.waitExpBase.default", 2)
  })
})
