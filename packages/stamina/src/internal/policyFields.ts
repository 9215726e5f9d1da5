/**
 * The fields of a policy: what each means, and how JSON and environment variables spell it.
 *
 * What is in range is decided by `check.ts`, and by `checkShape` for the one field that is more than a number or a
 * word; the rest is spelling.
 */
import * as Duration from "effect/Duration"
import type * as JsonSchema from "effect/JsonSchema"
import {
  checkAttempts,
  checkBase,
  checkOvershoot,
  checkTimeout,
  checkWait,
  decodeDuration,
  isWait,
  refuse
} from "./check.ts"

/**
 * How waits grow from one retry to the next, and how chance changes them.
 *
 * **Details**
 *
 * The wait before retry `n` (1 = the first retry), with `u` drawn uniformly from [0, 1) and
 * `e = min(waitMax, waitInitial · waitExpBase^(n−1))`:
 *
 * | shape | wait |
 * | --- | --- |
 * | `"additive"` | `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`, as in Python's stamina; the default |
 * | `"full"` | `u · e`, the "full jitter" of AWS |
 * | `"equal"` | `e/2 + u · e/2`, the "equal jitter" of AWS |
 * | `"decorrelated"` | `f + u · (max(f, min(waitMax, 3 · p)) − f)`, with `f = min(waitInitial, waitMax)` and `p` the wait before, at first `waitInitial` |
 * | `"constant"` | `min(waitMax, waitInitial + u · waitJitter)` |
 * | `"linear"` | `min(waitMax, waitInitial · n + u · waitJitter)` |
 * | `"fibonacci"` | `min(waitMax, waitInitial · F(n) + u · waitJitter)`, `F` = 1, 1, 2, 3, 5, … |
 * | a list | `min(waitMax, list[n] + u · waitJitter)`, counted from 1; the last of the list for all further retries |
 *
 * The names and formulas of the second to fourth are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS
 * Architecture Blog, 2015), but for one thing: there the decorrelated wait is cut off at the cap, which makes many waits
 * the cap itself; here the cap bounds the range that is drawn from.
 *
 * No wait is ever longer than `waitMax`. Only `"additive"`, `"full"` and `"equal"` look at `waitExpBase`, and a list does
 * not look at `waitInitial`. In `"full"`, `"equal"` and `"decorrelated"`, chance has its own place and `waitJitter` has
 * none, so that waits still differ once they have come to the cap. Where jitter is added, it vanishes there: all who
 * wait for `waitMax` wait equally long.
 *
 * **Gotchas**
 *
 * The decorrelated wait follows the one that was really waited, also where `on` had asked for that one: after a minute
 * that a server asked for, it is drawn from a wide range. With a `waitInitial` of 0 it stays 0 until then.
 *
 * @category models
 * @since 0.1.0
 */
export type BackoffShape<Wait = Duration.Duration> = (typeof shapeNames)[number] | ReadonlyArray<Wait>

/** The shapes that have a name. */
export const shapeNames = ["additive", "full", "equal", "decorrelated", "constant", "linear", "fibonacci"] as const

/** A name or a list of waits, each of them given as any `Duration.Input`. */
export const checkShape = (caller: string, value: unknown): BackoffShape => {
  const name = shapeNames.find((name) => name === value)
  if (name !== undefined) return name
  if (Array.isArray(value) && value.length > 0) {
    // not `map`, which leaves out what was never set
    const waits = Array.from(value, decodeDuration)
    if (waits.every(isWait)) return Object.freeze(waits)
  }
  return refuse(
    caller,
    "backoff",
    `one of ${shapeNames.join(", ")}, or a non-empty array of finite durations >= 0`,
    value
  )
}

/**
 * The part of a policy that decides how long waits are.
 *
 * @category models
 * @since 0.1.0
 */
export interface Curve {
  /** How waits grow, and how chance changes them: a name, or a list of waits. Default `"additive"`. */
  readonly backoff: BackoffShape
  /** The wait before the first retry, without jitter: finite, ≥ 0. Default 100 ms. */
  readonly waitInitial: Duration.Duration
  /** The longest wait, jitter included: finite, ≥ 0. Default 5 s. */
  readonly waitMax: Duration.Duration
  /** The most that jitter adds to a wait: finite, ≥ 0. 0 means none, and then no random number is drawn. Default 1 s. */
  readonly waitJitter: Duration.Duration
  /** What the wait is multiplied by from one retry to the next: a finite number ≥ 0. Default 2. */
  readonly waitExpBase: number
}

/**
 * What decides how often and how long to retry, all of it present and all of it valid.
 *
 * **Details**
 *
 * The wait before retry `n` (1 = the first retry), with `u` uniform in [0, 1), is by default
 * `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`: the formula of Python's stamina. Jitter is added
 * first and the cap applies last, so no wait is ever longer than `waitMax`. `BackoffShape` has the other formulas.
 *
 * A run ends as soon as *either* limit is reached: `attempts` calls in all, or `timeout` since just before the first
 * call.
 *
 * @see `RetryPolicy.make` to build one
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy extends Curve {
  /** Total number of calls, the first one included: an integer ≥ 1, or `Infinity`. Default 10, that is 9 retries. */
  readonly attempts: number
  /**
   * Time after which a failure is final, counted from just before the first call and compared with `>=` when a call
   * has failed: longer than 0, or `Duration.infinity`. It neither cuts a call short nor shortens a wait. Default 45 s.
   */
  readonly timeout: Duration.Duration
  /**
   * Whether a wait may be begun that would end at or past the timeout: `"allow"`, as in stamina, or `"refuse"`, which
   * gives up instead. Default `"allow"`.
   */
  readonly overshoot: "allow" | "refuse"
}

/**
 * A policy as JSON: see `RetryPolicy.Schema`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded {
  readonly attempts?: number | "unlimited" | undefined
  readonly timeout?: number | string | undefined
  readonly waitInitial?: number | string | undefined
  readonly waitMax?: number | string | undefined
  readonly waitJitter?: number | string | undefined
  readonly waitExpBase?: number | undefined
  readonly backoff?: BackoffShape<number | string> | undefined
  readonly overshoot?: "allow" | "refuse" | undefined
}

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
  const check = (value: unknown) => checkWait(caller, name, value)
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
  check: (value) => checkAttempts(caller, value),
  jsonSchema: {
    description: "Total number of calls, the first one included.",
    anyOf: [{ type: "integer", minimum: 1 }, unlimitedText]
  }
}

const timeout: Field<Duration.Duration, string> = {
  rule: `a duration > 0, such as "10 seconds" or 10000 (milliseconds), or "${unlimited}"`,
  read: (spelt) =>
    spelt === unlimited ? Duration.infinity : readDuration(spelt, (value) => checkTimeout(caller, value)),
  fromText,
  write: writeDuration,
  check: checkDuration("timeout", (value) => checkTimeout(caller, value)),
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
  readDuration(spelt, (value) => checkWait(caller, "backoff", value))

const overshoot: Field<"allow" | "refuse", "allow" | "refuse"> = {
  rule: "\"allow\" or \"refuse\"",
  read: (spelt) => passing(overshoot.check)(spelt),
  fromText,
  write: (value) => value,
  check: (value) => checkOvershoot(caller, value),
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
