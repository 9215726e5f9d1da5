/**
 * The codec between a policy and its JSON.
 *
 * It consists of two declarations instead of a struct. A struct stops at the first bad field and drops unknown ones
 * unless the caller's parse options say otherwise, and no annotation can change that. A declaration reads the whole
 * object itself, so it can always report every fault.
 */
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import type * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { fields, mapFields, names, randomValues, type Spelt } from "./fields.ts"
import { complete } from "./input.ts"
import type { Encoded, RetryPolicy } from "./model.ts"

/** A report always shows the bad value, even if the caller did not ask for it: without it nobody can mend the input. */
const reporting: SchemaAST.ParseOptions = { reportInput: true }

/** Builds the codec. The base has the fields that the JSON leaves out. */
export const make = (base: RetryPolicy): Schema.Codec<RetryPolicy, Encoded> => {
  const json = jsonForm(base)
  const codec = SchemaTransformation.transform<RetryPolicy, Encoded>({
    decode: (encoded) => Object.freeze(complete(read(encoded), base)),
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
        Schema.link<RetryPolicy>()(Schema.Struct(randomValues()), SchemaTransformation.passthrough())
    }
  )

const jsonForm = (base: RetryPolicy): Schema.Codec<Encoded> =>
  Schema.declareConstructor<Encoded>()(
    [],
    () => (input, ast) => conclude(ast, input, isJsonObject(input) ? findFaults(input) : [notAnObject(input)]),
    {
      expected: "a retry policy as JSON",
      // it is JSON already
      toCodecJson: () => undefined,
      // makes a policy work inside a user's own `Config.schema`
      toCodecStringTree: () => Schema.link<Encoded>()(texts(), fromTexts())
    }
  ).check(
    // checks nothing; a declaration can give its JSON Schema only here
    Schema.makeFilter(() => true, { toJsonSchema: () => [jsonSchema(base), true] })
  )

/** Succeeds with the input when there is nothing to report. */
const conclude = <A>(
  ast: SchemaAST.AST,
  input: unknown,
  issues: ReadonlyArray<SchemaIssue.Issue>
): Effect.Effect<A, SchemaIssue.Issue> => {
  const [first, ...rest] = issues
  return first === undefined
    ? Effect.succeed(input as A) // an input without issues has the declared type
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
    // `undefined` counts as left out, as in `make`
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

const write = (policy: RetryPolicy): Spelt => mapFields<Spelt>((name, field) => field.write(policy[name]))

// ---------------------------------------------------------------------------------------------------------------------
// other forms
// ---------------------------------------------------------------------------------------------------------------------

const jsonSchema = (base: RetryPolicy): JsonSchema.JsonSchema => {
  const byDefault = write(base)
  return {
    type: "object",
    title: "Retry policy",
    description: "How often and how long to retry. What is left out has its default.",
    properties: mapFields((name, field) => ({ ...field.jsonSchema, default: byDefault[name] })),
    additionalProperties: false
  }
}

/** The JSON form where every value is a text or several, as in configuration. */
const texts = () => {
  const text = Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)]))
  return Schema.Struct(mapFields<Readonly<Record<keyof RetryPolicy, typeof text>>>(() => text))
}

const fromTexts = () =>
  SchemaTransformation.transform<Encoded, ReturnType<typeof texts>["Type"]>({
    // the JSON form checks the values
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
