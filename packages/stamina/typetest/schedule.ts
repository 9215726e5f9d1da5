import { Effect, type Schedule, Stream } from "effect"
import { RetryBudget, Stamina, staminaSchedule } from "effect-stamina"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { HttpError, type ParseError, program, same } from "./errors.ts"

type Program = Effect.Effect<number, HttpError | ParseError>

// --- accepted as it is, checked through `$`

export const asItIs: Program = program.pipe(Effect.retry(staminaSchedule({ on: "HttpError" })))
export const checked: Program = program.pipe(Effect.retry(($) => $(staminaSchedule({ on: "HttpError" }))))
export const hooked: Program = program.pipe(
  Effect.retry(($) => $(staminaSchedule({ on: (error) => error._tag === "HttpError" && error.status >= 500 })))
)
export const byClass: Program = program.pipe(Effect.retry(staminaSchedule({ on: HttpError })))
// @ts-expect-error: a typo in a tag
program.pipe(Effect.retry(($) => $(staminaSchedule({ on: "HtpError" }))))
// @ts-expect-error: a predicate on a narrower error
program.pipe(Effect.retry(staminaSchedule({ on: (error: HttpError) => error.status >= 500 })))
// @ts-expect-error: `on` is missing
staminaSchedule({ attempts: 3 })
// @ts-expect-error: an unknown option
staminaSchedule({ on: "HttpError", attempt: 3 })
// @ts-expect-error: a schedule never sees calls that succeed, and has no budget
staminaSchedule({ on: "HttpError", budget: RetryBudget.makeUnsafe() })
// @ts-expect-error: a hook that answers with a word
staminaSchedule({ on: () => "soon" })

// --- input, output, and what it cannot do: fail or need something

const schedule = staminaSchedule({ on: "HttpError" })
same<typeof schedule, Schedule.Schedule<RetrySchedule.RetryProgress, unknown>>(true)
same<typeof Stamina.schedule, typeof staminaSchedule>(true)
const narrow = staminaSchedule({ on: (error: HttpError) => error.status >= 500 })
same<typeof narrow, Schedule.Schedule<RetrySchedule.RetryProgress, HttpError>>(true)

export const recovered: Effect.Effect<string | number, never> = program.pipe(
  Effect.retryOrElse(schedule, (error, progress) => Effect.succeed(`${error._tag} after ${progress.retryNum}`))
)

// --- in the other places that take a schedule

export const withTimes: Program = program.pipe(Effect.retry({ schedule, times: 2 }))
export const stream: Stream.Stream<number, HttpError | ParseError> = Stream.fromEffect(program).pipe(
  Stream.retry(schedule)
)

// --- the blocks

export const blocks: Schedule.Schedule<unknown, HttpError> = RetrySchedule.backoff({ waitMax: "1 second" }).pipe(
  RetrySchedule.retryOn((error: HttpError) => error.status >= 500),
  RetrySchedule.limit({ attempts: 3, timeout: "10 seconds" })
)
// @ts-expect-error: a limit is no option of the backoff
RetrySchedule.backoff({ attempts: 3 })
// @ts-expect-error: a wait is no option of the limits
RetrySchedule.limit({ waitMax: "1 second" })
