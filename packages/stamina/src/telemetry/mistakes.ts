/**
 * The log line for a mistake in what the user has written about errors: `on` or `classify` threw, or answered what means
 * nothing. It needs no hook: of a first attempt that is not retried, hooks hear nothing.
 */
import type * as Fiber from "effect/Fiber"
import { logLine } from "../tools/logLine.ts"
import { summaryOf } from "../verdict/mistakes.ts"
import { callableOf } from "./eventsOf.ts"
import { errorType } from "./RetryEvent.ts"

/** Logs the mistake that was made about `error`, at error level. */
export const tellMistake = (
  fiber: Fiber.Fiber<unknown, unknown>,
  name: string | undefined,
  thrown: unknown,
  error: unknown
): void => {
  const labels = { callable: callableOf(name, fiber), caused_by: errorType(error) }
  logLine(fiber, { level: "Error", message: "stamina.mistake", labels }, {
    annotations: () => ({ ...labels, summary: summaryOf(thrown).slice(0, longest) })
  })
}

/** An answer may be of any length. */
const longest = 300
