import { Duration, Stream } from "effect"
import { type RetryPolicy, Stamina } from "effect-stamina"
import { HttpError, infallible, ParseError, parsing, program, same, Untagged, untagged } from "./errors.ts"

type Feed = Stream.Stream<number, HttpError | ParseError>

const feed = Stream.fromEffect(program)

// --- every form of `on`, in a pipe: the stream's type stays what it was

export const byTag = feed.pipe(Stamina.retryStream({ on: "HttpError" }))
same<typeof byTag, Feed>(true)
export const byTags: Feed = feed.pipe(Stamina.retryStream({ on: ["HttpError", "ParseError"], attempts: 3 }))
export const byClass: Feed = feed.pipe(Stamina.retryStream({ on: HttpError }))
export const byRecord: Feed = feed.pipe(
  Stamina.retryStream({ on: { HttpError: (error) => error.status >= 500, ParseError: "1 second" } })
)
export const byHook: Feed = feed.pipe(
  Stamina.retryStream({ on: (error) => error._tag === "HttpError" ? Duration.seconds(error.status) : false })
)
export const byUntaggedClass: Stream.Stream<number, Untagged> = Stream.fromEffect(untagged).pipe(
  Stamina.retryStream({ on: Untagged })
)

// --- what it needs stays needed

declare const needing: Stream.Stream<string, HttpError, Feed>
const retriedNeeding = needing.pipe(Stamina.retryStream({ on: "HttpError" }))
same<typeof retriedNeeding, Stream.Stream<string, HttpError, Feed>>(true)

// --- the stream first

export const first = Stamina.retryStream(feed, { on: { HttpError: (error) => error.status >= 500 } })
same<typeof first, Feed>(true)
export const firstByHook: Feed = Stamina.retryStream(feed, { on: (error) => error._tag === "HttpError" })

// --- its own two options, and a policy that spreads into them

declare const patient: RetryPolicy.RetryPolicy
export const lasting: Feed = feed.pipe(
  Stamina.retryStream({ ...patient, on: "HttpError", resetAfter: "1 minute", attemptsInAll: Infinity })
)

// --- made alone: fits what can fail with its tags, keeps each one's own error type, refuses the others

const three = Stamina.retryStream({ on: "HttpError", attempts: 3 })
same<typeof three, Stamina.StreamCombinator<"HttpError">>(true)
export const boundOnce: Feed = three(feed)
export const boundInPipe: Feed = feed.pipe(three)
declare const onlyHttp: Stream.Stream<string, HttpError>
export const boundTwice: Stream.Stream<string, HttpError> = three(onlyHttp)
// @ts-expect-error: it cannot fail with HttpError
three(Stream.fromEffect(parsing))
// @ts-expect-error: it cannot fail with HttpError
Stream.fromEffect(parsing).pipe(three)
// @ts-expect-error: it cannot fail at all
three(Stream.fromEffect(infallible))
// @ts-expect-error: an effect is no stream
three(program)

const either = Stamina.retryStream({ on: ["HttpError", "ParseError"] })
export const boundArray: Feed = either(feed)
// @ts-expect-error: it cannot fail with HttpError
either(Stream.fromEffect(parsing))

const byNarrowHook = Stamina.retryStream({ on: (error: HttpError) => error.status >= 500 })
export const boundHook: Stream.Stream<string, HttpError> = byNarrowHook(onlyHttp)
// @ts-expect-error: the hook does not take a ParseError
byNarrowHook(feed)
export const boundConstant: Feed = feed.pipe(Stamina.retryStream({ on: () => true }))

// --- refusals

// @ts-expect-error: a typo in a tag
feed.pipe(Stamina.retryStream({ on: "HtpError" }))
// @ts-expect-error: a typo in a tag
Stamina.retryStream(feed, { on: "HtpError" })
// @ts-expect-error: a typo in a tag of a record
feed.pipe(Stamina.retryStream({ on: { HtpError: true } }))
// @ts-expect-error: `on` is missing
feed.pipe(Stamina.retryStream({ attempts: 3 }))
// @ts-expect-error: an unknown option
feed.pipe(Stamina.retryStream({ on: "HttpError", restarts: 3 }))
// @ts-expect-error: an option of effects
feed.pipe(Stamina.retryStream({ on: "HttpError", attemptTimeout: "1 second" }))
// @ts-expect-error: a hook that answers with a word
feed.pipe(Stamina.retryStream({ on: () => "soon" }))
// @ts-expect-error: an effect is no stream
program.pipe(Stamina.retryStream({ on: "HttpError" }))
// @ts-expect-error: a stream is no effect
feed.pipe(Stamina.retry({ on: "HttpError" }))
