/**
 * How the fields of a policy are written, one row each.
 */
import * as Duration from "effect/Duration"
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { checkAttempts, checkBase, checkOvershoot, checkTimeout, checkWait, refuse } from "../tools/check.ts"
import { checkShape } from "./input.ts"
import { checkJitter, orPercentage, percentagePattern, readPercentage } from "./jitter.ts"
import { type BackoffShape, type Curve, type Limits, type Percentage, type RetryPolicy, shapeNames } from "./model.ts"
import { durationPattern, fromText, passing, readDuration, type Text, unlimited, writeDuration } from "./spelling.ts"

/** A field with values of type `A`, written as `Spelt`. */
export interface Field<A, Spelt> {
  /** What a spelling must be; follows the word "expected". */
  readonly rule: string
  /** Reads a spelling; `undefined` if it breaks the rule. */
  readonly read: (spelt: unknown) => A | undefined
  /** Turns a text into a spelling. */
  readonly fromText: (text: Text) => unknown
  /** Writes the canonical spelling, which `read` turns into the same value again. */
  readonly write: (value: A) => Spelt
  /** Returns a valid value and throws a `RangeError` for anything else. */
  readonly check: (value: unknown) => A
  /** The rule as JSON Schema: never stricter than `read`, sometimes looser. */
  readonly jsonSchema: JsonSchema.JsonSchema
}

/** The canonical spelling of each field. */
export interface Spelt extends Limits<string, number | typeof unlimited>, Curve<string> {}

/** A row for every field. A field without a row does not compile. */
export type Fields = { readonly [K in keyof RetryPolicy]: Field<RetryPolicy[K], Spelt[K]> }

// ---------------------------------------------------------------------------------------------------------------------
// what rows share
// ---------------------------------------------------------------------------------------------------------------------

const caller = "RetryPolicy.Schema"

const checkDuration =
  (field: string, check: (value: unknown) => Duration.Duration) => (value: unknown): Duration.Duration =>
    Duration.isDuration(value) ? check(value) : refuse(caller, field, "a Duration", value)

const durationText: JsonSchema.JsonSchema = { type: "string", pattern: durationPattern }

const unlimitedText: JsonSchema.JsonSchema = { type: "string", enum: [unlimited] }

const waitRule = "a finite duration >= 0, such as \"500 millis\" or 500 (milliseconds)"

const waitTexts: ReadonlyArray<JsonSchema.JsonSchema> = [{ type: "number", minimum: 0 }, durationText]

const wait = (name: keyof RetryPolicy, description: string): Field<Duration.Duration, string> => {
  const check = (value: unknown) => checkWait(caller, value, name)
  return {
    rule: waitRule,
    read: (spelt) => readDuration(spelt, check),
    fromText,
    write: writeDuration,
    check: checkDuration(name, check),
    jsonSchema: { description, anyOf: waitTexts }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// the rows that are unlike others
// ---------------------------------------------------------------------------------------------------------------------

const attempts: Fields["attempts"] = {
  rule: `an integer >= 1 or "${unlimited}"`,
  read: (spelt) =>
    spelt === unlimited
      ? Infinity
      : spelt === Infinity
      ? undefined
      : passing(attempts.check)(spelt),
  fromText,
  write: (value) => value === Infinity ? unlimited : value,
  check: (value) => checkAttempts(caller, value, "attempts"),
  jsonSchema: {
    description: "Total number of calls, the first one included.",
    anyOf: [{ type: "integer", minimum: 1 }, unlimitedText]
  }
}

const timeout: Fields["timeout"] = {
  rule: `a duration > 0, such as "10 seconds" or 10000 (milliseconds), or "${unlimited}"`,
  read: (spelt) =>
    spelt === unlimited ? Duration.infinity : readDuration(spelt, (value) => checkTimeout(caller, value, "timeout")),
  fromText,
  write: writeDuration,
  check: checkDuration("timeout", (value) => checkTimeout(caller, value, "timeout")),
  jsonSchema: {
    description: "Time after which a failure is final, counted from just before the first call.",
    anyOf: [{ type: "number", exclusiveMinimum: 0 }, durationText, unlimitedText]
  }
}

const waitJitter: Fields["waitJitter"] = {
  rule: `${waitRule},${orPercentage}`,
  read: (spelt) => readPercentage(spelt) ?? readDuration(spelt, (value) => checkWait(caller, value, "waitJitter")),
  fromText,
  write: (value) => typeof value === "string" ? value : writeDuration(value),
  check: (value) =>
    typeof value === "string" || Duration.isDuration(value)
      ? checkJitter(caller, value, "waitJitter")
      : refuse(caller, "waitJitter", `a Duration${orPercentage}`, value),
  jsonSchema: {
    description: "The most that jitter adds to a wait, or by what percentage it changes one; 0 means none.",
    anyOf: [...waitTexts, { type: "string", pattern: percentagePattern }]
  }
}

const waitExpBase: Fields["waitExpBase"] = {
  rule: "a finite number >= 0",
  read: (spelt) => passing(waitExpBase.check)(spelt),
  fromText,
  // JSON has no negative zero
  write: (value) => value === 0 ? 0 : value,
  check: (value) => checkBase(caller, value),
  jsonSchema: {
    description: "What the wait is multiplied by from one retry to the next.",
    type: "number",
    minimum: 0
  }
}

const backoff: Fields["backoff"] = {
  rule: `one of ${shapeNames.join(", ")}, or a non-empty list of finite durations >= 0`,
  read: (spelt) => passing(backoff.check)(Array.isArray(spelt) ? readList(spelt) : spelt),
  fromText: (text) => {
    const parts = typeof text === "string" ? text.split(",").map((part) => part.trim()) : text
    const list = parts.map(fromText)
    // a single wait is a list of one, because no shape is named like a duration
    return list.length > 1 || typeof text !== "string" || readListed(list[0]) !== undefined ? list : text
  },
  write: (value) => typeof value === "string" ? value : value.map(writeDuration),
  check: (value) => checkShape(caller, value),
  jsonSchema: {
    description: "How waits grow and how chance changes them: a name, or the waits themselves.",
    anyOf: [
      { type: "string", enum: [...shapeNames] },
      { type: "array", minItems: 1, items: { anyOf: waitTexts } }
    ]
  }
}

/** Reads the waits of a list, up to the first that is none: to refuse each of a hundred thousand takes seconds. */
const readList = (spelt: ReadonlyArray<unknown>): ReadonlyArray<Duration.Duration | undefined> => {
  const waits: Array<Duration.Duration | undefined> = []
  for (const one of spelt) {
    const wait = readListed(one)
    waits.push(wait)
    if (wait === undefined) break
  }
  return waits
}

/** Reads one wait of a list. Answers `undefined`, which no list may hold, if it is none. */
const readListed = (spelt: unknown): Duration.Duration | undefined =>
  readDuration(spelt, (value) => checkWait(caller, value, "backoff"))

const overshoot: Fields["overshoot"] = {
  rule: "\"allow\" or \"refuse\"",
  read: (spelt) => passing(overshoot.check)(spelt),
  fromText,
  write: (value) => value,
  check: (value) => checkOvershoot(caller, value, "overshoot"),
  jsonSchema: {
    description: "Whether a wait may be begun that would end at or past the timeout.",
    type: "string",
    enum: ["allow", "refuse"]
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// the table
// ---------------------------------------------------------------------------------------------------------------------

/** The rows, in the order in which the fields are documented. */
export const fields: Fields = {
  attempts,
  timeout,
  waitInitial: /*#__PURE__*/ wait("waitInitial", "The wait before the first retry, without jitter."),
  waitMax: /*#__PURE__*/ wait("waitMax", "The longest wait, jitter included."),
  waitJitter,
  waitExpBase,
  backoff,
  overshoot
}

/** The names of the fields. */
export const names: ReadonlyArray<keyof RetryPolicy> = /*#__PURE__*/ Object.keys(fields) as Array<keyof RetryPolicy> // the type of `fields` has no other keys

/** Makes an object with one property for each field. */
export const mapFields = <A extends Readonly<Record<keyof RetryPolicy, unknown>>>(
  make: <K extends keyof RetryPolicy>(name: K, field: Fields[K]) => A[K]
): A =>
  // it has a property for each name, of the type that `make` has for that name
  Object.fromEntries(names.map((name) => [name, make(name, fields[name])])) as A

// ---------------------------------------------------------------------------------------------------------------------
// random values
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Makes random values of each field: mostly small, now and then without a limit. Not part of the rows, so that a program
 * that only reads policies does not load it.
 */
export const randomValues = (): { readonly [K in keyof RetryPolicy]: Schema.Codec<RetryPolicy[K]> } => {
  const millis = between(0, 100_000)
  const wait = madeOf(millis, Duration.millis)
  return {
    attempts: madeOf(Schema.NullOr(between(1, 100)), (number) => number ?? Infinity),
    timeout: madeOf(Schema.NullOr(between(1, 1_000_000)), (number) => Duration.millis(number ?? Infinity)),
    waitInitial: wait,
    waitMax: wait,
    waitJitter: madeOf(
      Schema.Union([millis, Schema.Struct({ percent: between(0, 100) })]),
      (jitter): Duration.Duration | Percentage =>
        typeof jitter === "number" ? Duration.millis(jitter) : `${jitter.percent}%`
    ),
    waitExpBase: madeOf(between(0, 1000), (hundredths) => hundredths / 100),
    backoff: madeOf(
      Schema.Union([Schema.Literals(shapeNames), Schema.NonEmptyArray(millis)]),
      (shape): BackoffShape => typeof shape === "string" ? shape : shape.map((wait) => Duration.millis(wait))
    ),
    overshoot: Schema.Literals(["allow", "refuse"])
  }
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Random values made of other random values. */
const madeOf = <A, B>(from: Schema.Codec<B>, make: (from: B) => A): Schema.Codec<A> =>
  Schema.declare<A>((value): value is A => value !== undefined, {
    toCodecArbitrary: () =>
      Schema.link<A>()(from, {
        decode: SchemaGetter.transform(make),
        encode: SchemaGetter.forbidden(() => "Random values are only made")
      })
  })
