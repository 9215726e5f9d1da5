/**
 * Every form of the option `on`, turned into one function from an error to a verdict.
 */
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Predicate from "effect/Predicate"
import * as Backoff from "../policy/Backoff.ts"
import { complete, type Given, given } from "../policy/given.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import { checkKnown, checkWait, decodeDuration, refuse } from "../tools/check.ts"
import { isName, tagOf } from "../tools/errors.ts"
import type { Hint, OwnBackoff, Verdict } from "./Verdict.ts"

/** Judges errors as `on` says, on behalf of the function named `caller`. Throws a `RangeError` where `on` is no form. */
export const fromInput = (caller: string, on: unknown): (error: unknown) => Verdict => {
  if (typeof on === "function" && !isClass(on)) return (error) => toVerdict(caller, on(error), error)
  if (isPlainRecord(on) && Object.keys(on).length > 0) return ofRecord(caller, on)
  const tags = new Set<unknown>()
  const classes: Array<Class> = []
  for (const item of Array.isArray(on) && on.length > 0 ? on : [on]) {
    if (isName(item)) tags.add(item)
    else if (isClass(item)) classes.push(item)
    else refuse(caller, "on", rule, on)
  }
  return (error) => tags.has(tagOf(error)) || classes.some((ofClass) => error instanceof ofClass)
}

const rule = "a tag, an error class, a non-empty array of them, a record of tags, or a function"

const ofRecord = (caller: string, on: Record<string, unknown>): (error: unknown) => Verdict => {
  const byTag = new Map<unknown, Verdict | ((error: unknown) => Verdict)>()
  for (const [tag, answer] of Object.entries(on)) {
    if (answer === undefined) continue
    byTag.set(
      tag,
      typeof answer === "function"
        ? (error) => toVerdict(caller, answer(error), error)
        : typeof answer === "boolean" || isHintAnswer(answer)
        ? granted(answer)
        : isBackoffOptions(answer)
        ? ownBackoff(`${caller}: on.${tag}`, answer)
        : Duration.toMillis(checkWait(caller, answer, `on.${tag}`, ", true, false, a backoff or a function"))
    )
  }
  return (error) => {
    const answer = byTag.get(tagOf(error))
    return typeof answer === "function" ? answer(error) : answer ?? false
  }
}

/** A backoff hook's answer as a verdict. An answer that means nothing is an error and never a wait. */
export const toVerdict = (caller: string, answer: unknown, error: unknown): Verdict => {
  if (typeof answer === "boolean" || isHintAnswer(answer)) return granted(answer)
  const duration = decodeDuration(answer)
  if (duration === undefined || !Number.isFinite(Duration.toMillis(duration))) {
    throw new RangeError(
      `${caller}: on must answer true, false or a finite duration, got ${Formatter.format(answer)}`,
      { cause: error }
    )
  }
  return Math.max(0, Duration.toMillis(duration))
}

const isHintAnswer = (answer: unknown): answer is Hint => tagOf(answer) === "Hint"

/** A zero hint means the default wait; it must not add jitter beyond `waitMax`. */
const granted = (answer: boolean | Hint): Verdict => typeof answer === "boolean" || answer.wait > 0 ? answer : true

const isBackoffOptions = (answer: unknown): answer is object =>
  isPlainRecord(answer) && curveFields.some((field) => field in answer)

const ownBackoff = (caller: string, options: object): OwnBackoff => {
  checkKnown(caller, options, curveFields)
  return { _tag: "Backoff", backoff: partial(given(caller, options)) }
}

type Class = abstract new(...args: never) => unknown

/** Classes, built-in ones included, own a `prototype` that cannot be assigned; functions with one can be reassigned. */
const isClass = (value: unknown): value is Class =>
  typeof value === "function" &&
  (Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false || value.prototype instanceof Error)

const isPlainRecord = (value: unknown): value is Record<string, unknown> =>
  Predicate.isObject(value) && !Duration.isDuration(value)

const curveFields = ["backoff", "waitInitial", "waitMax", "waitJitter", "waitExpBase"]

/** The numbers of a backoff that were given, in milliseconds. */
const partial = (given: Given): Partial<Backoff.Backoff> => {
  const { base, initial, jitter, max, shape } = Backoff.fromPolicy(complete(given, RetryPolicy.defaults))
  return {
    ...(given.backoff === undefined ? undefined : { shape }),
    ...(given.waitInitial === undefined ? undefined : { initial }),
    ...(given.waitMax === undefined ? undefined : { max }),
    ...(given.waitJitter === undefined ? undefined : { jitter }),
    ...(given.waitExpBase === undefined ? undefined : { base })
  }
}
