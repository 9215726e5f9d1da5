/**
 * The defaults in force around a fiber.
 */
import * as Context from "effect/Context"
import type { Given } from "../policy/input.ts"

/** What was set as a default. */
export interface Defaults {
  readonly policy: Given
  readonly nested: "allow" | "once" | undefined
  /** The most attempts of any run, whatever its options say. */
  readonly maxAttempts: number
}

/** Defaults inside others: they refine those around field by field, and lift no limit. */
export const within = (around: Defaults, inner: Partial<Defaults>): Defaults => ({
  policy: { ...around.policy, ...inner.policy },
  nested: inner.nested ?? around.nested,
  maxAttempts: Math.min(around.maxAttempts, inner.maxAttempts ?? Infinity)
})

/** The defaults around. Each layer makes one value, so that plans can be kept by it. */
export const Current: Context.Reference<Defaults> = /*#__PURE__*/ Context.Reference<Defaults>(
  "effect-stamina/RetryDefaults",
  { defaultValue: () => none }
)

const none: Defaults = { policy: {}, nested: undefined, maxAttempts: Infinity }
