/**
 * What an error is called where its message must not appear: its tag, else its class, else its type.
 */
import * as Predicate from "effect/Predicate"

export const errorType = (error: unknown): string => {
  const tag = tagOf(error)
  if (isName(tag)) return tag
  if (typeof error !== "object") return typeof error
  if (error === null) return "null"
  const { constructor } = error
  // data may have a `constructor`, and a class a static `name`, that is anything at all
  return typeof constructor === "function" && isName(constructor.name) ? constructor.name : "object"
}

/** The `_tag` of an error, whatever it is. */
export const tagOf = (error: unknown): unknown => Predicate.hasProperty(error, "_tag") ? error._tag : undefined

/** Whether something can be called by it: any text that is not empty. */
export const isName = (name: unknown): name is string => typeof name === "string" && name !== ""
