import { Data, type Effect } from "effect"

export class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
export class ParseError extends Data.TaggedError("ParseError")<{ readonly at: number }> {}
/** An error without a tag. */
export class Untagged extends Error {
  readonly code = 1
}

export declare const program: Effect.Effect<number, HttpError | ParseError>
export declare const parsing: Effect.Effect<string, ParseError>
export declare const untagged: Effect.Effect<number, Untagged>
export declare const infallible: Effect.Effect<number>

/** Passes only where both types are the same. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
export declare const same: <A, B>(proof: Same<A, B>) => void
