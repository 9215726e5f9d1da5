/**
 * What an error is called where its message must not appear: its tag, else its class, else its type.
 */
import * as Predicate from "effect/Predicate"

export const errorType = (error: unknown): string => {
  if (Predicate.hasProperty(error, "_tag") && isName(error._tag)) return error._tag
  if (typeof error !== "object" || error === null) return error === null ? "null" : typeof error
  const { constructor } = error
  // a class may have a static `name` that is anything at all
  return typeof constructor === "function" && isName(constructor.name) ? constructor.name : "object"
}

const isName = (name: unknown): name is string => typeof name === "string" && name !== ""
