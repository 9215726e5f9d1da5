/**
 * How JSON and environment variables spell a value: numbers, durations, and the lack of a limit.
 */
import * as Duration from "effect/Duration"

/** What configuration holds for a field: one text, such as an environment variable, or several. */
export type Text = string | ReadonlyArray<string>

const decimal = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** Reads a number if the text is one, and leaves everything else as it is. */
export const fromText = (text: Text): unknown => typeof text === "string" && decimal.test(text) ? Number(text) : text

/** The only spelling of "no limit". */
export const unlimited = "unlimited"

/** Turns a check that throws into one that answers `undefined`. */
export const passing = <A>(check: (value: unknown) => A) => (value: unknown): A | undefined => {
  try {
    return check(value)
  } catch {
    return undefined
  }
}

/**
 * Reads a duration from text such as "10 seconds" or from milliseconds. Answers `undefined` for everything else that
 * `Duration.fromInput` accepts, and for infinity, which is never spelt as a duration.
 */
export const readDuration = (
  spelt: unknown,
  check: (value: unknown) => Duration.Duration
): Duration.Duration | undefined => {
  if (typeof spelt !== "number" && typeof spelt !== "string") return undefined
  const duration = passing(check)(spelt)
  // tests the result, not the text, because a number of four hundred digits is infinite as well
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

/** Writes a duration in the longest unit that needs no fraction. */
export const writeDuration = (duration: Duration.Duration): string => {
  if (!Duration.isFinite(duration)) return unlimited
  const nanos = Duration.toNanosUnsafe(duration)
  if (nanos === 0n) return "0 millis" // every unit measures zero
  const [name, size] = units.find(([, size]) => nanos % size === 0n) ?? ["nano", 1n]
  const count = nanos / size
  return `${count} ${name}${count === 1n ? "" : "s"}`
}

/** Matches the texts that `readDuration` reads; some matches it still refuses. */
export const durationPattern = "^-?\\d+(\\.\\d+)?\\s+(nano|micro|milli|second|minute|hour|day|week)s?$"
