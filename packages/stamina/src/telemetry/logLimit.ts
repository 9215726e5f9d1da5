/**
 * A limit on log lines: so many of a kind within a second, and then one line that says how many were left out.
 *
 * There is no timer. Time is looked at when an event passes: the first one after the second is over writes what was left
 * out of all kinds, whatever its own kind is. What is known goes with the first logger and the clock of the fiber, so
 * programs and tests that have their own share nothing.
 */
import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import type * as LogLevel from "effect/LogLevel"
import * as clock from "../tools/clock.ts"
import { found } from "../tools/getOrCreate.ts"
import { isLogged, logLine, writerOf } from "../tools/logLine.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** What lines of one kind have in common. */
export interface Kind {
  readonly level: LogLevel.Severity
  readonly message: string
  readonly callable: string
  /** The type of the error, for events that have one. */
  readonly causedBy: string | undefined
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
  /** The time of the event that passes. */
  now: clock.Reading
  readonly kinds: Map<string, Counted>
}

/** By logger and clock. Not by the set of loggers: many programs make a new one for each call. */
const seconds = /*#__PURE__*/ new WeakMap<object, WeakMap<object, Second>>()

/** How many lines of a kind are written within a second by default. */
export const linesPerSecond = 10

/** How many kinds are told apart within a second. Further ones share a kind for each message, `"<other>"`. */
export const maxKinds = 200

/**
 * The current second of the fiber's logger and clock. If the one before is over, what it left out is written first. There
 * is none where nobody would write a line.
 */
export const current = (fiber: AnyFiber): Second | undefined => {
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

/**
 * What to add to a line of this kind; `undefined` where the line is to be left out. The last one that is written says for
 * how many seconds others are left out, so that nobody takes silence for the end of the trouble.
 */
export const admit = (
  second: Second,
  kind: Kind,
  perSecond: number
): Readonly<Record<string, number>> | undefined => {
  const counted = countedOf(second, kind)
  if (counted.written < perSecond) {
    return ++counted.written < perSecond
      ? none
      : { suppressing_for: 1 - clock.millisBetween(second.start, second.now) / 1000 }
  }
  if (counted.suppressed++ === 0) counted.since = second.now
  return undefined
}

/** Writes what was left out so far, without waiting for the second to end. */
export const flush = (fiber: AnyFiber): void => {
  const second = secondOf(fiber)
  if (second !== undefined) writeSuppressed(fiber, second)
}

const none = {}

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

const countedOf = ({ kinds, start }: Second, kind: Kind): Counted => {
  const key = keyOf(kind)
  const known = kinds.get(key)
  if (known !== undefined) return known
  const kept = kinds.size < maxKinds ? kind : { ...kind, callable: other, causedBy: kind.causedBy && other }
  return found(kinds, keyOf(kept), () => ({ ...kept, written: 0, suppressed: 0, since: start }))
}

const other = "<other>"

const keyOf = ({ callable, causedBy, level, message }: Kind): string => `${level} ${message} ${causedBy}\n${callable}`

const writeSuppressed = (fiber: AnyFiber, { kinds, now }: Second): void => {
  for (const kind of kinds.values()) {
    const { callable, causedBy, level, message, since, suppressed } = kind
    if (suppressed === 0 || !isLogged(fiber, level)) continue
    kind.suppressed = 0
    logLine(fiber, level, message, () => ({
      callable,
      ...(causedBy === undefined ? undefined : { caused_by: causedBy }),
      suppressed,
      within: clock.millisBetween(since, now) / 1000
    }))
  }
}
