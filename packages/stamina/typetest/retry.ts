import { Duration, Effect } from "effect"
import { RetryOn, type RetryPolicy, Stamina } from "effect-stamina"
import { HttpError, infallible, ParseError, parsing, program, same, Untagged, untagged } from "./errors.ts"

type Program = Effect.Effect<number, HttpError | ParseError>

// --- every form of `on`, in a pipe: the effect's type stays what it was

export const byTag = program.pipe(Stamina.retry({ on: "HttpError" }))
same<typeof byTag, Program>(true)
export const byTags: Program = program.pipe(Stamina.retry({ on: ["HttpError", "ParseError"], attempts: 3 }))
export const byClass: Program = program.pipe(Stamina.retry({ on: HttpError }))
export const byMixture: Program = program.pipe(Stamina.retry({ on: ["HttpError", ParseError] }))
export const byRecord: Program = program.pipe(
  Stamina.retry({ on: { HttpError: (error) => error.status >= 500, ParseError: "1 second" } })
)
export const byHook: Program = program.pipe(
  Stamina.retry({ on: (error) => error._tag === "HttpError" ? Duration.seconds(error.status) : false })
)
export const byUntaggedClass: Effect.Effect<number, Untagged> = untagged.pipe(Stamina.retry({ on: Untagged }))

// --- the effect first

export const first: Program = Stamina.retry(program, { on: { HttpError: (error) => error.status >= 500 } })
export const firstByHook: Program = Stamina.retry(program, { on: (error) => error._tag === "HttpError" })

// --- as an argument of Effect.fn

export const named = Effect.fn("fetchUser")(
  function*(id: number) {
    return id + (yield* program)
  },
  Stamina.retry({ on: "HttpError" })
)
same<ReturnType<typeof named>, Program>(true)

// --- a policy spreads into options

declare const patient: RetryPolicy.RetryPolicy
export const withPolicy: Program = program.pipe(Stamina.retry({ ...patient, on: "HttpError", attempts: 2 }))
export const withLiteral: Program = program.pipe(
  Stamina.retry({ ...{ attempts: 3, timeout: "3 seconds" } as const, on: "HttpError" })
)

// --- made alone: fits what can fail with its tags, keeps each one's own error type, refuses the others

const three = Stamina.retry({ on: "HttpError", attempts: 3 })
export const boundOnce: Program = three(program)
export const boundInPipe: Program = program.pipe(three)
declare const onlyHttp: Effect.Effect<string, HttpError>
export const boundTwice: Effect.Effect<string, HttpError> = three(onlyHttp)
// @ts-expect-error: it cannot fail with HttpError
three(parsing)
// @ts-expect-error: it cannot fail with HttpError
parsing.pipe(three)
// @ts-expect-error: it cannot fail at all
three(infallible)

const both = Stamina.retry({ on: { HttpError: true, ParseError: "2 seconds" } })
export const boundRecord: Program = both(program)
// @ts-expect-error: it cannot fail with HttpError
both(parsing)

const either = Stamina.retry({ on: ["HttpError", "ParseError"] })
export const boundArray: Program = either(program)
// @ts-expect-error: it cannot fail with HttpError
either(parsing)

const byInstance = Stamina.retry({ on: HttpError })
export const boundClass: Program = byInstance(program)

const byAnnotatedHook = Stamina.retry({ on: (error: HttpError | ParseError) => error._tag === "HttpError" })
export const boundHook: Program = program.pipe(byAnnotatedHook)
const byNarrowHook = Stamina.retry({ on: (error: HttpError) => error.status >= 500 })
// @ts-expect-error: the hook does not take a ParseError
byNarrowHook(program)
export const boundConstant: Program = program.pipe(Stamina.retry({ on: () => true }))

declare const tagFromConfig: string
export const boundUnknownTag: Program = Stamina.retry({ on: tagFromConfig })(program)

// --- refusals

// @ts-expect-error: a typo in a tag
program.pipe(Stamina.retry({ on: "HtpError" }))
// @ts-expect-error: a typo in a tag
Stamina.retry(program, { on: "HtpError" })
// @ts-expect-error: a typo in a tag of an array
program.pipe(Stamina.retry({ on: ["HttpError", "ParsError"] }))
// @ts-expect-error: a typo in a tag of a record
program.pipe(Stamina.retry({ on: { HtpError: true } }))
// @ts-expect-error: a class that it cannot fail with
parsing.pipe(Stamina.retry({ on: HttpError }))
// @ts-expect-error: `on` is missing
program.pipe(Stamina.retry({ attempts: 3 }))
// @ts-expect-error: `on` is missing
Stamina.retry({})
// @ts-expect-error: an unknown option
program.pipe(Stamina.retry({ on: "HttpError", attempt: 3 }))
// @ts-expect-error: an unknown option, alone
Stamina.retry({ on: "HttpError", attempt: 3 })
// @ts-expect-error: a hook that answers with a word
program.pipe(Stamina.retry({ on: () => "soon" }))
// @ts-expect-error: a hook that answers with a word, in a record
program.pipe(Stamina.retry({ on: { HttpError: () => "soon" } }))
// @ts-expect-error: a hook that forgets to answer
program.pipe(Stamina.retry({ on: (error) => void error }))
// @ts-expect-error: a predicate on a narrower error
program.pipe(Stamina.retry({ on: (error: HttpError) => error.status >= 500 }))
// @ts-expect-error: a predicate on a narrower error
Stamina.retry(program, { on: (error: HttpError) => error.status >= 500 })
// @ts-expect-error: null does not mean unbounded
program.pipe(Stamina.retry({ on: "HttpError", timeout: null }))

// --- the block

export const context: Program = Stamina.retryContext(
  { on: "HttpError" },
  (attempt) => Effect.map(program, (n) => n + attempt.num)
)
export const contextByRecord: Program = Stamina.retryContext(
  { on: { HttpError: (error) => error.status >= 500 } },
  (attempt) => Effect.map(program, (n) => n + attempt.num)
)
export const contextByHook: Program = Stamina.retryContext(
  { on: (error) => error._tag === "HttpError" && error.status >= 500 },
  () => program
)
// @ts-expect-error: a typo in a tag
Stamina.retryContext({ on: "HtpError" }, () => program)

// --- attemptTimeout adds its error, and only where it is given

export const timed: Effect.Effect<number, HttpError | ParseError | Stamina.AttemptTimedOut> = program.pipe(
  Stamina.retry({ on: "HttpError", attemptTimeout: "1 second" })
)
// @ts-expect-error: the error of the timeout is not handled
export const untimed: Program = program.pipe(Stamina.retry({ on: "HttpError", attemptTimeout: "1 second" }))
const timedAlone = Stamina.retry({ on: "HttpError", attemptTimeout: 1000 })
export const boundTimed: Effect.Effect<number, HttpError | ParseError | Stamina.AttemptTimedOut> = timedAlone(
  program
)
// @ts-expect-error: the error of the timeout is not handled
export const boundUntimed: Program = timedAlone(program)
export const contextTimed: Effect.Effect<number, HttpError | ParseError | Stamina.AttemptTimedOut> = Stamina
  .retryContext({ on: "HttpError", attemptTimeout: "1 second" }, () => program)

// --- deadlines

export const deadline: Effect.Effect<number, HttpError | ParseError | Stamina.DeadlineExceeded> = program.pipe(
  Stamina.retry({ on: "HttpError" }),
  Stamina.withDeadline("2 seconds")
)
export const deadlineFirst: Effect.Effect<number, HttpError | ParseError | Stamina.DeadlineExceeded> = Stamina
  .withDeadline(program, 2000)

// --- a record's answers: a backoff of its own, a hint, a hook that answers with either or with neither

export const byOwnBackoff: Program = program.pipe(
  Stamina.retry({
    on: { HttpError: { waitInitial: "2 seconds", backoff: "full" }, ParseError: { backoff: [1, "1 second"] } }
  })
)
export const byOwnBackoffFirst: Program = Stamina.retry(program, { on: { HttpError: { waitMax: undefined } } })
export const byHint: Program = program.pipe(Stamina.retry({ on: { HttpError: RetryOn.atLeast("2 seconds") } }))
export const byHintingHook: Program = program.pipe(
  Stamina.retry({
    on: { HttpError: (error) => error.status === 429 ? RetryOn.atLeast(error.status, "1 minute") : true }
  })
)
export const byHintingFunction: Program = program.pipe(
  Stamina.retry({ on: (error) => error._tag === "HttpError" && RetryOn.atLeast("2 seconds") })
)
export const boundOwnBackoff: Program = Stamina.retry({ on: { HttpError: { backoff: "equal" } } })(program)

// @ts-expect-error: a shape that there is not
program.pipe(Stamina.retry({ on: { HttpError: { backoff: "exponential" } } }))
// @ts-expect-error: a field of a policy that cannot differ by tag
program.pipe(Stamina.retry({ on: { HttpError: { attempts: 3 } } }))
// @ts-expect-error: a typo in a field
program.pipe(Stamina.retry({ on: { HttpError: { waitInital: 5 } } }))
// @ts-expect-error: a list that holds something else than waits
program.pipe(Stamina.retry({ on: { HttpError: { backoff: [true] } } }))
// @ts-expect-error: a hook cannot answer with a backoff
program.pipe(Stamina.retry({ on: { HttpError: () => ({ backoff: "full" }) } }))
// @ts-expect-error: a typo in a tag beside a backoff
program.pipe(Stamina.retry({ on: { HtpError: { backoff: "full" } } }))

// --- the shape and the overshoot of a policy

export const byShape: Program = program.pipe(Stamina.retry({ on: "HttpError", backoff: "full", overshoot: "refuse" }))
export const byWaits: Program = program.pipe(
  Stamina.retry({ on: "HttpError", backoff: ["1 second", 250, Duration.zero] })
)
// @ts-expect-error: a shape that there is not
program.pipe(Stamina.retry({ on: "HttpError", backoff: "exponential" }))
// @ts-expect-error: there are two words for it
program.pipe(Stamina.retry({ on: "HttpError", overshoot: true }))
