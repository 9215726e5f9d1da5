/**
 * What an error is called where its message must not appear: its tag, else its class, else its type.
 */
import * as Predicate from "effect/Predicate"

export const errorType = (error: unknown): string => {
  if (Predicate.hasProperty(error, "_tag") && typeof error._tag === "string") return error._tag
  if (typeof error !== "object" || error === null) return error === null ? "null" : typeof error
  const { constructor } = error
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "object"
}
