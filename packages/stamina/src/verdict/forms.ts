/**
 * Every form of the option `on`, turned into one function from an error to a verdict.
 */
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Predicate from "effect/Predicate"
import { backoffOf, given } from "../policy/input.ts"
import { curveFields } from "../policy/model.ts"
import { checkKnown, checkWait, decodeDuration, isDurationObject, refuse } from "../tools/check.ts"
import { isInstance, isName, read, stoodFor, tagOf } from "../tools/errors.ts"
import { mistake, threw } from "./mistakes.ts"
import type { FailedAttempt, Hint, OwnBackoff, Verdict } from "./model.ts"

/** An `on`, checked. */
export interface Judgement {
  readonly judge: Judge
  /** Whether it names `AttemptTimedOut`. */
  readonly namesTimeouts: boolean
  /** Whether it has hooks, which look at the attempt. */
  readonly hasHooks: boolean
}

export type Judge = (error: unknown, attempt: FailedAttempt) => Verdict

/** A judge that answers `undefined` for errors that are not named. */
export type NamedJudge = (error: unknown, attempt: FailedAttempt) => Verdict | undefined

/**
 * Marks a hook that wants to be asked about `AttemptTimedOut` too, as a record or list that names it is. Hooks are not by
 * default: that error is not among those of the effect, for which they are written.
 */
export const judgingTimeouts = <F extends object>(hook: F): F => Object.assign(hook, { [mark]: true })

const mark = "~effect-stamina/judgesTimeouts"

/** By which names an `on` knows errors. */
export interface Naming {
  /** Asks about the names of an error, the most specific first, until there is an answer. */
  readonly find: <A>(error: unknown, ask: (name: unknown) => A | undefined) => A | undefined
  /** Judges what has no name itself, such as an error made of others. Default: it is not retried. */
  readonly otherwise?: ((judge: NamedJudge) => Judge) | undefined
  /** What an `on` may be, for the error where it is anything else. */
  readonly rule: string
}

/** `Tag.Reason`, if the error has a reason with a tag, and its tag. */
const byTag: Naming = {
  find: (error, ask) => {
    const tag = tagOf(error)
    return ask(withReason(tag, error)) ?? ask(tag)
  },
  rule: "a tag, an error class, a function, a record of tags, or a non-empty array of these"
}

/** Judges errors as `on` says, on behalf of the function named `caller`. Throws a `RangeError` if `on` is not a form. */
export const fromInput = (caller: string, on: unknown, naming: Naming = byTag): Judgement => {
  if (Array.isArray(on) && on.length > 0) return ofList(caller, on, naming)
  return ofList(caller, [on], naming)
}

/** The first item that does not say no decides. */
const ofList = (caller: string, items: ReadonlyArray<unknown>, naming: Naming): Judgement => {
  const judges: Array<Judge> = []
  let namesTimeouts = false
  let hasHooks = false
  let neighbours: Set<string> | undefined
  for (const item of items) {
    if (isName(item)) {
      namesTimeouts ||= item === "AttemptTimedOut"
      if (neighbours === undefined) judges.push(isNamed(neighbours = new Set(), naming))
      neighbours.add(item)
      continue
    }
    neighbours = undefined
    if (isClass(item)) judges.push((error) => isInstance(error, item) || isInstance(stoodFor(error), item))
    else if (isHook(item)) {
      hasHooks = true
      namesTimeouts ||= mark in item
      judges.push((error, attempt) => asked(caller, item, error, attempt))
    } else if (isPlainRecord(item) && Object.keys(item).length > 0) {
      const record = ofRecord(caller, item, naming)
      hasHooks ||= record.hasHooks
      namesTimeouts ||= record.namesTimeouts
      judges.push(record.judge)
    } else {
      const all = item === true ? " (for all errors: () => true)" : ""
      return refuse(caller, "on", naming.rule + all, items.length === 1 ? item : items)
    }
  }
  const [first] = judges
  return { judge: first !== undefined && judges.length === 1 ? first : firstOf(judges), namesTimeouts, hasHooks }
}

/** Asks one judge after the other, until one does not say no. */
export const firstOf = (judges: ReadonlyArray<Judge>): Judge => (error, attempt) => {
  for (const judge of judges) {
    const verdict = judge(error, attempt)
    if (verdict !== false) return verdict
  }
  return false
}

const isNamed = (names: ReadonlySet<unknown>, naming: Naming): Judge => {
  const ask = (name: unknown) => names.has(name) || undefined
  return whole(naming, (error) => naming.find(error, ask) ?? naming.find(stoodFor(error), ask))
}

const whole = ({ otherwise }: Naming, judge: NamedJudge): Judge =>
  otherwise?.(judge) ?? ((error, attempt) => judge(error, attempt) ?? false)

const ofRecord = (caller: string, on: Record<string, unknown>, naming: Naming): Judgement => {
  const byName = new Map<unknown, Verdict | Judge>()
  let hasHooks = false
  for (const [name, answer] of Object.entries(on)) {
    if (answer === undefined) continue
    hasHooks ||= isHook(answer)
    byName.set(
      name,
      isHook(answer)
        ? (error, attempt) => asked(caller, answer, error, attempt)
        : isBackoffOptions(answer)
        ? ownBackoff(`${caller}: on.${name}`, answer)
        : verdictOf(answer) ??
          Duration.toMillis(checkWait(caller, answer, `on.${name}`, ", true, false, a backoff or a function"))
    )
  }
  const ask = (name: unknown) => byName.get(name)
  return {
    judge: whole(naming, (error, attempt) => {
      const own = naming.find(error, ask)
      const answer = own ?? naming.find(stoodFor(error), ask)
      return typeof answer === "function" ? answer(own === undefined ? stoodFor(error) : error, attempt) : answer
    }),
    namesTimeouts: byName.has("AttemptTimedOut"),
    hasHooks
  }
}

/** `Tag.Reason`, if the error has a reason with a tag. A tag that holds a dot stands for itself. */
export const withReason = (tag: unknown, error: unknown): string | undefined => {
  if (!isName(tag) || tag.includes(".")) return undefined
  const reason = tagOf(read(error, "reason"))
  return isName(reason) ? `${tag}.${reason}` : undefined
}

/** Asks a hook. What goes wrong is a mistake, which leads to the error that it was asked about. */
const asked = (caller: string, hook: Hook, error: unknown, attempt: FailedAttempt): Verdict => {
  try {
    return toVerdict(caller, hook(error, attempt), error)
  } catch (thrown) {
    throw mistake(thrown, error, threw(caller, "on", thrown))
  }
}

/** A function in `on`, of which nobody knows what it takes. */
type Hook = (error: unknown, attempt: FailedAttempt) => unknown

const isHook = (value: unknown): value is Hook => typeof value === "function"

/** The answer of an option as a verdict. An answer that means nothing is an error and never a wait. */
export const toVerdict = (caller: string, answer: unknown, error: unknown, option = "on"): Verdict => {
  const verdict = verdictOf(answer)
  if (verdict !== undefined) return verdict
  const duration = decodeDuration(answer)
  if (duration === undefined || !Number.isFinite(Duration.toMillis(duration))) {
    const message = `${caller}: ${option} must answer true, false or a finite duration, got ${Formatter.format(answer)}`
    throw mistake(new RangeError(message, { cause: error }), error, message)
  }
  return Math.max(0, Duration.toMillis(duration))
}

/** An answer that is a verdict already. A hint made by hand is one only with numbers that make sense. */
const verdictOf = (answer: unknown): Verdict | undefined => {
  if (typeof answer === "boolean") return answer
  if (isHintAnswer(answer)) {
    // a zero hint means the default wait; it must not add jitter beyond `waitMax`
    return answer.wait > 0 ? answer : true
  }
  return isOwnBackoff(answer) ? answer : undefined
}

const isHintAnswer = (answer: unknown): answer is Hint =>
  Predicate.isTagged(answer, "Hint") && Number.isFinite(read(answer, "wait")) && Number(read(answer, "max")) >= 0

const isOwnBackoff = (answer: unknown): answer is OwnBackoff =>
  Predicate.isTagged(answer, "Backoff") && Predicate.hasProperty(answer, "backoff")

/** Every object that is no other answer, so that a field that nobody knows is named. */
const isBackoffOptions = (answer: unknown): answer is object =>
  isPlainRecord(answer) && Object.keys(answer).length > 0 && !isDurationObject(answer) &&
  verdictOf(answer) === undefined

const ownBackoff = (caller: string, options: object): OwnBackoff => {
  checkKnown(caller, options, curveFields)
  return { _tag: "Backoff", backoff: backoffOf(given(caller, options)) }
}

type Class = abstract new(...args: never) => unknown

/** Classes, built-in ones included, own a `prototype` that cannot be assigned; functions with one can be reassigned. */
const isClass = (value: unknown): value is Class =>
  typeof value === "function" &&
  (Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false || value.prototype instanceof Error)

const isPlainRecord = (value: unknown): value is Record<string, unknown> =>
  Predicate.isObject(value) && !Duration.isDuration(value)
