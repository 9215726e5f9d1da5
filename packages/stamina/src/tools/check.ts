/**
 * The rules for what users pass in, each with one clear error: `<function>: <field> must be <rule>, got <value>`.
 */
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/** Throws the one kind of error that bad options get. */
export const refuse = (caller: string, field: string, rule: string, value: unknown): never => {
  throw new RangeError(`${caller}: ${field} must be ${rule}, got ${Formatter.format(value)}`)
}

/** Refuses a field that nobody reads: a misspelt `attempt` would otherwise quietly mean the default. */
export const checkKnown = (caller: string, options: object, known: ReadonlyArray<string>): void => {
  if (!Predicate.isObject(options)) refuse(caller, "options", "an object", options)
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new RangeError(`${caller}: unknown option ${Formatter.format(key)}, known are ${known.join(", ")}`)
    }
  }
}

/** Total number of calls. */
export const checkAttempts = (caller: string, value: unknown, field: string): number =>
  typeof value === "number" && (value === Infinity || (Number.isInteger(value) && value >= 1))
    ? value
    : refuse(caller, field, "an integer >= 1 or Infinity", value)

/** The multiplier of an exponential wait. */
export const checkBase = (caller: string, value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0
    ? value
    : refuse(caller, "waitExpBase", "a finite number >= 0", value)

/** A limit in time: longer than zero, and unbounded only as an explicit infinity. */
export const checkTimeout = (caller: string, value: unknown, field: string): Duration.Duration => {
  const duration = decodeDuration(value)
  return duration !== undefined && Duration.isPositive(duration)
    ? duration
    : refuse(caller, field, "a duration > 0 or Duration.infinity", value)
}

/** A time to wait: something that a timer can sleep. `or` says what else the field may be. */
export const checkWait = (caller: string, value: unknown, field: string, or = ""): Duration.Duration => {
  const duration = decodeDuration(value)
  return isWait(duration) ? duration : refuse(caller, field, `a finite duration >= 0${or}`, value)
}

/** Whether a timer can sleep it. Asked in milliseconds: a finite number of nanoseconds can be too many of them. */
export const isWait = (duration: Duration.Duration | undefined): duration is Duration.Duration =>
  duration !== undefined && Number.isFinite(Duration.toMillis(duration)) && !Duration.isNegative(duration)

/** The longest wait that a server may ask for, in milliseconds. */
export const checkMaxHint = (caller: string, value: unknown): number => {
  const duration = decodeDuration(value)
  return duration === undefined || Duration.isNegative(duration)
    ? refuse(caller, "maxHint", "a duration >= 0 or Duration.infinity", value)
    : Duration.toMillis(duration)
}

/** One of two values. */
export const checkEither =
  <const A, const B>(one: A, other: B) => (caller: string, value: unknown, field: string): A | B =>
    value === one
      ? one
      : value === other
      ? other
      : refuse(caller, field, `${Formatter.format(one)} or ${Formatter.format(other)}`, value)

/** What to do about a wait that would end past the timeout. */
export const checkOvershoot: (caller: string, value: unknown, field: string) => "allow" | "refuse" =
  /*#__PURE__*/ checkEither("allow", "refuse")

/** A switch. */
export const checkBoolean: (caller: string, value: unknown, field: string) => boolean = /*#__PURE__*/ checkEither(
  true,
  false
)

/**
 * Reads a `Duration.Input`, or `undefined` if it is none. Stricter than `Duration.fromInput`, which reads as zero
 * what is a mistake: `NaN`, wherever it hides, and an object without a single field of a duration. A text of more than
 * 1000 characters is none: to make a `bigint` of so many digits takes more than their number.
 */
export const decodeDuration = (value: unknown): Duration.Duration | undefined =>
  isMistake(value) ? undefined : Option.getOrUndefined(Duration.fromInput(value as Duration.Input))

const isMistake = (value: unknown): boolean => {
  if (typeof value === "string") return value.length > 1000
  if (!Predicate.isObjectOrArray(value)) return Number.isNaN(value)
  if (Duration.isDuration(value)) return false
  return Object.values(value).some(Number.isNaN) || !(Array.isArray(value) || isDurationObject(value))
}

/** Whether an object has a field of a duration, such as `seconds`. */
export const isDurationObject = (value: object): boolean => units.some((unit) => `${unit}s` in value)

const units = ["week", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"]
