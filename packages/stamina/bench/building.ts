/**
 * (c) Building: a retry made once and used again, against one made anew for each call.
 */
import { Stamina, staminaSchedule } from "effect-stamina"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Result } from "./kit/result.ts"
import { sample, sampleColumns, sampleRatio, sampleRows } from "./kit/sampling.ts"
import { composed, type HttpError, loop, succeeding } from "./subjects.ts"

const calls = 1000

const combinator = Stamina.retry({ on: "HttpError", attempts: 3 })
const retried = succeeding.pipe(combinator)
const scheduled = Effect.retry(succeeding, staminaSchedule({ on: "HttpError", attempts: 3 }))

const run = (body: () => Effect.Effect<unknown, HttpError>) => {
  const program = loop(calls, body)
  return () => Effect.runSync(program)
}

// a program builds retries in many places, with other options in each: code that has seen only one kind is faster
for (let i = 0; i < 5000; i++) {
  Stamina.retry({ on: "HttpError" })
  Stamina.retry({ on: (error: HttpError) => error.status >= 500, name: "bench" })
  Stamina.retry({ on: ["HttpError", "SocketError"], waitMax: "1 second", attempts: 5 })
  Stamina.retry({ on: { HttpError: true }, timeout: 5000, spans: false })
  staminaSchedule({ on: "HttpError", waitJitter: 0 })
}

const samples = sample({
  retried: run(() => retried),
  combined: run(() => combinator(succeeding)),
  built: run(() => Stamina.retry(succeeding, { on: "HttpError", attempts: 3 })),
  builtInFull: run(() =>
    Stamina.retry(succeeding, {
      on: { HttpError: (error) => error.status >= 500 },
      attempts: 3,
      timeout: "10 seconds",
      waitInitial: "50 millis",
      waitMax: 2000,
      name: "bench"
    })
  ),
  scheduled: run(() => scheduled),
  builtSchedule: run(() => Effect.retry(succeeding, staminaSchedule({ on: "HttpError", attempts: 3 }))),
  builtRecurs: run(() => Effect.retry(succeeding, Schedule.recurs(2))),
  builtByHand: run(() => Effect.retry(succeeding, composed()))
}, { calls, rounds: 50 })

const result: Result = {
  title: "Building, and a call that succeeds at once",
  about: "Nanoseconds per call, building included where it is not reused.",
  columns: sampleColumns,
  rows: sampleRows(samples, {
    retried: "a retried effect, reused",
    combined: "`Stamina.retry(options)`, reused on an effect",
    built: "`Stamina.retry` built for each call, two options",
    builtInFull: "`Stamina.retry` built for each call, six options",
    scheduled: "`Effect.retry(staminaSchedule)`, reused",
    builtSchedule: "`Effect.retry(staminaSchedule)` built for each call, two options",
    builtRecurs: "`Effect.retry(Schedule.recurs)` built for each call",
    builtByHand: "`Effect.retry`, the same policy by hand, built for each call"
  }),
  ratios: [
    sampleRatio(
      samples,
      "a combinator reused / a retried effect reused",
      (round) => round.combined / round.retried,
      1.2
    ),
    sampleRatio(samples, "`Stamina.retry` built / reused", (round) => round.built / round.retried, 3),
    sampleRatio(samples, "`staminaSchedule` built / reused", (round) => round.builtSchedule / round.scheduled, 3),
    sampleRatio(samples, "`Stamina.retry` built, six options / reused", (round) => round.builtInFull / round.retried),
    sampleRatio(
      samples,
      "`Stamina.retry` built, six options / by hand, built",
      (round) => round.builtInFull / round.builtByHand
    )
  ]
}

console.log(JSON.stringify([result]))
