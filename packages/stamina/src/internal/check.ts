/**
 * The rules for what users pass in, each with one clear error: `<function>: <field> must be <rule>, got <value>`.
 */
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"

/** Throws the one kind of error that bad options get. */
export const refuse = (caller: string, field: string, rule: string, value: unknown): never => {
  throw new RangeError(`${caller}: ${field} must be ${rule}, got ${Formatter.format(value)}`)
}

/** Refuses a field that nobody reads: a misspelt `attempt` would otherwise quietly mean the default. */
export const checkKnown = (caller: string, options: object, known: ReadonlyArray<string>): void => {
  if (typeof options !== "object" || options === null) refuse(caller, "options", "an object", options)
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new RangeError(`${caller}: unknown option ${Formatter.format(key)}, known are ${known.join(", ")}`)
    }
  }
}

/** Total number of calls. */
export const checkAttempts = (caller: string, value: unknown): number =>
  typeof value === "number" && (value === Infinity || (Number.isInteger(value) && value >= 1))
    ? value
    : refuse(caller, "attempts", "an integer >= 1 or Infinity", value)

/** The multiplier of an exponential wait. */
export const checkBase = (caller: string, value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0
    ? value
    : refuse(caller, "waitExpBase", "a finite number >= 0", value)

/** A limit in time: longer than zero, and unbounded only as an explicit infinity. */
export const checkTimeout = (caller: string, value: unknown): Duration.Duration => {
  const duration = decodeDuration(value)
  return duration !== undefined && Duration.isPositive(duration)
    ? duration
    : refuse(caller, "timeout", "a duration > 0 or Duration.infinity", value)
}

/** A time to wait: something that a timer can sleep. */
export const checkWait = (caller: string, field: string, value: unknown): Duration.Duration => {
  const duration = decodeDuration(value)
  return duration !== undefined && Duration.isFinite(duration) && !Duration.isNegative(duration)
    ? duration
    : refuse(caller, field, "a finite duration >= 0", value)
}

/**
 * Reads a `Duration.Input`, or `undefined` where it is none. Unlike `Duration.fromInput`, which reads `NaN` as zero,
 * it refuses `NaN` wherever it hides.
 */
export const decodeDuration = (value: unknown): Duration.Duration | undefined =>
  hasNaN(value) ? undefined : Option.getOrUndefined(Duration.fromInput(value as Duration.Input))

const hasNaN = (value: unknown): boolean =>
  Duration.isDuration(value)
    ? false
    : typeof value === "object" && value !== null
    ? Object.values(value).some(Number.isNaN)
    : Number.isNaN(value)
