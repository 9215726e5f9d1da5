/**
 * (e) Many calls, one in ten of which fails, on a clock that jumps to the end of each wait.
 */
import { Stamina, staminaSchedule } from "effect-stamina"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type { Result } from "./kit/result.ts"
import { sample, sampleColumns, sampleRatio, sampleRows } from "./kit/sampling.ts"
import { composed, composedObserved, type HttpError, httpError, loop, silent } from "./subjects.ts"

/** Time passes in sleep, and only there: nobody waits, and no queue of sleepers is measured along. */
const jumping = (): Clock.Clock => {
  let now = 0
  const millis = () => Math.floor(now)
  const nanos = () => BigInt(Math.round(now * 1e6))
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => Effect.sync(() => void (now += Duration.toMillis(duration)))
  }
}

/** Each tenth call fails, whoever makes it. */
const unreliable = (): Effect.Effect<number, HttpError> => {
  let calls = 0
  return Effect.suspend(() => ++calls % 10 === 0 ? Effect.fail(httpError) : Effect.succeed(calls))
}

const options = { on: "HttpError", name: "bench" } as const
const hooksOff = Layer.mergeAll(silent, Stamina.layerHooks([]))

const run = (calls: number, effect: Effect.Effect<number, HttpError>, layer: Layer.Layer<never>) => {
  const program = loop(calls, () => effect).pipe(Effect.provide(layer), Effect.provideService(Clock.Clock, jumping()))
  return () => Effect.runSync(program)
}
const retried = (schedule: Schedule.Schedule<unknown, HttpError>) => Effect.retry(unreliable(), schedule)

const many = 100_000
const few = 10_000

const samples = sample({
  composed: run(many, retried(composed()), silent),
  scheduleOff: run(many, retried(staminaSchedule(options)), hooksOff),
  retryOff: run(many, Stamina.retry(unreliable(), options), hooksOff),
  composedObserved: run(many, retried(composedObserved()), silent),
  schedule: run(many, retried(staminaSchedule(options)), silent),
  retry: run(many, Stamina.retry(unreliable(), options), silent),
  retryFew: run(few, Stamina.retry(unreliable(), options), silent)
}, {
  calls: {
    composed: many,
    scheduleOff: many,
    retryOff: many,
    composedObserved: many,
    schedule: many,
    retry: many,
    retryFew: few
  },
  rounds: 20,
  runs: 1
})

const result: Result = {
  title: "100,000 calls, one in ten fails, on a virtual clock",
  about: "Nanoseconds per call, retries included. The logger writes nothing.",
  columns: sampleColumns,
  rows: sampleRows(samples, {
    composed: "`Effect.retry`, the same policy by hand",
    scheduleOff: "`Effect.retry(staminaSchedule)`, hooks off",
    retryOff: "`Stamina.retry`, hooks off",
    composedObserved: "by hand, with a counter and a log line",
    schedule: "`Effect.retry(staminaSchedule)`, default hooks",
    retry: "`Stamina.retry`, default hooks",
    retryFew: "`Stamina.retry`, default hooks, 10,000 calls"
  }),
  ratios: [
    sampleRatio(samples, "`Stamina.retry`, hooks off / by hand", (round) => round.retryOff / round.composed),
    sampleRatio(
      samples,
      "`Stamina.retry`, default hooks / by hand, with a counter and a log line",
      (round) => round.retry / round.composedObserved
    ),
    sampleRatio(
      samples,
      "a call of 100,000 / a call of 10,000, `Stamina.retry`, default hooks",
      (round) => round.retry / round.retryFew,
      1.1
    )
  ]
}

console.log(JSON.stringify([result]))
