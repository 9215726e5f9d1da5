/**
 * `on` anywhere: at any place of a pipe, in `Effect.fn`, in generic helpers, for errors of every kind. What it accepts,
 * and what it refuses.
 */
import { Data, type Duration, Effect, pipe, Stream } from "effect"
import { RetryOn, Stamina, staminaSchedule } from "effect-stamina"
import { HttpError, ParseError, parsing, program, same } from "./errors.ts"

type Program = Effect.Effect<number, HttpError | ParseError>
type Text = Effect.Effect<string, HttpError | ParseError>
const text = Effect.map((n: number) => String(n))

// --- later in a pipe

const hookLater = program.pipe(text, Stamina.retry({ on: (error) => error._tag === "HttpError" }))
same<typeof hookLater, Text>(true)
const recordLater = program.pipe(text, Stamina.retry({ on: { HttpError: (error) => error.status > 500 } }))
same<typeof recordLater, Text>(true)
const listLater = program.pipe(
  text,
  Stamina.retry({ on: ["ParseError", HttpError, (error, { num }) => error._tag === "HttpError" && num < 3] })
)
same<typeof listLater, Text>(true)
const tagLater = program.pipe(text, Stamina.retry({ on: "HttpError" }))
same<typeof tagLater, Text>(true)
const between = program.pipe(
  Effect.withSpan("span"),
  Stamina.retry({ on: { HttpError: (error) => error.status > 500 } }),
  text
)
same<typeof between, Text>(true)
export const withTimeout = program.pipe(
  Effect.timeout("1 second"),
  Stamina.retry({ on: { HttpError: (error) => error.status > 500, TimeoutError: true } })
)
const inPipe = pipe(program, text, Stamina.retry({ on: (error) => error._tag === "HttpError" }))
same<typeof inPipe, Text>(true)
const streamed = Stream.fromEffect(program).pipe(
  Stream.map(String),
  Stamina.retryStream({ on: { HttpError: (error) => error.status > 500 } })
)
same<typeof streamed, Stream.Stream<string, HttpError | ParseError>>(true)
const streamedByHook = Stream.fromEffect(program).pipe(
  Stream.map(String),
  Stamina.retryStream({ on: (error) => error._tag === "HttpError" })
)
same<typeof streamedByHook, Stream.Stream<string, HttpError | ParseError>>(true)

// @ts-expect-error: a typo in a tag
program.pipe(text, Stamina.retry({ on: "HtpError" }))
// @ts-expect-error: a typo in a tag beside a right one
program.pipe(text, Stamina.retry({ on: { HttpError: true, ParsError: true } }))
// @ts-expect-error: a typo in a list
program.pipe(text, Stamina.retry({ on: ["HttpError", "ParsError"] }))
// @ts-expect-error: a typo in a stream's record
Stream.fromEffect(program).pipe(Stream.map(String), Stamina.retryStream({ on: { HttpError: true, ParsError: true } }))

// --- in Effect.fn

const inFn = Effect.fn("f")(
  function*() {
    return yield* program
  },
  Stamina.retry({ on: { HttpError: (error) => error.status > 500 } })
)
same<ReturnType<typeof inFn>, Program>(true)
const hookInFn = Effect.fn("f")(
  function*() {
    return yield* program
  },
  Stamina.retry({ on: (error) => error._tag === "HttpError" })
)
same<ReturnType<typeof hookInFn>, Program>(true)
export const typoInFn = Effect.fn("f")(
  function*() {
    return yield* program
  },
  // @ts-expect-error: a typo in a tag beside a right one
  Stamina.retry({ on: { HttpError: true, ParsError: true } })
)

// --- no excess key, at any place

// @ts-expect-error: a typo in a tag beside a right one
program.pipe(Stamina.retry({ on: { HttpError: true, ParsError: true } }))
// @ts-expect-error: a typo in a tag beside a right one
Stamina.retry(program, { on: { HttpError: true, ParsError: "2 seconds" } })
// @ts-expect-error: a typo in a tag beside a right one
Stamina.retryContext({ on: { HttpError: true, ParsError: true } }, () => program)
// @ts-expect-error: a typo in a tag beside a right one
program.pipe(Effect.retry(($) => $(staminaSchedule({ on: { HttpError: true, ParsError: true } }))))
// @ts-expect-error: a typo in a tag beside a right one
Stamina.retried({ on: { HttpError: true, ParsError: true } })(() => program)
// @ts-expect-error: a typo in a tag beside a right one
Stamina.retried(() => program, { on: { HttpError: true, ParsError: true } })
// @ts-expect-error: a typo in a field of a tag's own backoff
program.pipe(Stamina.retry({ on: { HttpError: { waitInitial: "1 second", waitMaks: 1 } } }))
// @ts-expect-error: a typo in a field of a tag's own backoff
Stamina.retry(program, { on: { HttpError: { waitInitial: "1 second", waitMaks: 1 } } })
// @ts-expect-error: a typo in a tag beside a right one
RetryOn.make<HttpError | ParseError>({ HttpError: true, ParsError: true })

// --- generic helpers lose nothing

type Of<A, E, R> = Effect.Effect<A, E, R>
export const byHook = <A, E extends { readonly _tag: string }, R>(self: Of<A, E, R>): Of<A, E, R> =>
  self.pipe(Stamina.retry({ on: (error) => error._tag === "HttpError" }))
export const byHookFirst = <A, E extends { readonly _tag: string }, R>(self: Of<A, E, R>): Of<A, E, R> =>
  Stamina.retry(self, { on: (error) => error._tag === "HttpError" })
export const byField = <A, E extends { readonly retryable: boolean }, R>(self: Of<A, E, R>): Of<A, E, R> =>
  self.pipe(Stamina.retry({ on: (error) => error.retryable }))
export const byTag = <A, E, R>(self: Of<A, E | HttpError, R>): Of<A, E | HttpError, R> =>
  self.pipe(Stamina.retry({ on: "HttpError" }))
export const byTagFirst = <A, E, R>(self: Of<A, E | HttpError, R>): Of<A, E | HttpError, R> =>
  Stamina.retry(self, { on: "HttpError" })
export const byClass = <A, E, R>(self: Of<A, E | HttpError, R>): Of<A, E | HttpError, R> =>
  self.pipe(Stamina.retry({ on: HttpError }))
export const always = <A, E, R>(self: Of<A, E, R>): Of<A, E, R> => self.pipe(Stamina.retry({ on: () => true }))
export const byUnknown = <A, E, R>(self: Of<A, E, R>): Of<A, E, R> =>
  self.pipe(Stamina.retry({ on: (error: unknown) => error instanceof Error }))
export const wrapped = <A, E, R, const O extends RetryOn.On<E>>(
  self: Of<A, E, R>,
  options: Stamina.RetryOptions<O>
): Of<A, E, R> => Stamina.retry(self, { attempts: 3, ...options })
const house = wrapped(program, { on: { HttpError: (error) => error.status > 500 } })
same<typeof house, Program>(true)

// --- built from options only, also by a library that is generic in them

const generic = <const O extends RetryOn.AnyOn>(options: Stamina.RetryOptions<O>) =>
  Stamina.make({ attempts: 3, ...options })
const byGeneric = program.pipe(generic({ on: "HttpError" }))
same<typeof byGeneric, Program>(true)
// @ts-expect-error: it cannot fail with HttpError
parsing.pipe(generic({ on: "HttpError" }))
// @ts-expect-error: it cannot fail with HttpError
Stamina.make({ on: { HttpError: true } })(parsing)

const record = Stamina.retry({ on: { HttpError: true, ParseError: "2 seconds" } })
const byRecord = record(program)
same<typeof byRecord, Program>(true)
const annotated = Stamina.retry({ on: (error: HttpError | ParseError) => error._tag === "HttpError" })
const byAnnotated = program.pipe(annotated)
same<typeof byAnnotated, Program>(true)
const constant = Stamina.retry({ on: () => true })
const byConstant = constant(program)
same<typeof byConstant, Program>(true)
const list = Stamina.retry({ on: ["HttpError", "ParseError"] })
export const byList: Program = list(program)
// @ts-expect-error: it cannot fail with HttpError
list(parsing)
// @ts-expect-error: a typo in a field of a tag's own backoff
Stamina.retry({ on: { HttpError: { waitMax: 1, waitMaks: 1 } } })(program)
// @ts-expect-error: no form of `on`
Stamina.retry({ on: 42 })
// @ts-expect-error: an answer must not be a promise
Stamina.retry({ on: async () => true })

// --- errors without tags

declare const withError: Effect.Effect<string, Error>
declare const withString: Effect.Effect<string, string>
declare const withUnknown: Effect.Effect<string, unknown>
declare const withAny: Effect.Effect<string, any>
declare const withNever: Effect.Effect<string>

export const unknownHook = withUnknown.pipe(Stamina.retry({ on: (error) => error instanceof Error }))
export const unknownHookFirst = Stamina.retry(withUnknown, { on: (error) => error instanceof Error })
export const anyHook = withAny.pipe(Stamina.retry({ on: (error) => error.status === 503 }))
export const anyHookFirst = Stamina.retry(withAny, { on: (error) => error.status === 503 })
export const errorHook = withError.pipe(Stamina.retry({ on: (error) => error.message === "x" }))
export const stringHook = withString.pipe(Stamina.retry({ on: (error) => error === "x" }))
export const errorClass = withError.pipe(Stamina.retry({ on: Error }))
export const superclass: Program = program.pipe(Stamina.retry({ on: Error }))
export const unknownTag = withUnknown.pipe(Stamina.retry({ on: "HttpError" }))
export const unknownRecord = withUnknown.pipe(Stamina.retry({ on: { HttpError: true } }))

// @ts-expect-error: no form of `on`
withError.pipe(Stamina.retry({ on: 42 }))
// @ts-expect-error: no form of `on`
Stamina.retry(withError, { on: 42 })
// @ts-expect-error: it has no tag
withError.pipe(Stamina.retry({ on: "Nope" }))
// @ts-expect-error: it has no tag
Stamina.retry(withError, { on: "Nope" })
// @ts-expect-error: the hook takes something else
withError.pipe(Stamina.retry({ on: (error: string) => error === "x" }))
// @ts-expect-error: an answer must not be a promise
withError.pipe(Stamina.retry({ on: async () => true }))
// @ts-expect-error: an answer must not be a promise
Stamina.retry(withError, { on: async () => true })
// @ts-expect-error: an answer must not be an effect
withError.pipe(Stamina.retry({ on: () => Effect.succeed(true) }))
// @ts-expect-error: an answer must not be missing
withError.pipe(Stamina.retry({ on: (error) => error.message === "x" ? true : undefined }))
// @ts-expect-error: no form of `on`
withString.pipe(Stamina.retry({ on: 42 }))
// @ts-expect-error: it has no tag
withString.pipe(Stamina.retry({ on: "Nope" }))
// @ts-expect-error: an answer must not be a promise
withString.pipe(Stamina.retry({ on: async () => true }))
// @ts-expect-error: no form of `on`
withUnknown.pipe(Stamina.retry({ on: 42 }))
// @ts-expect-error: an answer must not be a promise
withUnknown.pipe(Stamina.retry({ on: async () => true }))
// @ts-expect-error: an answer must not be an effect
withUnknown.pipe(Stamina.retry({ on: () => Effect.succeed(true) }))
// @ts-expect-error: no form of `on`
withAny.pipe(Stamina.retry({ on: 42 }))
// @ts-expect-error: an answer must not be a promise
withAny.pipe(Stamina.retry({ on: async () => true }))
// @ts-expect-error: no form of `on`
withNever.pipe(Stamina.retry({ on: 42 }))
// @ts-expect-error: it cannot fail
withNever.pipe(Stamina.retry({ on: "Nope" }))
// @ts-expect-error: it cannot fail
withNever.pipe(Stamina.retry({ on: { Nope: true } }))
// @ts-expect-error: an answer must not be a promise
withNever.pipe(Stamina.retry({ on: async () => true }))

// --- attemptTimeout adds its error only where it is given

const untimed = Stamina.retry(program, { on: "HttpError", attemptTimeout: undefined })
same<typeof untimed, Program>(true)
declare const spread: Stamina.RetryOptions<"HttpError">
const bySpread = Stamina.retry(program, spread)
same<typeof bySpread, Program>(true)
declare const maybe: Duration.Input | undefined
export const maybeTimed: Effect.Effect<number, HttpError | ParseError | Stamina.AttemptTimedOut> = Stamina
  .retry(
    program,
    { on: "HttpError", attemptTimeout: maybe }
  )
export const refused = program.pipe(
  Stamina.retry({ on: { HttpError: true, AttemptTimedOut: false }, attemptTimeout: "1 second" })
)
export const judged = Stamina.retry(program, {
  on: { HttpError: true, AttemptTimedOut: ({ attempt }) => attempt < 3 },
  attemptTimeout: "1 second"
})

// --- reasons

class DeadlockError extends Data.TaggedClass("DeadlockError")<{ readonly cause: unknown }> {}
class SqlSyntaxError extends Data.TaggedClass("SqlSyntaxError")<{ readonly cause: unknown }> {}
class SqlError extends Data.TaggedError("SqlError")<{ readonly reason: DeadlockError | SqlSyntaxError }> {}
declare const sql: Effect.Effect<string, SqlError | HttpError>
type Sql = Effect.Effect<string, SqlError | HttpError>

export const reason: Sql = sql.pipe(Stamina.retry({ on: "SqlError.DeadlockError" }))
export const reasonLater: Sql = sql.pipe(
  Effect.asSome,
  Effect.map(() => ""),
  Stamina.retry({ on: "SqlError.DeadlockError" })
)
export const reasonInList: Sql = sql.pipe(Stamina.retry({ on: ["SqlError.DeadlockError", "HttpError"] }))
export const reasonInRecord: Sql = sql.pipe(
  Stamina.retry({ on: { "SqlError.DeadlockError": ({ reason }) => reason._tag === "DeadlockError", HttpError: true } })
)
export const reasonFirst: Sql = Stamina.retry(sql, { on: "SqlError.DeadlockError" })
export const reasonAlone: Sql = Stamina.retry({ on: "SqlError.DeadlockError" })(sql)
// @ts-expect-error: it has no such reason
sql.pipe(Stamina.retry({ on: "SqlError.DedlockError" }))
// @ts-expect-error: it has no such reason
Stamina.retry(sql, { on: { "SqlError.DedlockError": true } })
// @ts-expect-error: it has no such reason
Stamina.retry({ on: "SqlError.DedlockError" })(sql)

// --- wrapped functions and blocks, with the errors known

const fetched = Stamina.retried((id: number) => Effect.as(program, id), {
  on: { HttpError: (error) => error.status > 500 }
})
same<typeof fetched, (id: number) => Program>(true)
export const block: Program = Stamina.retryContext((attempt) => Effect.map(program, (n) => n + attempt.num), {
  on: { HttpError: (error) => error.status > 500 }
})
export const previous: Program = Stamina.retryContext(
  { on: "HttpError" },
  ({ previous }: Stamina.Attempt<HttpError | ParseError>) =>
    previous._tag === "Some" && previous.value._tag === "ParseError" ? Effect.succeed(previous.value.at) : program
)
const ofParseError = (attempt: Stamina.Attempt<ParseError>) => Effect.map(program, (n) => n + attempt.num)
// @ts-expect-error: the errors before can be others
Stamina.retryContext({ on: "ParseError" }, ofParseError)

// --- one list for effects that fail with only some of it

const transient = RetryOn.among("HttpError", "Network", { RateLimited: "1 second" }, ParseError)
export const shared: Effect.Effect<string, ParseError> = parsing.pipe(Stamina.retry({ on: transient }))
export const sharedInList: Program = program.pipe(Stamina.retry({ on: [transient, "HttpError"] }))
const made = RetryOn.make<HttpError | ParseError>({ HttpError: true })
export const madeInList: Program = Stamina.retry(program, { on: [made, "ParseError"] })
export const nested: Program = program.pipe(
  Stamina.retry({ on: RetryOn.among("HttpError", RetryOn.make({ AttemptTimedOut: false })) })
)
