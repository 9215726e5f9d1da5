/**
 * The names of errors where there are no tags that a compiler knows: codes, tags and names.
 */
import { causesOf, read, tagOf } from "../tools/errors.ts"
import { type Naming, withReason } from "../verdict/forms.ts"
import { judgeAll } from "../verdict/ofCause.ts"

/**
 * Codes come first, since they say more than the names beside them: a `TypeError` of `fetch` says that something failed,
 * and the code of its cause says what.
 */
export const byCode: Naming = {
  find: (error, ask) => {
    for (const cause of causesOf(error)) {
      const code = read(cause, "code")
      const answer = typeof code === "string" ? ask(code) : undefined
      if (answer !== undefined) return answer
    }
    const tag = tagOf(error)
    return ask(withReason(tag, error)) ?? ask(tag) ?? ask(read(error, "name"))
  },
  otherwise: (judge) => (error, attempt) => {
    const own = judge(error, attempt)
    if (own !== undefined) return own
    const parts = partsOf(error)
    return parts.length > 0 && judgeAll(parts, (part) => judge(part, attempt) ?? false)
  },
  rule: "a name or code of errors, an error class, a function, a record of names, or a non-empty array of these"
}

/** The errors that an `AggregateError` is made of, also if it is a cause. */
const partsOf = (error: unknown): ReadonlyArray<unknown> => {
  for (const cause of causesOf(error)) {
    const parts = read(cause, "errors")
    if (Array.isArray(parts) && parts.length > 0) return parts
  }
  return []
}
