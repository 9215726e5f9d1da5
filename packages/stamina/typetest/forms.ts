/**
 * Forms of `on` that once did not compile, or compiled and never matched.
 */
import { type Cause, Effect, Stream } from "effect"
import { RetryOn, type RetryPolicy, Stamina, staminaSchedule } from "effect-stamina"
import { HttpError, program, same } from "./errors.ts"

type Program = Effect.Effect<number, HttpError | ParseError>
type ParseError = Exclude<Effect.Error<typeof program>, HttpError>

// --- a function without parameters answers with a duration, in every form

export const hour: ReadonlyArray<Program> = [
  program.pipe(Stamina.retry({ on: () => "1 hour" })),
  program.pipe(Stamina.retry({ on: { HttpError: () => "1 hour" } })),
  program.pipe(Stamina.retry({ on: ["ParseError", () => "1 hour"] })),
  Stamina.retry(program, { on: () => "1 hour" }),
  Stamina.retry(program, { on: { HttpError: () => "1 hour" } }),
  Stamina.retry({ on: () => "1 hour" })(program),
  Stamina.retry({ on: { HttpError: () => "1 hour" } })(program),
  Stamina.retryContext(() => program, { on: () => "1 hour" }),
  Stamina.retryContext({ on: () => "1 hour" }, () => program),
  Stamina.retried(() => program, { on: () => "1 hour" })(),
  Stamina.retried({ on: () => "1 hour" })(() => program)()
]
export const hourOfSchedule = [staminaSchedule({ on: () => "1 hour" }), staminaSchedule({ on: { A: () => "1 hour" } })]
export const hourOfStream = Stream.fromEffect(program).pipe(Stamina.retryStream({ on: { HttpError: () => "1 hour" } }))
export const hourMade = RetryOn.make(() => "1 hour")
// @ts-expect-error: no duration
program.pipe(Stamina.retry({ on: () => "1 our" }))
// @ts-expect-error: no duration
program.pipe(Stamina.retry({ on: { HttpError: () => "1 our" } }))

// --- errors of type `unknown`, the effect first: names are not checked, as in a pipe

declare const withUnknown: Effect.Effect<string, unknown>
type Unknown = Effect.Effect<string, unknown>
export const ofUnknown: ReadonlyArray<Unknown> = [
  Stamina.retry(withUnknown, { on: "A" }),
  Stamina.retry(withUnknown, { on: ["A", TypeError] }),
  Stamina.retry(withUnknown, { on: TypeError }),
  Stamina.retry(withUnknown, { on: { A: true, B: (error) => error instanceof Error } }),
  Stamina.retried(() => withUnknown, { on: "A" })(),
  Stamina.retryContext(() => withUnknown, { on: "A" })
]
export const streamOfUnknown = Stamina.retryStream(Stream.fromEffect(withUnknown), { on: "A" })

// --- a record in a list

export const recordInList: ReadonlyArray<Program> = [
  program.pipe(Stamina.retry({ on: ["ParseError", { HttpError: (error) => error.status >= 500 }] })),
  Stamina.retry(program, { on: ["ParseError", { HttpError: (error) => error.status >= 500 }] }),
  Stamina.retry({ on: ["ParseError", { HttpError: "1 second" }] })(program)
]
// @ts-expect-error: a typo in a tag
program.pipe(Stamina.retry({ on: ["ParseError", { HtpError: true }] }))
// @ts-expect-error: a typo in a tag
Stamina.retry(program, { on: ["ParseError", { HtpError: true }] })
// @ts-expect-error: it cannot fail with it
Stamina.retry({ on: [{ HtpError: true }] })(program)

// --- an `UnknownError` stands for its cause, which may be an instance of any class

declare const promised: Effect.Effect<string, Cause.UnknownError>
class Refused extends Error {
  readonly code = "ECONNREFUSED"
}
const asOne = Stamina.retry({ on: Refused })
export const ofCause: ReadonlyArray<typeof promised> = [
  promised.pipe(Stamina.retry({ on: TypeError })),
  promised.pipe(Stamina.retry({ on: Refused })),
  promised.pipe(Stamina.retry({ on: [Refused, "UnknownError"] })),
  promised.pipe(Effect.retry(($) => $(staminaSchedule({ on: Refused })))),
  Stamina.retry(promised, { on: TypeError }),
  Stamina.retry(promised, { on: [Refused] }),
  Stamina.retryContext(() => promised, { on: Refused }),
  Stamina.retried(() => promised, { on: Refused })(),
  asOne(promised)
]
// @ts-expect-error: a class with a field that no error has
program.pipe(Stamina.retry({ on: Refused }))
// @ts-expect-error: a class with a field that no error has
Stamina.retry(program, { on: Refused })

// --- what is written out for editors is what is documented

same<NonNullable<RetryPolicy.Input["backoff"]>, RetryPolicy.BackoffShape<NonNullable<RetryPolicy.Input["waitMax"]>>>(
  true
)
same<keyof RetryPolicy.Input, keyof RetryPolicy.RetryPolicy>(true)
