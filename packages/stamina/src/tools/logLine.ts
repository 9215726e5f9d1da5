/**
 * Log lines: the one place of the library that writes any, so that all of them are limited.
 *
 * Of each kind so many lines are written within a second, and then one line that says how many were left out. There is no
 * timer. Time is looked at when a line passes: the first one after the second is over writes what was left out of all
 * kinds, whatever its own kind is. What is known goes with the first logger and the clock of the fiber, so programs and
 * tests that have their own share nothing.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as clock from "./clock.ts"
import { found } from "./getOrCreate.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** What lines of one kind have in common. */
export interface Kind {
  readonly level: LogLevel.Severity
  readonly message: string
  /** What the line is about, such as `callable` and `caused_by`: texts of which a program has few. */
  readonly labels: Readonly<Record<string, string>>
}

/** What else there is to a line. */
export interface Rest {
  /** All annotations. Default: the labels. */
  readonly annotations?: (() => Readonly<Record<string, unknown>>) | undefined
  readonly cause?: Cause.Cause<unknown> | undefined
  /** How many lines of the kind are written within a second. */
  readonly perSecond?: number | undefined
}

interface Counted extends Kind {
  /** How many were written within this second. */
  written: number
  /** How many were left out and not yet said, and since when. */
  suppressed: number
  since: clock.Reading
}

interface Second {
  start: clock.Reading
  /** The time of the line that passes. */
  now: clock.Reading
  readonly kinds: Map<string, Counted>
}

/** How many lines of a kind are written within a second by default. */
export const defaultLinesPerSecond = 10

/** How many kinds are told apart within a second. Further ones share a kind for each message, `"<other>"`. */
export const maxKinds = 200

/** By logger and clock. Not by the set of loggers: many programs make a new one for each call. */
const seconds = /*#__PURE__*/ new WeakMap<object, WeakMap<object, Second>>()

/** Whether a line at this level is written in this fiber at all. */
export const isLogged = ({ cache }: AnyFiber, logLevel: LogLevel.Severity): boolean =>
  !LogLevel.isGreaterThan(cache.minimumLogLevel, logLevel)

/** Writes a line at once, unless it is one too many of its kind. A logger that dies of it changes nothing (R8). */
export const logLine = (fiber: AnyFiber, kind: Kind, rest?: Rest): void => {
  try {
    logOrThrow(fiber, kind, rest)
  } catch {
    // nobody is left who could write it down
  }
}

/**
 * The same for a hook, whose death is reported. The last line that is written says for how many seconds others are left
 * out, so that nobody takes silence for the end of the trouble.
 */
export const logOrThrow = (fiber: AnyFiber, kind: Kind, rest: Rest = {}): void => {
  const second = current(fiber)
  if (second === undefined || !isLogged(fiber, kind.level)) return
  const { annotations, cause, perSecond = defaultLinesPerSecond } = rest
  const counted = countedOf(second, kind)
  if (counted.written < perSecond) {
    const limit = ++counted.written < perSecond
      ? undefined
      : { suppressing_for: 1 - clock.millisBetween(second.start, second.now) / 1000 }
    write(fiber, kind, { ...(annotations?.() ?? kind.labels), ...limit }, cause)
  } else if (counted.suppressed++ === 0) counted.since = second.now
}

/** Writes what was left out so far, without waiting for the second to end. */
export const flush = (fiber: AnyFiber): void => {
  const second = secondOf(fiber)
  if (second !== undefined) writeSuppressed(fiber, second)
}

/**
 * The current second of the fiber's logger and clock. If the one before is over, what it left out is written first. There
 * is none where nobody would write a line.
 */
const current = (fiber: AnyFiber): Second | undefined => {
  const second = secondOf(fiber)
  if (second === undefined) return undefined
  const { kinds, now, start } = second
  if (clock.millisBetween(start, now) >= 1000) {
    second.start = now
    writeSuppressed(fiber, second)
    for (const [key, kind] of kinds) {
      // what this fiber may not log is kept for one that may
      if (kind.suppressed === 0) kinds.delete(key)
      else kind.written = 0
    }
  }
  return second
}

const secondOf = (fiber: AnyFiber): Second | undefined => {
  const logger = writerOf(fiber)
  if (logger === undefined) return undefined
  const now = clock.read(fiber)
  const second = found(
    found(seconds, logger, () => new WeakMap<object, Second>()),
    fiber.getRef(Clock.Clock),
    () => ({ start: now, now, kinds: new Map() })
  )
  second.now = now
  return second
}

/** The first logger that lines go to. */
const writerOf = (fiber: AnyFiber): Logger.Logger<unknown, unknown> | undefined => {
  for (const logger of fiber.getRef(Logger.CurrentLoggers)) if (logger !== Logger.tracerLogger) return logger
  return undefined
}

const countedOf = ({ kinds, start }: Second, kind: Kind): Counted => {
  const key = keyOf(kind)
  const known = kinds.get(key)
  if (known !== undefined) return known
  const { labels, level, message } = kind
  const kept = kinds.size < maxKinds
    ? labels
    : Object.fromEntries(Object.keys(labels).map((label) => [label, "<other>"]))
  const one = { level, message, labels: kept }
  return found(kinds, keyOf(one), () => ({ ...one, written: 0, suppressed: 0, since: start }))
}

const keyOf = ({ labels, level, message }: Kind): string => {
  let key = `${level} ${message}`
  for (const label in labels) key += `\n${labels[label]}`
  return key
}

const writeSuppressed = (fiber: AnyFiber, { kinds, now }: Second): void => {
  for (const kind of kinds.values()) {
    const { labels, level, since, suppressed } = kind
    if (suppressed === 0 || !isLogged(fiber, level)) continue
    kind.suppressed = 0
    write(fiber, kind, { ...labels, suppressed, within: clock.millisBetween(since, now) / 1000 })
  }
}

/**
 * Logs as `Effect.logWithLevel` does, with annotations, to every logger but `tracerLogger`, which would put the line on
 * the current span beside the event of the span hook. Writing through a copy of the fiber's context in place of an effect
 * saves about half a microsecond per line (see bench/README.md, "a retry, default hooks").
 */
const write = (
  fiber: AnyFiber,
  { level, message }: Kind,
  annotations: Readonly<Record<string, unknown>>,
  cause: Cause.Cause<unknown> = Cause.empty
): void => {
  const { context } = fiber
  const all = { ...fiber.getRef(References.CurrentLogAnnotations), ...annotations }
  // oxlint-disable-next-line no-restricted-globals -- made of a number: reads no clock
  const date = new Date(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
  fiber.setContext(Context.add(context, References.CurrentLogAnnotations, all))
  try {
    for (const logger of fiber.getRef(Logger.CurrentLoggers)) {
      if (logger !== Logger.tracerLogger) logger.log({ message: [message], logLevel: level, cause, fiber, date })
    }
  } finally {
    fiber.setContext(context)
  }
}
