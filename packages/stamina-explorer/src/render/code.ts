/**
 * A policy as TypeScript.
 */
import type * as RetryPolicy from "effect-stamina/RetryPolicy"

/** The fields that are not as by default, as they are handed to `RetryPolicy.make`. */
export const code = (shortest: RetryPolicy.Encoded): string => {
  const fields = Object.entries(shortest).map(([key, value]) => `  ${key}: ${literal(value)}`)
  const made = fields.length === 0 ? "RetryPolicy.defaults" : `RetryPolicy.make({\n${fields.join(",\n")}\n})`
  return `import { RetryPolicy } from "effect-stamina"\n\nexport const policy = ${made}\n\n${use}\n`
}

const use = "// program.pipe(Stamina.retry({ ...policy, on: \"HttpError\" }))"

const literal = (value: unknown): string =>
  value === "unlimited"
    ? "Infinity"
    : Array.isArray(value)
    ? `[${value.map(literal).join(", ")}]`
    : JSON.stringify(value)
