/**
 * The fields of a policy: how JSON and environment variables spell them.
 *
 * What is in range is decided elsewhere, by `check.ts` for the most part; here is only the spelling.
 */
import * as Duration from "effect/Duration"
import type * as JsonSchema from "effect/JsonSchema"
import { checkAttempts, checkBase, checkOvershoot, checkTimeout, checkWait, refuse } from "../tools/check.ts"
import { type BackoffShape, checkShape, type RetryPolicy, shapeNames } from "./model.ts"

/** What configuration holds of a field: a text, as an environment variable is one, or several. */
export type Text = string | ReadonlyArray<string>

/** How one field is spelt: a value of type `A`, written as `Spelt`. */
export interface Field<A, Spelt> {
  /** What a spelling must be, to follow the word "expected". */
  readonly rule: string
  /** Reads a spelling; `undefined` where it breaks the rule. */
  readonly read: (spelt: unknown) => A | undefined
  /** The spelling in a text. */
  readonly fromText: (text: Text) => unknown
  /** The canonical spelling, which `read` turns into the same value again. */
  readonly write: (value: A) => Spelt
  /** Gives a valid value of the field back and throws the `RangeError` of `check.ts` for anything else. */
  readonly check: (value: unknown) => A
  /** The rule as JSON Schema: never stricter than `read`, here and there looser. */
  readonly jsonSchema: JsonSchema.JsonSchema
}

const caller = "RetryPolicy.Schema"

const decimal = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** A number where the text is one. */
const fromText = (text: Text): unknown => typeof text === "string" && decimal.test(text) ? Number(text) : text

/** The one spelling of "no limit". */
const unlimited = "unlimited"

/** The value when a check passes, `undefined` when it throws. */
const passing = <A>(check: (value: unknown) => A) => (value: unknown): A | undefined => {
  try {
    return check(value)
  } catch {
    return undefined
  }
}

/**
 * A duration from text such as "10 seconds" or from milliseconds; `undefined` for everything else that
 * `Duration.fromInput` takes, above all for the infinite, which is never spelt as a duration.
 */
const readDuration = (
  spelt: unknown,
  check: (value: unknown) => Duration.Duration
): Duration.Duration | undefined => {
  if (typeof spelt !== "number" && typeof spelt !== "string") return undefined
  const duration = passing(check)(spelt)
  // asked of the result and not of the text: a number of four hundred digits is infinite as well
  return duration !== undefined && Duration.isFinite(duration) ? duration : undefined
}

/** The units of `Duration.Input`, longest first, in nanoseconds. */
const units: ReadonlyArray<readonly [name: string, nanos: bigint]> = [
  ["week", 604_800_000_000_000n],
  ["day", 86_400_000_000_000n],
  ["hour", 3_600_000_000_000n],
  ["minute", 60_000_000_000n],
  ["second", 1_000_000_000n],
  ["milli", 1_000_000n],
  ["micro", 1_000n]
]

/** A duration in the longest unit that measures it without a fraction. */
const writeDuration = (duration: Duration.Duration): string => {
  if (!Duration.isFinite(duration)) return unlimited
  const nanos = Duration.toNanosUnsafe(duration)
  if (nanos === 0n) return "0 millis" // every unit measures zero
  const [name, size] = units.find(([, size]) => nanos % size === 0n) ?? ["nano", 1n]
  const count = nanos / size
  return `${count} ${name}${count === 1n ? "" : "s"}`
}

const checkDuration =
  (field: string, check: (value: unknown) => Duration.Duration) => (value: unknown): Duration.Duration =>
    Duration.isDuration(value) ? check(value) : refuse(caller, field, "a Duration", value)

const durationText: JsonSchema.JsonSchema = {
  type: "string",
  pattern: "^-?\\d+(\\.\\d+)?\\s+(nano|micro|milli|second|minute|hour|day|week)s?$"
}

const unlimitedText: JsonSchema.JsonSchema = { type: "string", enum: [unlimited] }

const wait = (name: keyof RetryPolicy, description: string): Field<Duration.Duration, string> => {
  const check = (value: unknown) => checkWait(caller, value, name)
  return {
    rule: "a finite duration >= 0, such as \"500 millis\" or 500 (milliseconds)",
    read: (spelt) => readDuration(spelt, check),
    fromText,
    write: writeDuration,
    check: checkDuration(name, check),
    jsonSchema: { description, anyOf: [{ type: "number", minimum: 0 }, durationText] }
  }
}

const attempts: Field<number, number | typeof unlimited> = {
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

const timeout: Field<Duration.Duration, string> = {
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

const waitExpBase: Field<number, number> = {
  rule: "a finite number >= 0",
  read: (spelt) => passing(waitExpBase.check)(spelt),
  fromText,
  // a negative zero has no spelling in JSON
  write: (value) => value === 0 ? 0 : value,
  check: (value) => checkBase(caller, value),
  jsonSchema: {
    description: "What the wait is multiplied by from one retry to the next.",
    type: "number",
    minimum: 0
  }
}

const backoff: Field<BackoffShape, BackoffShape<string>> = {
  rule: `one of ${shapeNames.join(", ")}, or a non-empty list of finite durations >= 0`,
  read: (spelt) => passing(backoff.check)(Array.isArray(spelt) ? Array.from(spelt, readListed) : spelt),
  fromText: (text) => {
    const parts = typeof text === "string" ? text.split(",").map((part) => part.trim()) : text
    const list = parts.map(fromText)
    // a single wait is a list of one, for no shape has the name of a duration
    return list.length > 1 || typeof text !== "string" || readListed(list[0]) !== undefined ? list : text
  },
  write: (value) => typeof value === "string" ? value : value.map(writeDuration),
  check: (value) => checkShape(caller, value),
  jsonSchema: {
    description: "How waits grow and how chance changes them: a name, or the waits themselves.",
    anyOf: [
      { type: "string", enum: [...shapeNames] },
      { type: "array", minItems: 1, items: { anyOf: [{ type: "number", minimum: 0 }, durationText] } }
    ]
  }
}

/** A wait of a list; `undefined`, which no list may hold, where it is none. */
const readListed = (spelt: unknown): Duration.Duration | undefined =>
  readDuration(spelt, (value) => checkWait(caller, value, "backoff"))

const overshoot: Field<"allow" | "refuse", "allow" | "refuse"> = {
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

/** The fields, in the order in which they are documented. */
export const fields: {
  readonly attempts: Field<number, number | typeof unlimited>
  readonly timeout: Field<Duration.Duration, string>
  readonly waitInitial: Field<Duration.Duration, string>
  readonly waitMax: Field<Duration.Duration, string>
  readonly waitJitter: Field<Duration.Duration, string>
  readonly waitExpBase: Field<number, number>
  readonly backoff: Field<BackoffShape, BackoffShape<string>>
  readonly overshoot: Field<"allow" | "refuse", "allow" | "refuse">
} = {
  attempts,
  timeout,
  waitInitial: /*#__PURE__*/ wait("waitInitial", "The wait before the first retry, without jitter."),
  waitMax: /*#__PURE__*/ wait("waitMax", "The longest wait, jitter included."),
  waitJitter: /*#__PURE__*/ wait("waitJitter", "The most that jitter adds to a wait; 0 means none."),
  waitExpBase,
  backoff,
  overshoot
}

/** The fields' names. */
export const names: ReadonlyArray<keyof RetryPolicy> = [
  "attempts",
  "timeout",
  "waitInitial",
  "waitMax",
  "waitJitter",
  "waitExpBase",
  "backoff",
  "overshoot"
]
