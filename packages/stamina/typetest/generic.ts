/**
 * `on` in helpers that are generic in the effect, and with values that are not literals: what a type made cheaper for the
 * compiler could lose.
 */
import { Effect, Stream } from "effect"
import { type RetryOn, Stamina } from "effect-stamina"
import { HttpError, ParseError, program, same } from "./errors.ts"

type Of<A, E, R> = Effect.Effect<A, E, R>

// --- errors of which one is known

export const byNames = <A, E, R>(self: Of<A, E | HttpError, R>): Of<A, E | HttpError, R> =>
  self.pipe(Stamina.retry({ on: ["HttpError"] }))
export const byNamesFirst = <A, E, R>(self: Of<A, E | HttpError, R>): Of<A, E | HttpError, R> =>
  Stamina.retry(self, { on: ["HttpError"] })
export const byMixture = <A, E, R>(self: Of<A, E | HttpError, R>): Of<A, E | HttpError, R> =>
  self.pipe(Stamina.retry({ on: [HttpError, "HttpError"] }))
export const later = <A, E, R>(self: Of<A, E | HttpError, R>): Of<A, E | HttpError, R> =>
  self.pipe(Effect.map((a) => a), Stamina.retry({ on: "HttpError", attempts: 3 }))
export const timed = <A, E, R>(
  self: Of<A, E | HttpError, R>
): Of<A, E | HttpError | Stamina.AttemptTimedOut, R> =>
  self.pipe(Stamina.retry({ on: "HttpError", attemptTimeout: "1 second" }))
export const inFn: <A, E, R>(self: Of<A, E | HttpError, R>) => Of<A, E | HttpError, R> = Effect.fn("generic")(
  function*<A, E, R>(self: Of<A, E | HttpError, R>) {
    return yield* self
  },
  Stamina.retry({ on: "HttpError" })
)
type Feed<A, E, R> = Stream.Stream<A, E, R>
export const feed = <A, E, R>(self: Feed<A, E | HttpError, R>): Feed<A, E | HttpError, R> =>
  self.pipe(Stamina.retryStream({ on: "HttpError" }))
export const feedByMixture = <A, E, R>(self: Feed<A, E | HttpError, R>): Feed<A, E | HttpError, R> =>
  self.pipe(Stamina.retryStream({ on: ["HttpError", HttpError] }))

// --- a hook in a list has the errors as its parameter

export const byHookInList = <A, E extends { readonly retryable: boolean }, R>(self: Of<A, E, R>): Of<A, E, R> =>
  self.pipe(Stamina.retry({ on: [(error) => error.retryable] }))
export const byHookBesideName = <A, E extends { readonly _tag: string }, R>(
  self: Of<A, E | HttpError, R>
): Of<A, E | HttpError, R> =>
  self.pipe(Stamina.retry({ on: ["HttpError", (error, { num }) => error._tag === "Busy" && num < 3] }))

// --- a hook with a type of its own decides nothing about the effect's errors

const exact = program.pipe(Stamina.retry({ on: { HttpError: (error: HttpError) => error.status > 500 } }))
same<typeof exact, typeof program>(true)
const wide = program.pipe(
  Stamina.retry({ on: { HttpError: (error: HttpError | ParseError) => error._tag === "HttpError" } })
)
same<typeof wide, typeof program>(true)
const unknownInList = program.pipe(Stamina.retry({ on: ["ParseError", (error: unknown) => error instanceof Error] }))
same<typeof unknownInList, typeof program>(true)
const superclassInList = program.pipe(Stamina.retry({ on: [Error, ParseError] }))
same<typeof superclassInList, typeof program>(true)
// --- no literals

declare const names: ReadonlyArray<"HttpError" | "ParseError">
const byListOfNames = program.pipe(Stamina.retry({ on: names }))
same<typeof byListOfNames, typeof program>(true)
declare const form: RetryOn.On<HttpError | ParseError>
export const byForm: typeof program = Stamina.retry(program, { on: form })
declare const record: RetryOn.OnTags<HttpError | ParseError>
export const byRecord: typeof program = program.pipe(Stamina.retry({ on: record }))

// --- an error with two tags, and one with any

declare class Either {
  readonly _tag: "A" | "B"
  readonly n: number
}
declare const either: Effect.Effect<number, Either | HttpError>
const byOneOfTwo = either.pipe(Stamina.retry({ on: { A: ({ n }) => n > 1, B: ({ n }) => n > 2, HttpError: true } }))
same<typeof byOneOfTwo, typeof either>(true)
declare const open: Effect.Effect<number, { readonly _tag: string }>
export const byAnyTag: typeof open = open.pipe(Stamina.retry({ on: "whatever" }))
export const byAnyTagInRecord: typeof open = open.pipe(Stamina.retry({ on: { whatever: ({ _tag }) => _tag !== "" } }))

// --- errors that are not known, or cannot be

declare const withAny: Effect.Effect<string, any>
export const anyInList = withAny.pipe(Stamina.retry({ on: ["X", HttpError, (error) => error.status === 503] }))
declare const withUnknown: Effect.Effect<string, unknown>
const unknownInMixture = withUnknown.pipe(
  Stamina.retry({ on: ["X", HttpError, (error: unknown) => error instanceof Error] })
)
same<typeof unknownInMixture, typeof withUnknown>(true)
export const unknownClass: typeof withUnknown = withUnknown.pipe(Stamina.retry({ on: HttpError }))
// @ts-expect-error: a number names nothing
withUnknown.pipe(Stamina.retry({ on: [42] }))
declare const infallible: Effect.Effect<string>
export const hookForNothing: typeof infallible = infallible.pipe(Stamina.retry({ on: [() => true] }))
// @ts-expect-error: it cannot fail
infallible.pipe(Stamina.retry({ on: HttpError }))
