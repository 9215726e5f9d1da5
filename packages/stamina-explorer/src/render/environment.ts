/**
 * A policy as environment variables, for `RetryPolicy.config`.
 */
import type * as RetryPolicy from "effect-stamina/RetryPolicy"
import { textOf } from "../model/policy.ts"
import { variableOf } from "../model/words.ts"

/** What the variables begin with. */
export const prefix = "RETRY"

/** Lines for a shell or a file of variables. Of a policy that is as by default, there is nothing to say. */
export const environment = (shortest: RetryPolicy.Encoded): string => {
  const lines = Object.entries(shortest).map(([key, value]) => `${variableOf(prefix, key)}=${quoted(textOf(value))}\n`)
  return lines.length === 0 ? "# all as by default\n" : lines.join("")
}

/** No spelling holds a quotation mark. */
const quoted = (text: string): string => /^[\w.]+$/.test(text) ? text : `"${text}"`
