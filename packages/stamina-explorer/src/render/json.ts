/**
 * A policy as JSON, for `RetryPolicy.Schema`.
 */
import type * as RetryPolicy from "effect-stamina/RetryPolicy"

export const json = (shortest: RetryPolicy.Encoded): string => `${JSON.stringify(shortest, null, 2)}\n`
