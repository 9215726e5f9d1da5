/**
 * A log line, written at once: for code that has a fiber and no effect to run.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"

/** Whether a line at this level is written in this fiber at all. */
export const isLogged = ({ cache }: Fiber.Fiber<unknown, unknown>, logLevel: LogLevel.Severity): boolean =>
  !LogLevel.isGreaterThan(cache.minimumLogLevel, logLevel)

/** The first logger that {@link logLine} writes to. */
export const writerOf = (fiber: Fiber.Fiber<unknown, unknown>): Logger.Logger<unknown, unknown> | undefined => {
  for (const logger of fiber.getRef(Logger.CurrentLoggers)) if (logger !== Logger.tracerLogger) return logger
  return undefined
}

/**
 * Logs as `Effect.logWithLevel` does, with annotations, to every logger but `tracerLogger`, which would put the line on
 * the current span beside the event of the span hook. Writing through a copy of the fiber's context in place of an effect
 * saves about half a microsecond per line (see bench/README.md, "a retry, default hooks").
 */
export const logLine = (
  fiber: Fiber.Fiber<unknown, unknown>,
  logLevel: LogLevel.Severity,
  message: string,
  annotations: () => Readonly<Record<string, unknown>>
): void => {
  if (!isLogged(fiber, logLevel)) return
  const { context } = fiber
  const all = { ...fiber.getRef(References.CurrentLogAnnotations), ...annotations() }
  // oxlint-disable-next-line no-restricted-globals -- made of a number: reads no clock
  const date = new Date(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
  fiber.setContext(Context.add(context, References.CurrentLogAnnotations, all))
  try {
    for (const logger of fiber.getRef(Logger.CurrentLoggers)) {
      if (logger !== Logger.tracerLogger) logger.log({ message: [message], logLevel, cause: Cause.empty, fiber, date })
    }
  } finally {
    fiber.setContext(context)
  }
}
