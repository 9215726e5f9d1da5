/**
 * Effect's tagged errors for exported classes: with isolated declarations a class must not extend a call.
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"

/** The class that an exported error class extends. */
export type Tagged<Tag extends string, Fields> = new(fields: Fields) =>
  & Cause.YieldableError
  & { readonly _tag: Tag }
  & Fields

/** Makes that class. */
export const tagged = <const Tag extends string, Fields>(tag: Tag): Tagged<Tag, Fields> =>
  // what `Data.TaggedError` returns is generic in its fields, and these are known here
  Data.TaggedError(tag) as unknown as Tagged<Tag, Fields>
