/**
 * What is left of runs that fail with one constant error, in many fibers, for a long time: nothing.
 *
 *     node --expose-gc packages/stamina/bench/soak.ts [calls, in millions] [fibers]
 */
import { Stamina } from "effect-stamina"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { heapUsed } from "./kit/inChild.ts"
import { httpError } from "./subjects.ts"

const [, , millions = "5", fibers = "1000"] = process.argv
const calls = Number(millions) * 1_000_000

const attempts = 3
let made = 0
/** Runs whose figures were wrong. */
let wrong = 0

const attempt = Effect.suspend(() => {
  made++
  return Effect.andThen(Effect.yieldNow, Effect.fail(httpError))
})
const run = Effect.map(
  Effect.exit(Stamina.retry(attempt, {
    on: "HttpError",
    attempts,
    timeout: Infinity,
    waitInitial: 0,
    waitMax: 0,
    waitJitter: 0,
    nested: "once"
  })),
  (exit) => {
    const report = Exit.isFailure(exit) ? Stamina.report(exit.cause) : Option.none()
    const isTrue = Option.isSome(report) && report.value.calls === attempts && report.value.attempts === attempts &&
      report.value.reason === "AttemptsExhausted" && Exit.isFailure(exit) &&
      Option.getOrUndefined(Cause.findErrorOption(exit.cause)) === httpError
    if (!isTrue) wrong++
  }
)

const readings = 10
let read = 0
const worker = Effect.whileLoop({
  while: () => made < calls,
  body: () => run,
  step: () => {
    if (made < (read + 1) * calls / (readings + 1)) return
    read++
    console.log(`${(made / 1e6).toFixed(2)} M calls: heap ${(heapUsed() / 1e6).toFixed(1)} MB, ${wrong} runs wrong`)
  }
})

const started = performance.now()
await Effect.runPromise(
  Effect.all(Array.from({ length: Number(fibers) }, () => worker), { concurrency: "unbounded", discard: true }).pipe(
    Effect.provide(Stamina.layerHooks([]))
  )
)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(
  `${made} calls in ${fibers} fibers took ${seconds} s: heap ${(heapUsed() / 1e6).toFixed(1)} MB, ${wrong} runs wrong`
)
if (wrong > 0) process.exitCode = 1
