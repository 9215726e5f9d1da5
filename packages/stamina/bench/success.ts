/**
 * (a) A call that succeeds at once: what a retry around it costs.
 */
import { RetryBudget, Stamina, staminaSchedule } from "effect-stamina"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { Result } from "./kit/result.ts"
import { sample, sampleColumns, sampleRatio, sampleRows } from "./kit/sampling.ts"
import { composed, type HttpError, loop, silent, succeeding } from "./subjects.ts"

const calls = 1000

const subjects = {
  bare: succeeding,
  recurs: Effect.retry(succeeding, Schedule.recurs(9)),
  composed: Effect.retry(succeeding, composed()),
  schedule: Effect.retry(succeeding, staminaSchedule({ on: "HttpError" })),
  retry: Stamina.retry(succeeding, { on: "HttpError" }),
  budget: Stamina.retry(succeeding, { on: "HttpError", budget: RetryBudget.makeUnsafe() })
}

const names = {
  bare: "the bare effect",
  recurs: "`Effect.retry(Schedule.recurs(9))`",
  composed: "`Effect.retry`, the same policy by hand",
  schedule: "`Effect.retry(staminaSchedule)`",
  retry: "`Stamina.retry`",
  budget: "`Stamina.retry` with a budget"
}

const measure = (
  title: string,
  around: (loop: Effect.Effect<void, HttpError>) => Effect.Effect<void, HttpError>
): Result => {
  const run = (effect: Effect.Effect<number, HttpError>) => {
    const program = around(loop(calls, () => effect))
    return () => Effect.runSync(program)
  }
  const samples = sample({
    bare: run(subjects.bare),
    recurs: run(subjects.recurs),
    composed: run(subjects.composed),
    schedule: run(subjects.schedule),
    retry: run(subjects.retry),
    budget: run(subjects.budget)
  }, { calls })
  return {
    title,
    about: "Nanoseconds per call.",
    columns: sampleColumns,
    rows: sampleRows(samples, names),
    ratios: [
      sampleRatio(samples, "nanoseconds that a budget adds", ({ budget, retry }) => budget - retry, 30),
      sampleRatio(
        samples,
        "overhead of `Stamina.retry` / of `Effect.retry(recurs)`",
        ({ bare, recurs, retry }) => (retry - bare) / (recurs - bare),
        0.15
      ),
      sampleRatio(
        samples,
        "`Effect.retry(staminaSchedule)` / `Effect.retry(recurs)`",
        ({ recurs, schedule }) => schedule / recurs,
        1.05
      ),
      sampleRatio(samples, "`Stamina.retry` / the same policy by hand", ({ composed, retry }) => retry / composed)
    ]
  }
}

const service = Layer.mergeAll(silent, Stamina.layerHooks(Stamina.defaultHooks))

console.log(JSON.stringify([
  measure("A call that succeeds at once", (loop) => loop),
  measure(
    "The same within a span, with hooks and a logger provided",
    (loop) => loop.pipe(Effect.withSpan("service"), Effect.provide(service))
  )
]))
