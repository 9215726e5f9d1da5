/**
 * The checked options of a budget.
 */
import { checkAttempts, checkEither, checkKnown, refuse } from "../tools/check.ts"
import { isName } from "../tools/errors.ts"
import type { Options } from "./model.ts"
import type { Capacity } from "./tokens.ts"
import { defaultMaxWaiting } from "./waiting.ts"

export interface Checked {
  readonly name: string
  readonly capacity: Capacity
  readonly refill: number
  /** How many may wait; 0 if an empty budget refuses. */
  readonly maxWaiting: number
  /** Whether it begins anew on another clock: for budgets that nobody has made, so that tests share nothing by them. */
  readonly isOfClock?: boolean | undefined
}

export const defaultCapacity: Capacity = { atLeast: 10, seconds: 3 }

export const defaultRefill = 0.2

/** Checks the options of a budget on behalf of the function named `caller`, which may have `more` of them. */
export const fromOptions = (caller: string, options: Options, more: ReadonlyArray<string> = []): Checked => {
  checkKnown(caller, options, ["name", "capacity", "refill", "whenEmpty", "maxWaiting", ...more])
  const { capacity = defaultCapacity, name = "<unnamed>", refill = defaultRefill } = options
  if (!isName(name)) return refuse(caller, "name", "a non-empty string", name)
  return {
    name,
    capacity: checkCapacity(caller, capacity),
    refill: between(caller, "refill", refill, 0, 1),
    maxWaiting: checkWaiting(caller, options)
  }
}

const checkCapacity = (caller: string, capacity: unknown): Capacity => {
  if (typeof capacity !== "object" || capacity === null) return between(caller, "capacity", capacity, 1, 1e9)
  checkKnown(caller, capacity, ["atLeast", "seconds"])
  const { atLeast, seconds } = capacity as Record<string, unknown> // an object
  return {
    atLeast: between(caller, "capacity.atLeast", atLeast, 1, 1e9),
    seconds: between(caller, "capacity.seconds", seconds, 0, 3600)
  }
}

const checkWaiting = (caller: string, { maxWaiting, whenEmpty = "wait" }: Options): number => {
  checkWhenEmpty(caller, whenEmpty, "whenEmpty")
  if (maxWaiting === undefined) return whenEmpty === "wait" ? defaultMaxWaiting : 0
  return whenEmpty === "wait"
    ? checkAttempts(caller, maxWaiting, "maxWaiting")
    : refuse(caller, "maxWaiting", "left out if whenEmpty is \"refuse\"", maxWaiting)
}

const checkWhenEmpty = /*#__PURE__*/ checkEither("wait", "refuse")

const between = (caller: string, field: string, value: unknown, min: number, max: number): number =>
  typeof value === "number" && value >= min && value <= max
    ? value
    : refuse(caller, field, `a number from ${min} to ${max}`, value)
