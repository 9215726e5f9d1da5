/**
 * The defaults in force around a fiber.
 */
import * as Context from "effect/Context"
import type { Given } from "../policy/given.ts"

/** What was set as a default. */
export interface Defaults {
  readonly policy: Given
  readonly nested: "allow" | "once" | undefined
}

/** The defaults around. Each layer makes one value, so that plans can be kept by it. */
export const Current: Context.Reference<Defaults> = /*#__PURE__*/ Context.Reference<Defaults>(
  "effect-stamina/RetryDefaults",
  { defaultValue: () => none }
)

const none: Defaults = { policy: {}, nested: undefined }
