/**
 * The codec between a policy and its JSON.
 *
 * Built of two declarations and not of a struct: a struct stops at the first bad field and drops unknown ones unless
 * the caller's parse options say otherwise, and no annotation can change that. A declaration reads the whole object
 * itself and so can always report all of it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import type * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { fields, names } from "./spelling.ts"
import { type Encoded, type RetryPolicy, shapeNames } from "./model.ts"

/** Reports keep the value got whether or not the caller asked for it: without it a report cannot be acted on. */
const reporting: SchemaAST.ParseOptions = { reportInput: true }

/** Builds the codec; what a JSON leaves out is taken from `defaults`. */
export const make = (defaults: RetryPolicy): Schema.Codec<RetryPolicy, Encoded> => {
  const json = jsonForm(defaults)
  const codec = SchemaTransformation.transform<RetryPolicy, Encoded>({
    decode: (encoded) => Object.freeze({ ...defaults, ...read(encoded) }),
    encode: write
  })
  return json.pipe(Schema.decodeTo(policyForm(json, codec), codec))
}

// ---------------------------------------------------------------------------------------------------------------------
// the two sides
// ---------------------------------------------------------------------------------------------------------------------

const policyForm = (
  json: Schema.Codec<Encoded>,
  codec: SchemaTransformation.Transformation<RetryPolicy, Encoded>
): Schema.Codec<RetryPolicy> =>
  Schema.declareConstructor<RetryPolicy>()(
    [],
    () => (input, ast) =>
      conclude(
        ast,
        input,
        Predicate.isReadonlyObject(input)
          ? names.flatMap((name) => explain(() => fields[name].check(input[name]), name, input[name]))
          : [notAnObject(input)]
      ),
    {
      expected: "RetryPolicy",
      toCodecJson: () => Schema.link<RetryPolicy>()(json, codec),
      toCodecArbitrary: () =>
        Schema.link<RetryPolicy>()(generated(), {
          decode: SchemaGetter.transform(({ attempts, base, overshoot, shape, timeout, waits }) => ({
            attempts: attempts ?? Infinity,
            timeout: timeout === null ? Duration.infinity : Duration.millis(timeout),
            waitInitial: Duration.millis(waits[0]),
            waitMax: Duration.millis(waits[1]),
            waitJitter: Duration.millis(waits[2]),
            waitExpBase: base / 100,
            backoff: typeof shape === "string" ? shape : shape.map((wait) => Duration.millis(wait)),
            overshoot
          })),
          encode: SchemaGetter.forbidden(() => "Random policies are only made")
        })
    }
  )

const jsonForm = (defaults: RetryPolicy): Schema.Codec<Encoded> =>
  Schema.declareConstructor<Encoded>()(
    [],
    () => (input, ast) => conclude(ast, input, isJsonObject(input) ? findFaults(input) : [notAnObject(input)]),
    {
      expected: "a retry policy as JSON",
      // is JSON as it is
      toCodecJson: () => undefined,
      // lets a user's own `Config.schema` hold a policy
      toCodecStringTree: () => Schema.link<Encoded>()(texts(), fromTexts())
    }
  ).check(
    // checks nothing: it is where a declaration may say what its JSON Schema is
    Schema.makeFilter(() => true, { toJsonSchema: () => [jsonSchema(defaults), true] })
  )

/** Succeeds with the input when there is nothing to report. */
const conclude = <A>(
  ast: SchemaAST.AST,
  input: unknown,
  issues: ReadonlyArray<SchemaIssue.Issue>
): Effect.Effect<A, SchemaIssue.Issue> => {
  const [first, ...rest] = issues
  return first === undefined
    ? Effect.succeed(input as A) // without issues it is what the declaration declares
    : Effect.fail(rest.length === 0 ? first : new SchemaIssue.Composite(ast, [first, ...rest], input))
}

// ---------------------------------------------------------------------------------------------------------------------
// the report
// ---------------------------------------------------------------------------------------------------------------------

const isJsonObject = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

const notAnObject = (input: unknown): SchemaIssue.Issue =>
  new SchemaIssue.InvalidValue({ expected: `an object with any of ${names.join(", ")}` }, input, reporting)

/** Every bad field and every unknown one. */
const findFaults = (input: Readonly<Record<string, unknown>>): ReadonlyArray<SchemaIssue.Issue> => [
  ...names.flatMap((name) =>
    // `undefined` is what is left out, as in `make`
    input[name] === undefined || fields[name].read(input[name]) !== undefined
      ? []
      : [fault(name, input[name], { expected: fields[name].rule })]
  ),
  ...Object.keys(input).flatMap((key) =>
    names.some((name) => name === key)
      ? []
      : [fault(key, input[key], {
        message: `Unknown field with value ${Formatter.format(input[key])}, known are ${names.join(", ")}`
      })]
  )
]

const fault = (field: string, value: unknown, annotations: Schema.Annotations.Issue): SchemaIssue.Issue =>
  new SchemaIssue.Pointer([field], new SchemaIssue.InvalidValue(annotations, value, reporting))

const explain = (check: () => unknown, field: string, value: unknown): ReadonlyArray<SchemaIssue.Issue> => {
  try {
    check()
    return []
  } catch (error) {
    return [fault(field, value, { message: error instanceof Error ? error.message : String(error) })]
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// both ways
// ---------------------------------------------------------------------------------------------------------------------

const read = (encoded: Encoded): Partial<RetryPolicy> =>
  Object.fromEntries(
    names.flatMap((name) => encoded[name] === undefined ? [] : [[name, fields[name].read(encoded[name])]])
  )

const write = (policy: RetryPolicy): Encoded => ({
  attempts: fields.attempts.write(policy.attempts),
  timeout: fields.timeout.write(policy.timeout),
  waitInitial: fields.waitInitial.write(policy.waitInitial),
  waitMax: fields.waitMax.write(policy.waitMax),
  waitJitter: fields.waitJitter.write(policy.waitJitter),
  waitExpBase: fields.waitExpBase.write(policy.waitExpBase),
  backoff: fields.backoff.write(policy.backoff),
  overshoot: fields.overshoot.write(policy.overshoot)
})

// ---------------------------------------------------------------------------------------------------------------------
// other forms
// ---------------------------------------------------------------------------------------------------------------------

const jsonSchema = (defaults: RetryPolicy): JsonSchema.JsonSchema => {
  const byDefault = write(defaults)
  return {
    type: "object",
    title: "Retry policy",
    description: "How often and how long to retry. What is left out has its default.",
    properties: Object.fromEntries(
      names.map((name) => [name, { ...fields[name].jsonSchema, default: byDefault[name] }])
    ),
    additionalProperties: false
  }
}

/** The shape of the JSON form where every value is text, or several, as in configuration. */
const texts = () => {
  const text = Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)]))
  return Schema.Struct({
    attempts: text,
    timeout: text,
    waitInitial: text,
    waitMax: text,
    waitJitter: text,
    waitExpBase: text,
    backoff: text,
    overshoot: text
  })
}

const fromTexts = () =>
  SchemaTransformation.transform<Encoded, ReturnType<typeof texts>["Type"]>({
    // what the texts hold is for the JSON form to judge
    decode: (input) =>
      Object.fromEntries(
        names.flatMap((name) => input[name] === undefined ? [] : [[name, fields[name].fromText(input[name])]])
      ),
    encode: (encoded) =>
      Object.fromEntries(
        Object.entries(encoded).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, Array.isArray(value) ? value.map(String) : String(value)]]
        )
      )
  })

/** What random policies are made of: mostly small numbers, now and then no limit. */
const generated = () => {
  const millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 }))
  return Schema.Struct({
    attempts: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
    timeout: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))),
    waits: Schema.Tuple([millis, millis, millis]),
    base: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
    shape: Schema.Union([Schema.Literals(shapeNames), Schema.NonEmptyArray(millis)]),
    overshoot: Schema.Literals(["allow", "refuse"])
  })
}
