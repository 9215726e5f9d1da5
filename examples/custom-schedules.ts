/**
 * Schedules of your own: stamina's blocks around any schedule, and Effect's combinators around stamina's.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Duration, Effect, Schedule } from "effect"
import { staminaSchedule } from "effect-stamina"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { deepStrictEqual, strictEqual } from "node:assert/strict"

class Busy extends Data.TaggedError("Busy")<{ readonly call: number }> {}

/** Fails `times` times, and then succeeds with the number of calls that it took. */
const busy = (times: number): Effect.Effect<number, Busy> => {
  let call = 0
  return Effect.suspend(() => ++call <= times ? Effect.fail(new Busy({ call })) : Effect.succeed(call))
}

// The blocks that `staminaSchedule` is made of, put together by hand: waits, then a filter, then limits.
const blocks = RetrySchedule.backoff({ waitInitial: "10 millis", waitJitter: "5 millis" }).pipe(
  RetrySchedule.retryOn("Busy"),
  RetrySchedule.limit({ attempts: 4, timeout: "5 seconds" })
)

// They go around any schedule: Fibonacci waits, and stamina's filter and limits.
const fibonacci = Schedule.fibonacci("5 millis").pipe(
  RetrySchedule.retryOn<Busy>({ Busy: (error) => error.call < 100 }),
  RetrySchedule.limit({ attempts: 6 })
)

// The other way round: the whole of stamina, with Effect's combinators around it.
const stamina = staminaSchedule({ on: "Busy", attempts: 3, waitInitial: "10 millis", waitJitter: 0 })

const program = Effect.gen(function*() {
  const calls = yield* busy(2).pipe(Effect.retry(blocks))
  yield* Console.log(`blocks: succeeded in call ${calls}`) // blocks: succeeded in call 3
  strictEqual(calls, 3)

  const waits: Array<number> = []
  const heard = fibonacci.pipe(
    Schedule.tap(({ duration }) => Effect.sync(() => waits.push(Duration.toMillis(duration))))
  )
  const error = yield* busy(Infinity).pipe(Effect.retry(heard), Effect.flip)
  yield* Console.log(`fibonacci: gave up in call ${error.call}, after waits of ${waits.join(", ")} ms`)
  // fibonacci: gave up in call 6, after waits of 5, 5, 10, 15, 25 ms
  strictEqual(error.call, 6)
  deepStrictEqual(waits, [5, 5, 10, 15, 25])

  // `RetryProgress`, the output of `staminaSchedule`, says before each wait how far things have come …
  const progress: Array<string> = []
  const told = stamina.pipe(
    Schedule.tap(({ output: { retryNum, waitFor, waitedSoFar } }) =>
      Effect.sync(() =>
        progress.push(`retry ${retryNum} in ${Duration.format(waitFor)}, waited ${Duration.format(waitedSoFar)} so far`)
      )
    )
  )
  // … and, where a fallback takes over, how many retries there were.
  const answer = yield* busy(Infinity).pipe(
    Effect.retryOrElse(
      told,
      (error, { retryNum }) => Effect.succeed(`fallback, after call ${error.call} and ${retryNum} retries`)
    )
  )
  yield* Console.log(`stamina: ${progress.join("; ")}; ${answer}`)
  // stamina: retry 1 in 10ms, waited 0 so far; retry 2 in 20ms, waited 10ms so far; fallback, after call 3 and 2 retries
  deepStrictEqual(progress, ["retry 1 in 10ms, waited 0 so far", "retry 2 in 20ms, waited 10ms so far"])
  strictEqual(answer, "fallback, after call 3 and 2 retries")

  // `Schedule.upTo` counts retries where stamina counts calls, and the stricter of the two limits holds.
  const narrowed = yield* busy(Infinity).pipe(Effect.retry(stamina.pipe(Schedule.upTo({ times: 1 }))), Effect.flip)
  yield* Console.log(`narrowed: gave up in call ${narrowed.call}`) // narrowed: gave up in call 2
  strictEqual(narrowed.call, 2)
})

NodeRuntime.runMain(program)
