import { describe, expect, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer } from "effect"
import { RetryPolicy, Stamina } from "effect-stamina"
import * as RetryConfig from "effect-stamina/RetryConfig"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { unlogged } from "../kit/unlogged.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const failing = Effect.fail({ _tag: "Down" } as const)
const plain = { on: "Down", waitJitter: 0 } as const

const layerOf = (env: Record<string, string>, layer = RetryConfig.layer()) =>
  layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

/** The waits of a run that always fails. */
const waitsOf = (
  env: Record<string, string>,
  program: Effect.Effect<unknown, unknown> = Stamina.retry(failing, plain)
) => {
  const time = new VirtualTime([0])
  Effect.runSync(program.pipe(Effect.ignore, Effect.provide(layerOf(env)), unlogged, time.provide))
  return time.sleeps
}

describe("RetryConfig.layer", () => {
  it("changes nothing where no variable is set, or all are empty", () => {
    expect(waitsOf({})).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
    expect(waitsOf({ STAMINA_ACTIVE: "", STAMINA_MAX_ATTEMPTS: "", STAMINA_NESTED: "" })).toHaveLength(9)
    expect(waitsOf({ OTHER_ACTIVE: "false" })).toHaveLength(9)
    expect(waitsOf({}, Effect.provide(Stamina.retry(failing, plain), Stamina.layerInactive))).toEqual([])
  })

  it.each(["false", "no", "off", "0"])("switches retries off by %s", (text) => {
    expect(waitsOf({ STAMINA_ACTIVE: text })).toEqual([])
    expect(waitsOf({ STAMINA_ACTIVE: text }, Effect.retry(failing, RetrySchedule.limit()(RetrySchedule.backoff()))))
      .toEqual([])
  })

  it.each(["true", "yes", "on", "1"])("switches them on by %s, where a layer around has them off", (text) => {
    const run = (env: Record<string, string>) => {
      const time = new VirtualTime([0])
      Effect.runSync(
        Stamina.retry(failing, { ...plain, attempts: 2 }).pipe(
          Effect.ignore,
          Effect.provide(layerOf(env)),
          Effect.provide(Stamina.layerInactive),
          unlogged,
          time.provide
        )
      )
      return time.sleeps
    }
    expect(run({ STAMINA_ACTIVE: text })).toEqual([100])
    expect(run({})).toEqual([])
  })

  it("limits the attempts of every run, whatever its options say, and lifts no limit of theirs", () => {
    const all = { ...RetryPolicy.make({ attempts: 5, waitJitter: 0 }), on: "Down" } as const
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "3" }, Stamina.retry(failing, all))).toEqual([100, 200])
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "3" }, Stamina.retry(failing, { ...all, attempts: Infinity }))).toHaveLength(
      2
    )
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "20" }, Stamina.retry(failing, all))).toHaveLength(4)
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "unlimited" }, Stamina.retry(failing, all))).toHaveLength(4)
  })

  it("keeps the smallest limit of all layers, and keeps it under layers of defaults", () => {
    const inside = (env: Record<string, string>) => Effect.provide(Stamina.retry(failing, plain), layerOf(env))
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "3" }, inside({ STAMINA_MAX_ATTEMPTS: "5" }))).toHaveLength(2)
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "5" }, inside({ STAMINA_MAX_ATTEMPTS: "3" }))).toHaveLength(2)
    const defaults = Stamina.layerDefaults({ attempts: 8 })
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "3" }, Effect.provide(Stamina.retry(failing, plain), defaults)))
      .toHaveLength(2)
  })

  it("leaves test mode its own attempts", () => {
    const program = Stamina.retry(failing, plain).pipe(Stamina.withTesting({ attempts: 4 }))
    expect(waitsOf({ STAMINA_MAX_ATTEMPTS: "2" }, program)).toEqual([0, 0, 0])
  })

  it("sets defaults, below what the options say, and refines those around", () => {
    expect(waitsOf({ STAMINA_ATTEMPTS: "3", STAMINA_WAIT_INITIAL: "10" })).toEqual([10, 20])
    expect(waitsOf({ STAMINA_ATTEMPTS: "3" }, Stamina.retry(failing, { ...plain, attempts: 2 }))).toEqual([100])
    const inside = Effect.provide(Stamina.retry(failing, plain), layerOf({ STAMINA_WAIT_INITIAL: "50" }))
    expect(waitsOf({ STAMINA_ATTEMPTS: "3", STAMINA_WAIT_INITIAL: "10" }, inside)).toEqual([50, 100])
    expect(waitsOf({ STAMINA_WAIT_INITIAL: "10 seconds", STAMINA_ATTEMPTS: "2" })).toEqual([10_000])
  })

  it("sets `nested`", () => {
    const calls = (env: Record<string, string>) => {
      let calls = 0
      waitsOf(
        env,
        Effect.suspend(() => {
          calls++
          return failing
        }).pipe(Stamina.retry({ ...plain, attempts: 2 }), Stamina.retry({ ...plain, attempts: 2 }))
      )
      return calls
    }
    expect([calls({}), calls({ STAMINA_NESTED: "once" }), calls({ STAMINA_NESTED: "allow" })]).toEqual([4, 2, 4])
  })

  it("reads another prefix", () => {
    const time = new VirtualTime([0])
    const layer = layerOf({ MY_APP_ACTIVE: "false", STAMINA_ACTIVE: "true" }, RetryConfig.layer("MY_APP"))
    Effect.runSync(Stamina.retry(failing, plain).pipe(Effect.ignore, Effect.provide(layer), unlogged, time.provide))
    expect(time.sleeps).toEqual([])
    expect(() => RetryConfig.layer("")).toThrow(
      new RangeError("RetryConfig.layer: prefix must be a non-empty string, got \"\"")
    )
  })

  it.effect("fails to build with one ConfigError that lists all bad variables", () =>
    Effect.gen(function*() {
      const env = {
        STAMINA_ACTIVE: "maybe",
        STAMINA_MAX_ATTEMPTS: "0",
        STAMINA_NESTED: "twice",
        STAMINA_TIMEOUT: "soon"
      }
      const error = yield* Effect.flip(Effect.provide(Effect.void, layerOf(env)))
      expect(error).toBeInstanceOf(Config.ConfigError)
      expect(error.cause.message.split("\n")).toEqual([
        "Expected a duration > 0, such as \"10 seconds\" or 10000 (milliseconds), or \"unlimited\", got \"soon\"",
        "  at [\"STAMINA\"][\"TIMEOUT\"]",
        "Expected true or false, got \"maybe\"",
        "  at [\"STAMINA\"][\"ACTIVE\"]",
        "Expected an integer >= 1 or \"unlimited\", got \"0\"",
        "  at [\"STAMINA\"][\"MAX_ATTEMPTS\"]",
        "Expected \"allow\" or \"once\", got \"twice\"",
        "  at [\"STAMINA\"][\"NESTED\"]"
      ])
    }))
})
