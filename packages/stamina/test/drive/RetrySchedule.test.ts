import { describe, expect, it } from "@effect/vitest"
import { Clock, Data, Duration, Effect, ExecutionPlan, Layer, Schedule, Stream } from "effect"
import { RetryOn, Stamina, staminaSchedule } from "effect-stamina"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { inTime } from "../kit/inTime.ts"

class Flaky extends Data.TaggedError("Flaky")<{ readonly n: number }> {}
class Fatal extends Data.TaggedError("Fatal") {}

/** Waits of 100, 200, 400 … milliseconds. */
const plain = { on: "Flaky", waitJitter: 0 } as const

/** An effect that fails `failures` times, taking `takes` milliseconds each, and says when its attempts began. */
const flaky = (failures: number, takes = 0) => {
  const starts: Array<number> = []
  const effect = Effect.gen(function*() {
    starts.push(yield* Clock.currentTimeMillis)
    yield* Effect.sleep(takes)
    if (starts.length <= failures) yield* new Flaky({ n: starts.length })
    return "ok"
  })
  return { starts, effect }
}

describe("staminaSchedule works unchanged in", () => {
  it.effect("Effect.retry", () =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(3)
      expect(yield* inTime(Effect.retry(effect, staminaSchedule(plain)))).toBe("ok")
      expect(starts).toEqual([0, 100, 300, 700])
    }))

  it.effect("Effect.retryOrElse, which is handed the last error and how far the run had come", () =>
    Effect.gen(function*() {
      const { effect } = flaky(99, 10)
      const seen = yield* inTime(
        Effect.retryOrElse(
          effect,
          staminaSchedule({ ...plain, attempts: 3 }),
          (error, progress) => Effect.succeed({ n: error.n, ...progress })
        )
      )
      expect(seen).toEqual({
        n: 3,
        retryNum: 2,
        waitFor: Duration.zero,
        waitedSoFar: Duration.millis(300),
        elapsed: Duration.millis(330)
      })
    }))

  it.effect("Stream.retry", () =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(2)
      const stream = Stream.fromEffect(effect).pipe(Stream.retry(staminaSchedule(plain)))
      expect(yield* inTime(Stream.runCollect(stream))).toEqual(["ok"])
      expect(starts).toEqual([0, 100, 300])
    }))

  const client = (statuses: ReadonlyArray<number>) => {
    const starts: Array<number> = []
    const client = HttpClient.make((request) =>
      Effect.gen(function*() {
        const status = statuses[starts.length] ?? 200
        starts.push(yield* Clock.currentTimeMillis)
        return HttpClientResponse.fromWeb(request, new Response("", { status }))
      })
    )
    return { starts, client }
  }

  it.effect("HttpClient.retry", () =>
    Effect.gen(function*() {
      const { client: bare, starts } = client([503, 503])
      const retrying = bare.pipe(
        HttpClient.filterStatusOk,
        HttpClient.retry(staminaSchedule({ ...plain, on: HttpClientError.HttpClientError }))
      )
      expect((yield* inTime(retrying.get("http://test"))).status).toBe(200)
      expect(starts).toEqual([0, 100, 300])
    }))

  it.effect("HttpClient.retryTransient", () =>
    Effect.gen(function*() {
      const { client: bare, starts } = client([503, 503])
      const retrying = bare.pipe(
        HttpClient.retryTransient({
          schedule: staminaSchedule({ ...plain, on: () => true }),
          retryOn: "errors-and-responses"
        })
      )
      expect((yield* inTime(retrying.get("http://test"))).status).toBe(200)
      expect(starts).toEqual([0, 100, 300])
    }))

  it.effect("Effect.retry({ schedule, times }), where the fewer count", () =>
    Effect.gen(function*() {
      for (const [attempts, times, calls] of [[10, 2, 3], [2, 5, 2]] as const) {
        const { effect, starts } = flaky(99)
        yield* Effect.ignore(inTime(Effect.retry(effect, { schedule: staminaSchedule({ ...plain, attempts }), times })))
        expect(starts).toHaveLength(calls)
      }
    }))

  it.effect("a step of an ExecutionPlan", () =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(99)
      const plan = ExecutionPlan.make(
        { provide: Layer.empty, schedule: staminaSchedule({ ...plain, attempts: 3 }) },
        { provide: Layer.empty }
      )
      yield* Effect.ignore(inTime(Effect.withExecutionPlan(effect, plan)))
      // three attempts in the first step, one in the second, at once
      expect(starts).toEqual([0, 100, 300, 300])
    }))
})

describe("staminaSchedule composes with", () => {
  const startsOf = (schedule: Schedule.Schedule<unknown, Flaky>, takes = 0) =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(99, takes)
      yield* Effect.ignore(inTime(Effect.retry(effect, schedule)))
      return starts.map((start) => start - starts[0]!)
    })
  const three = staminaSchedule({ ...plain, attempts: 3 })

  it.effect("Schedule.max: the longer wait, until one of them ends", () =>
    Effect.gen(function*() {
      expect(yield* startsOf(Schedule.max([three, Schedule.spaced(150)]))).toEqual([0, 150, 350])
      expect(yield* startsOf(Schedule.max([staminaSchedule(plain), Schedule.recurs(1)]))).toEqual([0, 100])
    }))

  it.effect("Schedule.min: the shorter wait, until both have ended, so that its limits no longer hold", () =>
    Effect.gen(function*() {
      expect(yield* startsOf(Schedule.min([three, Schedule.spaced(150).pipe(Schedule.upTo({ times: 4 }))])))
        .toEqual([0, 100, 250, 400, 550])
    }))

  it.effect("Schedule.concat: first one, then the other", () =>
    Effect.gen(function*() {
      expect(yield* startsOf(Schedule.concat(three, Schedule.recurs(2)))).toEqual([0, 100, 300, 300, 300])
      expect(yield* startsOf(Schedule.concat(Schedule.recurs(2), three))).toEqual([0, 0, 0, 100, 300])
    }))

  it.effect("Schedule.upTo: whichever limit comes first", () =>
    Effect.gen(function*() {
      expect(yield* startsOf(three.pipe(Schedule.upTo({ times: 1 })))).toEqual([0, 100])
      expect(yield* startsOf(three.pipe(Schedule.upTo({ times: 7 })))).toEqual([0, 100, 300])
    }))

  it.effect("Schedule.while: until it says no", () =>
    Effect.gen(function*() {
      expect(yield* startsOf(three.pipe(Schedule.while(({ output }) => output.retryNum < 2)))).toEqual([0, 100])
    }))

  it.effect("Schedule.tap and Schedule.map, which see the progress", () =>
    Effect.gen(function*() {
      const tapped: Array<RetrySchedule.RetryProgress> = []
      const mapped: Array<unknown> = []
      const schedule = three.pipe(
        Schedule.tap(({ output }) => Effect.sync(() => void tapped.push(output))),
        Schedule.map(({ output }) => output.retryNum * 10),
        Schedule.tap(({ output }) => Effect.sync(() => void mapped.push(output)))
      )
      expect(yield* startsOf(schedule, 10)).toEqual([0, 110, 320])
      expect(tapped).toEqual([
        {
          retryNum: 1,
          waitFor: Duration.millis(100),
          waitedSoFar: Duration.zero,
          elapsed: Duration.millis(10)
        },
        {
          retryNum: 2,
          waitFor: Duration.millis(200),
          waitedSoFar: Duration.millis(100),
          elapsed: Duration.millis(120)
        }
      ])
      expect(mapped).toEqual([10, 20])
    }))
})

describe("time in a schedule", () => {
  it.effect("counts from just before the first attempt, not from the first failure as upTo does", () =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(99, 30_000)
      yield* Effect.ignore(inTime(Effect.retry(effect, staminaSchedule({ ...plain, timeout: "45 seconds" }))))
      expect(starts).toEqual([0, 30_100])
      const upTo = flaky(99, 30_000)
      const schedule = Schedule.spaced(100).pipe(Schedule.upTo({ duration: "45 seconds" }))
      yield* Effect.ignore(inTime(Effect.retry(upTo.effect, schedule)))
      expect(upTo.starts).toHaveLength(3)
    }))

  it.effect("counts so in the blocks, too", () =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(99, 30_000)
      const blocks = RetrySchedule.backoff({ waitJitter: 0 }).pipe(RetrySchedule.limit())
      yield* Effect.ignore(inTime(Effect.retry(effect, blocks)))
      expect(starts).toEqual([0, 30_100])
    }))

  it.effect("is monotonic: a wall clock that is set back or forth changes nothing", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let skew = 0
      const skewed: Clock.Clock = {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + skew,
        currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() + skew),
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(skew) * 1_000_000n,
        currentTimeNanos: Effect.sync(() => clock.currentTimeNanosUnsafe() + BigInt(skew) * 1_000_000n),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        sleep: (duration) => clock.sleep(duration)
      }
      for (const step of [-3_600_000, 3_600_000]) {
        const { effect, starts } = flaky(99, 1000)
        const stepping = Effect.sync(() => void (skew += step))
        yield* Effect.ignore(inTime(
          Effect.retry(Effect.andThen(stepping, effect), staminaSchedule({ ...plain, attempts: 4 })).pipe(
            Effect.provideService(Clock.Clock, skewed)
          )
        ))
        expect(starts).toHaveLength(4)
      }
    }))

  it.effect("starts anew with each use of one schedule", () =>
    Effect.gen(function*() {
      const schedule = staminaSchedule({ ...plain, attempts: 3 })
      for (let use = 0; use < 3; use++) {
        const { effect, starts } = flaky(99)
        yield* Effect.ignore(inTime(Effect.retry(effect, schedule)))
        expect(starts.map((start) => start - starts[0]!)).toEqual([0, 100, 300])
      }
    }))
})

describe("the blocks", () => {
  it.effect("RetrySchedule.backoff alone is endless", () =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(50)
      expect(yield* inTime(Effect.retry(effect, RetrySchedule.backoff({ waitJitter: 0, waitMax: 200 })))).toBe("ok")
      expect(starts).toHaveLength(51)
    }))

  it.effect("RetrySchedule.retryOn ends any schedule at an error that is not named, and grants waits", () =>
    Effect.gen(function*() {
      const schedule = Schedule.spaced(100).pipe(RetrySchedule.retryOn({ Flaky: (e: Flaky) => e.n === 2 ? 7 : true }))
      const { effect, starts } = flaky(3)
      expect(yield* inTime(Effect.retry(effect, schedule))).toBe("ok")
      expect(starts).toEqual([0, 100, 107, 207])
      let calls = 0
      yield* Effect.ignore(Effect.retry(Effect.suspend(() => (calls++, Effect.fail(new Fatal()))), schedule))
      expect(calls).toBe(1)
    }))

  it.effect("RetrySchedule.retryOn draws the schedule's wait out to a hint, and ends it at one that is too long", () =>
    Effect.gen(function*() {
      const hinted = (seconds: number) =>
        Schedule.spaced(100).pipe(RetrySchedule.retryOn(() => RetryOn.atLeast(`${seconds} seconds`, "10 seconds")))
      for (const [seconds, expected] of [[0.05, [0, 100]], [3, [0, 3000]], [10, [0, 10_000]], [11, [0]]] as const) {
        const { effect, starts } = flaky(1)
        yield* Effect.ignore(inTime(Effect.retry(effect, hinted(seconds))))
        expect(starts.map((start) => start - starts[0]!)).toEqual(expected)
      }
    }))

  it.effect("RetrySchedule.retryOn waits as a tag's own backoff says, and counts on", () =>
    Effect.gen(function*() {
      const schedule = Schedule.spaced(7).pipe(
        RetrySchedule.retryOn({ Flaky: { waitInitial: 100, waitJitter: 0, backoff: "linear" } })
      )
      const { effect, starts } = flaky(3)
      yield* inTime(Effect.retry(effect, schedule))
      expect(starts).toEqual([0, 100, 300, 600])
    }))

  it.effect("in test mode every wait is zero, that of a hint too, however long", () =>
    Effect.gen(function*() {
      for (const answer of [true, "1 day", RetryOn.atLeast("1 day")] as const) {
        const schedule = Schedule.spaced(100).pipe(RetrySchedule.retryOn(() => answer))
        const { effect, starts } = flaky(3)
        const run = Effect.retry(effect, schedule).pipe(Stamina.withTesting({ attempts: 9 }))
        expect(yield* run).toBe("ok")
        expect(starts).toEqual([0, 0, 0, 0].map(() => starts[0]))
      }
    }))

  it.effect("where retries are switched off `on` is not asked, and nothing is retried", () =>
    Effect.gen(function*() {
      let asked = 0
      const schedule = RetrySchedule.backoff().pipe(RetrySchedule.retryOn(() => (asked++, true)))
      const { effect, starts } = flaky(3)
      yield* Effect.ignore(Effect.retry(effect, schedule)).pipe(Effect.provide(Stamina.layerInactive))
      expect(starts).toHaveLength(1)
      expect(asked).toBe(0)
    }))

  it.effect("RetrySchedule.limit ends any schedule, with its last output", () =>
    Effect.gen(function*() {
      const { effect, starts } = flaky(99)
      const schedule = Schedule.spaced(100).pipe(RetrySchedule.limit({ attempts: 3, timeout: Duration.infinity }))
      const output = yield* inTime(Effect.retryOrElse(effect, schedule, (_, output) => Effect.succeed(output)))
      expect(output).toBe(2)
      expect(starts).toHaveLength(3)
    }))
})
