import { Data, Effect } from "effect"

export class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** Compiles where two types are the same: `any` is nothing but itself. */
export const same = <A, B>(_: Equal<A, B>): void => {}

export const get = (id: number): Effect.Effect<string, HttpError> =>
  id > 0 ? Effect.succeed(`${id}`) : Effect.fail(new HttpError({ status: 404 }))
