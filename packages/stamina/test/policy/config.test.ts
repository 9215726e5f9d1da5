import { describe, expect, it } from "@effect/vitest"
import { Config, ConfigProvider, Duration, Effect, Equal, Exit } from "effect"
import { RetryPolicy } from "effect-stamina"

const fromEnv = (env: Record<string, string>) => ConfigProvider.fromEnv({ env })

const payments = RetryPolicy.config("PAYMENTS")

describe("RetryPolicy.config", () => {
  it.effect("reads the eight variables", () =>
    Effect.gen(function*() {
      const policy = yield* payments.parse(fromEnv({
        PAYMENTS_ATTEMPTS: "5",
        PAYMENTS_TIMEOUT: "2 minutes",
        PAYMENTS_WAIT_INITIAL: "50 millis",
        PAYMENTS_WAIT_MAX: "1500",
        PAYMENTS_WAIT_JITTER: "0",
        PAYMENTS_WAIT_EXP_BASE: "1.5",
        PAYMENTS_BACKOFF: "full",
        PAYMENTS_OVERSHOOT: "refuse"
      }))
      const same = RetryPolicy.make({
        attempts: 5,
        timeout: "2 minutes",
        waitInitial: 50,
        waitMax: 1500,
        waitJitter: 0,
        waitExpBase: 1.5,
        backoff: "full",
        overshoot: "refuse"
      })
      expect(Equal.equals(policy, same)).toBe(true)
      expect(Object.isFrozen(policy)).toBe(true)
    }))

  it.effect("takes what is absent or empty from the defaults", () =>
    Effect.gen(function*() {
      expect(yield* payments.parse(fromEnv({}))).toEqual(RetryPolicy.defaults)
      expect(yield* payments.parse(fromEnv({ PAYMENTS_ATTEMPTS: "", PAYMENTS_URL: "/" }))).toEqual(RetryPolicy.defaults)
      expect((yield* payments.parse(fromEnv({ PAYMENTS_WAIT_MAX: "1 second" }))).waitMax).toEqual(Duration.seconds(1))
    }))

  it.effect.each(
    [
      ["linear", "linear"],
      ["1 second, 5 seconds", ["1 second", "5 seconds"]],
      ["100,250 millis ,1.5 seconds", [100, 250, 1500]],
      ["1 second", ["1 second"]],
      ["250", [250]],
      ["0", [0]]
    ] as const
  )("reads the backoff %s", ([text, backoff]) =>
    Effect.gen(function*() {
      const policy = yield* payments.parse(fromEnv({ PAYMENTS_BACKOFF: text }))
      expect(Equal.equals(policy, RetryPolicy.make({ backoff }))).toBe(true)
      expect(Object.isFrozen(policy.backoff)).toBe(true)
    }))

  it.effect.each([
    "Full",
    "exponential",
    ",",
    "1 second,",
    "1 second, -1",
    "full, equal",
    "1 second; 2",
    "-1",
    "unlimited"
  ])(
    "refuses the backoff %s",
    (text) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(payments.parse(fromEnv({ PAYMENTS_BACKOFF: text })))
        expect(error.cause.message).toBe(
          `Expected one of ${RetryPolicy.shapeNames.join(", ")}, or a non-empty list of ` +
            `finite durations >= 0, got ${JSON.stringify(text)}\n  at ["PAYMENTS"]["BACKOFF"]`
        )
      })
  )

  it.effect("reads a list of waits where the source has lists, and takes no list for the lack of a value", () =>
    Effect.gen(function*() {
      const from = (values: object) => payments.parse(ConfigProvider.fromUnknown({ PAYMENTS: values }))
      const same = RetryPolicy.make({ backoff: ["1 second", 250] })
      expect(Equal.equals(yield* from({ BACKOFF: ["1 second", 250] }), same)).toBe(true)
      expect((yield* Effect.flip(from({ BACKOFF: ["full"] }))).cause.message).toContain("got [\"full\"]")
      expect((yield* Effect.flip(from({ ATTEMPTS: [5] }))).cause.message).toContain("got [\"5\"]")
    }))

  it.effect("takes empty for a value where the provider does", () =>
    Effect.gen(function*() {
      const provider = ConfigProvider.fromEnv({ env: { PAYMENTS_ATTEMPTS: "" }, preserveEmptyStrings: true })
      expect((yield* Effect.flip(payments.parse(provider))).message).toContain("got \"\"")
    }))

  it.effect("reads unlimited, and nothing else, as no limit", () =>
    Effect.gen(function*() {
      const policy = yield* payments.parse(fromEnv({ PAYMENTS_ATTEMPTS: "unlimited", PAYMENTS_TIMEOUT: "unlimited" }))
      expect(policy.attempts).toBe(Infinity)
      expect(policy.timeout).toEqual(Duration.infinity)
      for (const value of ["0", "-1", "Infinity", "null", "NaN", "none"]) {
        const exit = yield* Effect.exit(payments.parse(fromEnv({ PAYMENTS_ATTEMPTS: value })))
        expect(Exit.isFailure(exit)).toBe(true)
        expect(Exit.isFailure(yield* Effect.exit(payments.parse(fromEnv({ PAYMENTS_TIMEOUT: value }))))).toBe(true)
      }
      expect(Exit.isFailure(yield* Effect.exit(payments.parse(fromEnv({ PAYMENTS_WAIT_MAX: "unlimited" }))))).toBe(true)
    }))

  it.effect("lists all bad variables in one ConfigError, each with its path, the rule and the value", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(payments.parse(fromEnv({
        PAYMENTS_ATTEMPTS: "0",
        PAYMENTS_TIMEOUT: "10s",
        PAYMENTS_WAIT_INITIAL: "1 second",
        PAYMENTS_WAIT_MAX: "-1",
        PAYMENTS_WAIT_JITTER: "Infinity",
        PAYMENTS_WAIT_EXP_BASE: "two",
        PAYMENTS_BACKOFF: "exponential",
        PAYMENTS_OVERSHOOT: "yes"
      })))
      expect(error).toBeInstanceOf(Config.ConfigError)
      const wait = "a finite duration >= 0, such as \"500 millis\" or 500 (milliseconds)"
      expect(error.cause.message).toBe([
        "Expected an integer >= 1 or \"unlimited\", got \"0\"\n  at [\"PAYMENTS\"][\"ATTEMPTS\"]",
        "Expected a duration > 0, such as \"10 seconds\" or 10000 (milliseconds), or \"unlimited\", got \"10s\"",
        "  at [\"PAYMENTS\"][\"TIMEOUT\"]",
        `Expected ${wait}, got "-1"\n  at ["PAYMENTS"]["WAIT_MAX"]`,
        `Expected ${wait}, or a percentage from 0% to 100%, got "Infinity"\n  at ["PAYMENTS"]["WAIT_JITTER"]`,
        "Expected a finite number >= 0, got \"two\"\n  at [\"PAYMENTS\"][\"WAIT_EXP_BASE\"]",
        `Expected one of ${RetryPolicy.shapeNames.join(", ")}, or a non-empty list of finite ` +
        "durations >= 0, got \"exponential\"\n  at [\"PAYMENTS\"][\"BACKOFF\"]",
        "Expected \"allow\" or \"refuse\", got \"yes\"\n  at [\"PAYMENTS\"][\"OVERSHOOT\"]"
      ].join("\n"))
    }))

  it.effect("reads from objects", () =>
    Effect.gen(function*() {
      const provider = ConfigProvider.fromUnknown({ PAYMENTS: { ATTEMPTS: 5, TIMEOUT: 250, WAIT_MAX: "2 seconds" } })
      const same = RetryPolicy.make({ attempts: 5, timeout: 250, waitMax: "2 seconds" })
      expect(Equal.equals(yield* payments.parse(provider), same)).toBe(true)
    }))

  it.effect("finds a prefix that holds an underscore itself", () =>
    Effect.gen(function*() {
      const config = RetryPolicy.config("PAYMENTS_API")
      expect((yield* config.parse(fromEnv({ PAYMENTS_API_ATTEMPTS: "5" }))).attempts).toBe(5)
    }))

  it.effect("can be nested, on either side, and reports the whole path", () =>
    Effect.gen(function*() {
      const env = fromEnv({ APP_PAYMENTS_ATTEMPTS: "5" })
      const nested = Config.nested(payments, "APP")
      expect((yield* nested.parse(env)).attempts).toBe(5)
      expect((yield* payments.parse(ConfigProvider.nested(env, "APP"))).attempts).toBe(5)
      const error = yield* Effect.flip(nested.parse(fromEnv({ APP_PAYMENTS_ATTEMPTS: "0", APP_PAYMENTS_TIMEOUT: "0" })))
      expect(error.message.match(/at \["APP"\]\["PAYMENTS"\]/g)).toHaveLength(2)
    }))

  it.effect("works with a provider in constant case", () =>
    Effect.gen(function*() {
      const provider = ConfigProvider.constantCase(fromEnv({ PAYMENTS_ATTEMPTS: "5", PAYMENTS_WAIT_EXP_BASE: "3" }))
      const policy = yield* RetryPolicy.config("payments").parse(provider)
      expect([policy.attempts, policy.waitExpBase]).toEqual([5, 3])
    }))

  it.effect("is yielded like any config", () =>
    Effect.gen(function*() {
      const policy = yield* payments
      expect(policy.attempts).toBe(7)
    }).pipe(Effect.provideService(ConfigProvider.ConfigProvider, fromEnv({ PAYMENTS_ATTEMPTS: "7" }))))

  it.effect("passes on that the source cannot be read", () =>
    Effect.gen(function*() {
      const source = new ConfigProvider.SourceError({ message: "no connection" })
      const provider = ConfigProvider.make(() => Effect.fail(source))
      expect((yield* Effect.flip(payments.parse(provider))).cause).toBe(source)
    }))

  it.each(["", undefined, null, 5, ["PAYMENTS"]])("refuses the prefix %o at once", (prefix) => {
    // as plain JavaScript would call it
    const config: (prefix: never) => unknown = RetryPolicy.config
    expect(() => config(prefix as never)).toThrow(RangeError)
    expect(() => config(prefix as never)).toThrow(/^RetryPolicy\.config: prefix must be a non-empty string, got /)
  })
})
