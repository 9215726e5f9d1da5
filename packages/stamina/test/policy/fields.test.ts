import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, ConfigProvider, Effect, Equal, Schema } from "effect"
import { RetryPolicy } from "effect-stamina"

type Name = keyof RetryPolicy.RetryPolicy

interface Sample {
  /** A value that is not the default. */
  readonly value: number | string | ReadonlyArray<number>
  /** Its canonical spelling in JSON. */
  readonly json: number | string | ReadonlyArray<string>
  readonly variable: string
  readonly text: string
}

/** A field without a sample does not compile, so a new one cannot be forgotten in the tests below. */
const samples: Readonly<Record<Name, Sample>> = {
  attempts: { value: 3, json: 3, variable: "P_ATTEMPTS", text: "3" },
  timeout: { value: 2000, json: "2 seconds", variable: "P_TIMEOUT", text: "2 seconds" },
  waitInitial: { value: 7, json: "7 millis", variable: "P_WAIT_INITIAL", text: "7" },
  waitMax: { value: 8, json: "8 millis", variable: "P_WAIT_MAX", text: "8 millis" },
  waitJitter: { value: 9, json: "9 millis", variable: "P_WAIT_JITTER", text: "9" },
  waitExpBase: { value: 1.5, json: 1.5, variable: "P_WAIT_EXP_BASE", text: "1.5" },
  backoff: { value: [5, 1000], json: ["5 millis", "1 second"], variable: "P_BACKOFF", text: "5, 1 second" },
  overshoot: { value: "refuse", json: "refuse", variable: "P_OVERSHOOT", text: "refuse" }
}
const names = Object.keys(samples) as Array<Name>

const encode = Schema.encodeSync(RetryPolicy.Schema)
const only = (name: Name) => RetryPolicy.make({ [name]: samples[name].value })

describe("every field of a policy", () => {
  it("has a default, in the order of the documentation", () => {
    expect(Object.keys(RetryPolicy.defaults)).toEqual(names)
  })

  it.each(names)("%s is taken by make, and no other field changes", (name) => {
    const { [name]: changed, ...rest } = only(name)
    const { [name]: byDefault, ...others } = RetryPolicy.defaults
    expect(Equal.equals(changed, byDefault)).toBe(false)
    expect(rest).toEqual(others)
  })

  it.each(names)("%s is checked by make, with an error that names it", (name) => {
    // as plain JavaScript would call it
    const make: (input: object) => unknown = RetryPolicy.make
    expect(() => make({ [name]: null })).toThrow(RangeError)
    expect(() => make({ [name]: null })).toThrow(new RegExp(`^RetryPolicy\\.make: ${name} must be .+, got null$`))
  })

  it.each(names)("%s means the default where it is undefined", (name) => {
    expect(RetryPolicy.make({ [name]: undefined })).toEqual(RetryPolicy.defaults)
  })

  it.each(names)("%s is read from JSON and written to it", (name) => {
    const { json } = samples[name]
    expect(Equal.equals(Schema.decodeUnknownSync(RetryPolicy.Schema)({ [name]: json }), only(name))).toBe(true)
    expect(encode(only(name))).toEqual({ ...encode(RetryPolicy.defaults), [name]: json })
  })

  it.effect.each(names)("%s is read from its variable", (name) =>
    Effect.gen(function*() {
      const { text, variable } = samples[name]
      const provider = ConfigProvider.fromEnv({ env: { [variable]: text } })
      expect(Equal.equals(yield* RetryPolicy.config("P").parse(provider), only(name))).toBe(true)
    }))

  it("has a description and its default in the JSON Schema", () => {
    const { schema } = Schema.toJsonSchemaDocument(RetryPolicy.Schema)
    const byDefault = encode(RetryPolicy.defaults)
    expect(schema).toMatchObject({
      properties: Object.fromEntries(
        names.map((name) => [name, { description: expect.any(String), default: byDefault[name] }])
      )
    })
    expect(Object.keys(Object(schema["properties"]))).toEqual(names)
  })

  it.effect("varies among random policies", () =>
    Effect.gen(function*() {
      const policies = yield* Arbitrary.sampleEffect(Arbitrary.schema(RetryPolicy.Schema), { count: 100, seed: 1 })
      const few = names.filter((name) =>
        new Set(policies.map((policy) => JSON.stringify(encode(policy)[name]))).size < 2
      )
      expect(policies).toHaveLength(100)
      expect(few).toEqual([])
    }))
})
