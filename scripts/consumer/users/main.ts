/** What users of such a library get: nothing that has become `any`. */
import { Effect, type Schedule, Stream } from "effect"
import type { Stamina } from "effect-stamina"
import type { RetryProgress } from "effect-stamina/RetrySchedule"
import * as house from "house/main"
import { get, HttpError, same } from "./expect.js"

type Plain = Effect.Effect<string, HttpError>
type Limited = Effect.Effect<string, HttpError | Stamina.AttemptTimedOut>

const retried = get(1).pipe(house.retry())
same<typeof retried, Plain>(true)
const limited = get(1).pipe(house.retry("1 second"))
same<typeof limited, Limited>(true)
// @ts-expect-error: cannot fail with what is retried
Effect.succeed(1).pipe(house.retry())

const first = house.retryFirst(get(1), { on: "HttpError" })
same<typeof first, Plain>(true)
const limitedFirst = house.retryFirst(get(1), { on: { HttpError: true }, attemptTimeout: "1 second" })
same<typeof limitedFirst, Limited>(true)
// @ts-expect-error: cannot fail with that
house.retryFirst(get(1), { on: "HtpError" })
// @ts-expect-error: no duration
house.retryFirst(get(1), { on: "HttpError", attemptTimeout: true })

const fn = house.retried({ on: "HttpError" })(get)
same<typeof fn, typeof get>(true)
const limitedFn = house.retried({ on: "HttpError", attemptTimeout: "1 second" })(get)
same<Parameters<typeof limitedFn>, [id: number]>(true)
same<ReturnType<typeof limitedFn>, Limited>(true)
// @ts-expect-error: not a number
limitedFn("1")
// @ts-expect-error: returns no effect
house.retried({ on: "HttpError" })((id: number) => id)
// @ts-expect-error: cannot fail with what is retried
house.retried({ on: "HtpError" })(get)

const fnFirst = house.retriedFirst(get)
same<typeof fnFirst, typeof get>(true)
const limitedFnFirst = house.retriedFirst(get, "1 second")
same<Parameters<typeof limitedFnFirst>, [id: number]>(true)
same<ReturnType<typeof limitedFnFirst>, Limited>(true)
// @ts-expect-error: not a number
limitedFnFirst("1")

const context = house.retryContext(({ num }) => get(num))
same<typeof context, Plain>(true)
const limitedContext = house.retryContext(({ num }) => get(num), "1 second")
same<typeof limitedContext, Limited>(true)
house.retryContext((attempt) => {
  same<typeof attempt, Stamina.Attempt>(true)
  // @ts-expect-error: has no such field
  return get(attempt.number)
})

const numbers = Stream.fromEffect(get(1))
const stream = numbers.pipe(house.retryStream(3))
same<typeof stream, Stream.Stream<string, HttpError>>(true)
// @ts-expect-error: cannot fail with what is retried
Stream.make(1).pipe(house.retryStream(3))
const streamFirst = house.retryStreamFirst(numbers, { on: "HttpError" })
same<typeof streamFirst, Stream.Stream<string, HttpError>>(true)
// @ts-expect-error: cannot fail with that
house.retryStreamFirst(numbers, { on: "HtpError" })

const schedule = house.schedule((error: HttpError) => error.status > 500)
same<typeof schedule, Schedule.Schedule<RetryProgress, HttpError>>(true)
// @ts-expect-error: is not about this error
Effect.fail(1).pipe(Effect.retry(schedule))
