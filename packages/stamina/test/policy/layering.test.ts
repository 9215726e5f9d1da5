import { describe, expect, it } from "@effect/vitest"
import { Config, ConfigProvider, Duration, Effect, Equal, Schema } from "effect"
import { RetryPolicy, Stamina } from "effect-stamina"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { numberBelow1 } from "../kit/arbitraries.ts"
import { unlogged } from "../kit/unlogged.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const ours = RetryPolicy.make({ attempts: 3, waitMax: "2 seconds", waitJitter: "10%" })

const fromEnv = (env: Record<string, string>) => ConfigProvider.fromEnv({ env })

/** The waits of a run that always fails with `Down`. */
const waitsOf = (
  retry: <A>(self: Effect.Effect<A, Down>) => Effect.Effect<A, Down>,
  around: RetryPolicy.Input = {}
) => {
  const time = new VirtualTime([0])
  Effect.runSync(
    retry(Effect.fail({ _tag: "Down" } as const)).pipe(
      Effect.ignore,
      Effect.provide(Stamina.layerDefaults(around)),
      unlogged,
      time.provide
    )
  )
  return time.sleeps
}

interface Down {
  readonly _tag: "Down"
}

describe("a policy upon another", () => {
  it.prop(
    "has what was given, and the base's in all else",
    [RetryPolicy.Schema, RetryPolicy.Schema],
    ([given, base]) => {
      for (const name of Object.keys(given) as Array<keyof RetryPolicy.RetryPolicy>) {
        if (name === "waitInitial" || name === "backoff") continue
        const made = RetryPolicy.make({ [name]: given[name] }, base)
        expect(Equal.equals(made, { ...base, [name]: given[name] })).toBe(true)
      }
      expect(Equal.equals(RetryPolicy.make({}, base), base)).toBe(true)
      expect(Equal.equals(RetryPolicy.make(given, base), given)).toBe(true)
    }
  )

  it("takes undefined for what was not given, and is frozen", () => {
    const made = RetryPolicy.make({ attempts: undefined, timeout: "1 second" }, ours)
    expect(made).toEqual({ ...ours, timeout: Duration.seconds(1) })
    expect(Object.isFrozen(made)).toBe(true)
  })

  it.effect("comes from configuration and from JSON as well", () =>
    Effect.gen(function*() {
      const policy = yield* RetryPolicy.config("P", ours).parse(fromEnv({ P_TIMEOUT: "10 seconds", P_ATTEMPTS: "" }))
      const expected = RetryPolicy.make({ timeout: "10 seconds" }, ours)
      expect(policy).toEqual(expected)
      expect(Object.isFrozen(policy)).toBe(true)
      const schema = RetryPolicy.schemaOf(ours)
      expect(yield* Schema.decodeEffect(schema)({ timeout: "10 seconds" })).toEqual(expected)
      expect(yield* Schema.encodeEffect(schema)(expected)).toEqual(
        yield* Schema.encodeEffect(RetryPolicy.Schema)(expected)
      )
      expect(Schema.toJsonSchemaDocument(schema).schema).toMatchObject({
        properties: { attempts: { default: 3 }, waitJitter: { default: "10%" }, timeout: { default: "45 seconds" } }
      })
    }))

  it("is nothing but the last where policies are spread, since each says all fields", () => {
    const theirs = RetryPolicy.make({ attempts: 5 })
    expect({ ...ours, ...theirs }).toEqual(theirs)
    expect(RetryPolicy.make({ ...ours, ...theirs })).toEqual(theirs)
    expect(waitsOf(Stamina.retry({ ...ours, ...theirs, on: "Down" }))).toEqual([100, 200, 400, 800])
  })

  it("keeps both where what was said is layered", () => {
    const mine: RetryPolicy.Input = { attempts: 3, waitInitial: 10 }
    const theirs: RetryPolicy.Input = { attempts: 4 }
    expect(RetryPolicy.make(theirs, RetryPolicy.make(mine))).toEqual(RetryPolicy.make({ ...mine, ...theirs }))
    expect(waitsOf(Stamina.retry({ ...mine, ...theirs, on: "Down", waitJitter: 0 }))).toEqual([10, 20, 40])
  })

  it("says all fields as options, so that no default around gets through, unless it is said as it was", () => {
    const input: RetryPolicy.Input = { attempts: 2 }
    expect(waitsOf(Stamina.retry({ ...input, on: "Down" }), { waitInitial: 10 })).toEqual([10])
    expect(waitsOf(Stamina.retry({ ...RetryPolicy.make(input), on: "Down" }), { waitInitial: 10 })).toEqual([100])
  })

  it.each<readonly [what: string, base: unknown, message: string]>([
    ["null", null, "base must be a policy with all fields, as RetryPolicy.make makes it, got null"],
    [
      "a part of a policy",
      { attempts: 3 },
      "base must be a policy with all fields, as RetryPolicy.make makes it, got "
    ],
    ["a bad policy", { ...ours, attempts: 0 }, "base: attempts must be an integer >= 1 or Infinity, got 0"]
  ])("refuses %s for a base", (_, base, message) => {
    // as plain JavaScript would call it
    const policy = base as RetryPolicy.RetryPolicy
    for (
      const [caller, make] of [
        ["RetryPolicy.make", () => RetryPolicy.make({}, policy)],
        ["RetryPolicy.config", () => RetryPolicy.config("P", policy)],
        ["RetryPolicy.schemaOf", () => RetryPolicy.schemaOf(policy)]
      ] as const
    ) expect(make).toThrow(`${caller}: ${message}`)
  })

  it.effect("still reports all bad variables", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        RetryPolicy.config("P", ours).parse(fromEnv({ P_ATTEMPTS: "0", P_OVERSHOOT: "x" }))
      )
      expect(error).toBeInstanceOf(Config.ConfigError)
      expect(error.message).toContain("ATTEMPTS")
      expect(error.message).toContain("OVERSHOOT")
    }))
})

describe("waitMax", () => {
  const millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 }))

  it.prop(
    "where it is not said, cuts no wait short that is",
    [RetryPolicy.Schema, Schema.Union([millis, Schema.NonEmptyArray(millis)])],
    ([base, waits]) => {
      const made = RetryPolicy.make(typeof waits === "number" ? { waitInitial: waits } : { backoff: waits }, base)
      const longest = typeof waits === "number" ? waits : Math.max(...waits)
      expect(Duration.toMillis(made.waitMax)).toBe(Math.max(longest, Duration.toMillis(base.waitMax)))
    }
  )

  it.prop("where it is said, holds", [RetryPolicy.Schema, millis, numberBelow1], ([policy, max, u]) => {
    const made = RetryPolicy.make({ ...policy, waitMax: max })
    expect(Duration.toMillis(made.waitMax)).toBe(max)
    const [wait] = waitsOf((self) =>
      Effect.retry(
        self,
        RetrySchedule.backoff({ waitInitial: policy.waitInitial, waitMax: max, waitJitter: `${u * 100}%` })
          .pipe(RetrySchedule.limit({ attempts: 2 }))
      )
    )
    expect(wait).toBeLessThanOrEqual(max)
  })

  it.effect("is as long as the longest wait that was said, however it was said", () =>
    Effect.gen(function*() {
      const ten = Duration.seconds(10)
      const minute = Duration.minutes(1)
      expect(RetryPolicy.make({ waitInitial: "10 seconds" }).waitMax).toEqual(ten)
      expect(RetryPolicy.make({ backoff: ["1 second", "1 minute", "2 seconds"] }).waitMax).toEqual(minute)
      expect(RetryPolicy.make({ waitInitial: "10 seconds", waitMax: "3 seconds" }).waitMax).toEqual(Duration.seconds(3))
      expect((yield* RetryPolicy.config("P").parse(fromEnv({ P_WAIT_INITIAL: "10 seconds" }))).waitMax).toEqual(ten)
      expect((yield* RetryPolicy.config("P").parse(fromEnv({ P_BACKOFF: "1, 1 minute" }))).waitMax).toEqual(minute)
      expect((yield* Schema.decodeEffect(RetryPolicy.Schema)({ backoff: ["1 minute"] })).waitMax).toEqual(minute)
    }))

  it("counts what the options and the defaults around say together", () => {
    const plain = { on: "Down", attempts: 2, waitJitter: 0 } as const
    expect(waitsOf(Stamina.retry({ ...plain, waitInitial: "10 seconds" }))).toEqual([10_000])
    expect(waitsOf(Stamina.retry(plain), { waitInitial: "10 seconds" })).toEqual([10_000])
    expect(waitsOf(Stamina.retry({ ...plain, waitInitial: "10 seconds" }), { waitMax: "7 seconds" })).toEqual([7000])
    expect(waitsOf(Stamina.retry({ ...plain, waitMax: "7 seconds" }), { waitInitial: "10 seconds" })).toEqual([7000])
    expect(waitsOf(Stamina.retry({ ...plain, waitInitial: "1 second" }), { waitInitial: "10 seconds" })).toEqual([1000])
  })

  it("is said by nobody in a block, unless by its own options", () => {
    const two = RetrySchedule.limit({ attempts: 2, timeout: "1 hour" })
    expect(waitsOf(Effect.retry(RetrySchedule.backoff({ backoff: ["1 minute"], waitJitter: 0 }).pipe(two))))
      .toEqual([60_000])
    const on = { Down: { waitInitial: "1 minute", waitJitter: 0 } } as const
    expect(waitsOf(Effect.retry(RetrySchedule.backoff().pipe(RetrySchedule.retryOn(on), two)))).toEqual([60_000])
  })
})
