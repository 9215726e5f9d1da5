/**
 * Reading errors that may be anything, so that nothing they do can harm: a getter may throw, a proxy may be revoked.
 */
import * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"

/** A property of an error; `undefined` if there is none, or if reading it throws. */
export const read = (error: unknown, property: string): unknown => {
  try {
    return Predicate.isObjectKeyword(error) ? Reflect.get(error, property) : undefined
  } catch {
    return undefined
  }
}

/** `instanceof`; `false` where asking throws. */
export const isInstance = (error: unknown, ofClass: abstract new(...args: never) => unknown): boolean => {
  try {
    return error instanceof ofClass
  } catch {
    return false
  }
}

/**
 * What an `UnknownError` stands for, that is its `cause`: `Effect.tryPromise` without `catch` puts it around whatever a
 * promise was rejected with. Nothing for other errors.
 */
export const stoodFor = (error: unknown): unknown =>
  read(error, Cause.UnknownErrorTypeId) === undefined ? undefined : read(error, "cause")

/** The `_tag` of an error, whatever it is. */
export const tagOf = (error: unknown): unknown => read(error, "_tag")

/** The message of an error, if it is a text; else an empty one. */
export const messageOf = (error: unknown): string => {
  const message = read(error, "message")
  return typeof message === "string" ? message : ""
}

/** Whether a text can serve as a name: it is not empty. */
export const isName = (name: unknown): name is string => typeof name === "string" && name !== ""

/** What an error is called where its message must not appear: its tag, else its class, else its type. */
export const typeOf = (error: unknown): string => {
  const tag = tagOf(error)
  if (isName(tag)) return tag.slice(0, longest)
  if (typeof error !== "object") return typeof error
  if (error === null) return "null"
  // data may have a `constructor`, and a class a static `name`, that is anything at all
  const constructor = read(error, "constructor")
  const name = typeof constructor === "function" ? read(constructor, "name") : undefined
  return isName(name) ? name.slice(0, longest) : "object"
}

/** The longest name that telemetry takes. */
const longest = 200

/** An error and what it was caused by, outermost first: the `cause` of each, or the `response` that it was made of. */
export const causesOf = (error: unknown): ReadonlyArray<object> => {
  const causes: Array<object> = []
  while (causes.length < maxCauses && Predicate.isObjectKeyword(error)) {
    causes.push(error)
    error = read(error, "cause") ?? read(error, "response")
  }
  return causes
}

/** How far causes are followed: they may lead back to where they began. */
const maxCauses = 16
