/**
 * The log line for a mistake in what the user has written about errors: `on` or `classify` threw, or answered what means
 * nothing. It needs no hook: of a first attempt that is not retried, hooks hear nothing.
 */
import type * as Fiber from "effect/Fiber"
import { isLogged, logLine } from "../tools/logLine.ts"
import { summaryOf } from "../verdict/mistakes.ts"
import { callableOf } from "./eventsOf.ts"
import * as logLimit from "./logLimit.ts"
import { errorType } from "./RetryEvent.ts"

/** Logs the mistake that was made about `error`, at error level. */
export const tellMistake = (
  fiber: Fiber.Fiber<unknown, unknown>,
  name: string | undefined,
  thrown: unknown,
  error: unknown
): void => {
  const second = logLimit.current(fiber)
  if (second === undefined || !isLogged(fiber, level)) return
  const callable = callableOf(name, fiber)
  const causedBy = errorType(error)
  const limit = logLimit.admit(second, { level, message, callable, causedBy }, logLimit.linesPerSecond)
  if (limit === undefined) return
  logLine(fiber, level, message, () => ({
    callable,
    caused_by: causedBy,
    summary: summaryOf(thrown).slice(0, longest),
    ...limit
  }))
}

const level = "Error"
const message = "stamina.mistake"

/** An answer may be of any length. */
const longest = 300
