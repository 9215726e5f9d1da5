/**
 * (b) Nine retries with zero waits: what a retry costs, and what it costs to tell of it.
 */
import { Stamina, staminaSchedule } from "effect-stamina"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Result } from "./kit/result.ts"
import { sample, sampleColumns, sampleRatio, sampleRows } from "./kit/sampling.ts"
import { composed, composedObserved, flaky, type HttpError, keptSeries, loop, silent } from "./subjects.ts"

const runs = 100

const options = { on: "HttpError", waitInitial: 0, waitJitter: 0, name: "bench" } as const
const byHand = { initial: 0, jitter: 0 }

const hooksOff = Layer.mergeAll(silent, Stamina.layerHooks([]))

/** As much as is done by hand: by default, most lines of so many would be left out. */
const everyLine = Layer.provideMerge(Stamina.layerLogs({ linesPerSecond: Infinity }), silent)

const run = (effect: Effect.Effect<number, HttpError>, layer: Layer.Layer<never> = silent) => {
  const program = Effect.provide(loop(runs, () => effect), layer)
  return () => Effect.runSync(program)
}

const samples = sample({
  composed: run(Effect.retry(flaky(), composed(byHand))),
  retryOff: run(Stamina.retry(flaky(), options), hooksOff),
  scheduleOff: run(Effect.retry(flaky(), staminaSchedule(options)), hooksOff),
  composedObserved: run(Effect.retry(flaky(), composedObserved(byHand))),
  composedKeeping: run(Effect.retry(flaky(), composedObserved(byHand, keptSeries()))),
  everyLine: run(Stamina.retry(flaky(), options), everyLine),
  retry: run(Stamina.retry(flaky(), options)),
  schedule: run(Effect.retry(flaky(), staminaSchedule(options)))
}, { calls: runs * 9, rounds: 50, runs: 5 })

const result: Result = {
  title: "Nine retries, zero waits",
  about: "Nanoseconds per retry, the failed attempt included. The logger writes nothing.",
  columns: sampleColumns,
  rows: sampleRows(samples, {
    composed: "`Effect.retry`, the same policy by hand",
    retryOff: "`Stamina.retry`, hooks off",
    scheduleOff: "`Effect.retry(staminaSchedule)`, hooks off",
    composedObserved: "by hand, with a counter and a log line",
    composedKeeping: "by hand, with a counter whose series are kept and a log line",
    everyLine: "`Stamina.retry`, default hooks, every line written",
    retry: "`Stamina.retry`, default hooks",
    schedule: "`Effect.retry(staminaSchedule)`, default hooks"
  }),
  ratios: [
    sampleRatio(samples, "`Stamina.retry`, hooks off / by hand", (round) => round.retryOff / round.composed, 0.5),
    sampleRatio(
      samples,
      "`Stamina.retry`, default hooks / by hand, with a counter and a log line",
      (round) => round.retry / round.composedObserved,
      0.6
    ),
    sampleRatio(
      samples,
      "`Stamina.retry`, default hooks / by hand, with a counter whose series are kept and a log line",
      (round) => round.retry / round.composedKeeping,
      1
    ),
    sampleRatio(
      samples,
      "`Stamina.retry`, default hooks, every line written / by hand, with a counter and a log line",
      (round) => round.everyLine / round.composedObserved,
      1
    ),
    sampleRatio(
      samples,
      "`Effect.retry(staminaSchedule)`, hooks off / by hand",
      (round) => round.scheduleOff / round.composed,
      0.8
    ),
    sampleRatio(
      samples,
      "`Effect.retry(staminaSchedule)`, default hooks / by hand, with a counter and a log line",
      (round) => round.schedule / round.composedObserved,
      1
    )
  ]
}

console.log(JSON.stringify([result]))
