/**
 * Bytes allocated on the way, whether or not anybody holds them afterwards: what the garbage collector has to do.
 *
 * Needs a young generation that holds all of it, so that nothing is collected while it is counted.
 */
import { Stamina, staminaSchedule } from "effect-stamina"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { PerformanceObserver } from "node:perf_hooks"
import { heapUsed } from "./kit/inChild.ts"
import { ratio, type Result, written } from "./kit/result.ts"
import { figure } from "./kit/statistics.ts"
import { composed, composedObserved, flaky, type HttpError, loop, silent, succeeding } from "./subjects.ts"

const hooksOff = Layer.mergeAll(silent, Stamina.layerHooks([]))
const options = { on: "HttpError", waitInitial: 0, waitJitter: 0, name: "bench" } as const
const byHand = { initial: 0, jitter: 0 }

let collections = 0
const observer = new PerformanceObserver((list) => void (collections += list.getEntries().length))
observer.observe({ entryTypes: ["gc"] })

/** Collections are told of some time after they were. */
const told = () => new Promise((resolve) => setTimeout(resolve, 10))

/** Bytes per call, over many samples. */
const allocated = async (
  effect: Effect.Effect<number, HttpError>,
  calls: number,
  layer: Layer.Layer<never>
): Promise<ReadonlyArray<number>> => {
  const program = Effect.provide(loop(calls, () => effect), layer)
  for (let i = 0; i < 30; i++) Effect.runSync(program)
  const samples: Array<number> = []
  while (samples.length < 15) {
    heapUsed()
    await told()
    collections = 0
    const start = process.memoryUsage().heapUsed
    Effect.runSync(program)
    const end = process.memoryUsage().heapUsed
    await told()
    if (collections > 0) throw new Error("a collection in mid-count: --min-semi-space-size is too small")
    samples.push((end - start) / calls)
  }
  return samples
}

const succeed = (effect: Effect.Effect<number, HttpError>) => allocated(effect, 5000, hooksOff)
const retry = async (effect: Effect.Effect<number, HttpError>, layer: Layer.Layer<never>) =>
  (await allocated(effect, 500, layer)).map((bytes) => bytes / 9)

const bare = await succeed(succeeding)
const recurs = await succeed(Effect.retry(succeeding, Schedule.recurs(9)))
const onSuccess = await succeed(Stamina.retry(succeeding, options))
const onRetry = await retry(Stamina.retry(flaky(), options), silent)
const onRetryByHand = await retry(Effect.retry(flaky(), composedObserved(byHand)), silent)

const rows: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
  ["a call that succeeds at once: the bare effect", bare],
  ["… `Effect.retry(Schedule.recurs(9))`", recurs],
  ["… `Effect.retry`, the same policy by hand", await succeed(Effect.retry(succeeding, composed()))],
  ["… `Effect.retry(staminaSchedule)`", await succeed(Effect.retry(succeeding, staminaSchedule(options)))],
  ["… `Stamina.retry`", onSuccess],
  ["a retry with zero wait: the same policy by hand", await retry(Effect.retry(flaky(), composed(byHand)), silent)],
  ["… `Stamina.retry`, hooks off", await retry(Stamina.retry(flaky(), options), hooksOff)],
  ["… by hand, with a counter and a log line", onRetryByHand],
  ["… `Stamina.retry`, default hooks", onRetry]
]

const result: Result = {
  title: "Allocation",
  about:
    "Bytes allocated per call, or per retry with the failed attempt; counted on the heap while nothing is collected.",
  columns: ["", "median", "quarters"],
  rows: rows.map(([name, bytes]) => [name, ...written(figure(bytes))]),
  ratios: [
    ratio(
      "a call that succeeds: bytes that `Stamina.retry` adds / that `Effect.retry(recurs)` adds",
      bare.map((bytes, i) => (onSuccess[i]! - bytes) / (recurs[i]! - bytes)),
      0.15
    ),
    ratio(
      "a retry: bytes of `Stamina.retry`, default hooks / by hand, with a counter and a log line",
      onRetry.map((bytes, i) => bytes / onRetryByHand[i]!)
    )
  ]
}

observer.disconnect()
console.log(JSON.stringify([result]))
