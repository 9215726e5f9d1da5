/**
 * What is measured: the same policy, as this library has it and as people compose it from Effect's own parts.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

/** The error of the whole bench: a plain object, since a stack trace would outweigh everything else. */
export interface HttpError {
  readonly _tag: "HttpError"
  readonly status: number
}

export const httpError: HttpError = { _tag: "HttpError", status: 503 }

let made = 0

/** A call that succeeds at once. */
export const succeeding: Effect.Effect<number, HttpError> = Effect.sync(() => ++made)

/** A call that fails nine times and succeeds the tenth, over and over. */
export const flaky = (): Effect.Effect<number, HttpError> => {
  let calls = 0
  return Effect.suspend(() => ++calls % 10 === 0 ? Effect.succeed(calls) : Effect.fail(httpError))
}

/** Makes what `body` gives many times over, in one fiber. */
export const loop = <E>(calls: number, body: () => Effect.Effect<unknown, E>): Effect.Effect<void, E> =>
  Effect.suspend(() => {
    let i = 0
    return Effect.whileLoop({ while: () => i++ < calls, body, step: () => {} })
  })

interface Waits {
  readonly initial: number
  readonly jitter: number
}

/** Stamina's policy, composed by hand: the cap after the jitter, ten calls in all, 45 s, and only what is named. */
export const composed = ({ initial, jitter }: Waits = { initial: 100, jitter: 1000 }) =>
  Schedule.exponential(initial).pipe(
    Schedule.modifyDelay(({ duration }) => {
      const wait = Duration.toMillis(duration)
      return jitter === 0
        ? Effect.succeed(Math.min(5000, wait))
        : Effect.map(Random.next, (u) => Math.min(5000, wait + u * jitter))
    }),
    Schedule.upTo({ times: 9, duration: "45 seconds" }),
    Schedule.setInputType<HttpError>(),
    Schedule.while(({ input }) => input._tag === "HttpError")
  )

const newCounter = () => Metric.counter("composed_retries_total", { incremental: true })
const retries = newCounter()

const series = (attempt: number, error: HttpError, counter = retries) =>
  Metric.withAttributes(counter, { callable: "bench", retry_num: String(attempt), error_type: error._tag })

/** The series of each retry, each with a counter of its own, for who goes to the trouble of keeping them. */
export const keptSeries = () => {
  const kept = new Map<number, ReturnType<typeof series>>()
  return (attempt: number, error: HttpError) => {
    let one = kept.get(attempt)
    if (one === undefined) kept.set(attempt, one = series(attempt, error, newCounter()))
    return one
  }
}

/** The same, with a counter and a log line for every retry, each with the same labels as this library's. */
export const composedObserved = (waits?: Waits, seriesOf: ReturnType<typeof keptSeries> = series) =>
  composed(waits).pipe(
    Schedule.tap(({ attempt, duration, input }) =>
      Effect.andThen(
        Metric.update(seriesOf(attempt, input), 1),
        Effect.annotateLogs(Effect.logWarning("stamina.retry_scheduled"), {
          callable: "bench",
          retry_num: attempt,
          wait_for: Duration.toSeconds(duration),
          caused_by: input._tag
        })
      )
    )
  )

/** A logger that takes all lines and writes none: what a line costs to print is not the library's. */
export const silent: Layer.Layer<never> = Logger.layer([Logger.make(() => {})])
