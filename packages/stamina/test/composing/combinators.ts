/**
 * Effect's combinators around `staminaSchedule`.
 */
import { expect } from "@effect/vitest"
import { Duration, Effect, Random, Result, Schedule } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import type * as RetrySchedule from "effect-stamina/RetrySchedule"
import {
  expectThree,
  expectTimeFrom,
  Fatal,
  Flaky,
  observe,
  outputOf,
  plain,
  retrying,
  type Rows,
  three,
  toldOfThree
} from "./observing.ts"

/** Two attempts where three were granted: the retry that hooks heard of last is not made. */
const oneShort = { starts: [0, 100], told: ["retry 1 in 100", "retry 2 in 200"] }

/** What ends a run early, one retry after it was announced, leaving the announced one as the output. */
const expectEndsUnheard = (schedule: Schedule.Schedule<unknown, Flaky>) =>
  Effect.gen(function*() {
    expect(yield* retrying(schedule)).toMatchObject(oneShort)
    expect(yield* outputOf(schedule)).toMatchObject({ retryNum: 2, waitFor: Duration.millis(200) })
  })

/** What makes other waits of those that were granted, though no more of them; hooks hear of the granted ones. */
const expectOtherWaits = (
  change: (schedule: typeof three) => Schedule.Schedule<unknown, Flaky>,
  starts: ReadonlyArray<number>
) =>
  Effect.gen(function*() {
    expect(yield* retrying(change(three))).toMatchObject({ starts, told: toldOfThree })
  })

/** A step taken a minute after it was made: 45 seconds are over. */
const expectTimeFromStep = (
  toStep: (schedule: typeof three) => Effect.Effect<(error: Flaky) => Effect.Effect<unknown, unknown>>
) =>
  Effect.gen(function*() {
    const seen = yield* observe(() =>
      Effect.flatMap(toStep(three), (step) =>
        Effect.andThen(Effect.sleep("1 minute"), Effect.suspend(() => Effect.ignore(step(new Flaky({ n: 1 }))))))
    )
    expect(seen.told).toEqual(["gave up: TimeoutReached"])
  })

export const combinatorRows: Rows = {
  "Schedule.upTo({ times })": Effect.gen(function*() {
    yield* expectEndsUnheard(Schedule.upTo(three, { times: 1 }))
    yield* expectThree((schedule) => Effect.retry(Schedule.upTo(schedule, { times: 2 })))
  }),

  "Schedule.upTo({ duration })": Effect.gen(function*() {
    const upTo = Schedule.upTo({ duration: "45 seconds" })
    expect(yield* retrying(upTo(staminaSchedule(plain)), { takes: 30_000 }))
      .toMatchObject({ starts: [0, 30_100], told: ["retry 1 in 100", "gave up: TimeoutReached"] })
    expect(yield* retrying(upTo(staminaSchedule({ ...plain, timeout: Duration.infinity })), { takes: 30_000 }))
      .toMatchObject({ starts: [0, 30_100, 60_300], told: ["retry 1 in 100", "retry 2 in 200", "retry 3 in 400"] })
  }),

  "Schedule.while": expectEndsUnheard(Schedule.while(three, ({ output }) => output.retryNum < 2)),

  "Schedule.max": Effect.gen(function*() {
    const spaced = Schedule.max([three, Schedule.spaced(150)])
    expect(yield* retrying(spaced)).toMatchObject({ starts: [0, 150, 350], told: toldOfThree })
    expect(yield* retrying(spaced, { error: () => new Fatal() })).toMatchObject({ starts: [0], told: [] })
    expect(yield* retrying(Schedule.max([three, Schedule.recurs(1)]))).toMatchObject(oneShort)
    expect(yield* outputOf(spaced)).toEqual(Duration.zero)
    yield* expectTimeFrom(
      "just before the first attempt",
      (schedule) => Effect.retry(Schedule.max([schedule, Schedule.forever]))
    )
  }),

  "Schedule.min": Effect.gen(function*() {
    const min = Schedule.min([three, Schedule.upTo(Schedule.spaced(150), { times: 5 })])
    expect(yield* retrying(min)).toMatchObject({ starts: [0, 100, 250, 400, 550, 700], told: toldOfThree })
    expect(yield* retrying(min, { error: () => new Fatal() })).toMatchObject({ starts: [0, 150, 300, 450, 600, 750] })
  }),

  "Schedule.concat, first": Effect.gen(function*() {
    const concat = Schedule.concat(three, Schedule.recurs(2))
    expect(yield* retrying(concat)).toMatchObject({ starts: [0, 100, 300, 300, 300], told: toldOfThree })
    expect(yield* retrying(concat, { error: () => new Fatal() })).toMatchObject({ starts: [0, 0, 0], told: [] })
  }),

  "Schedule.concat, second": Effect.gen(function*() {
    expect(yield* retrying(Schedule.concat(Schedule.recurs(1), three)))
      .toMatchObject({ starts: [0, 0, 100, 300], told: toldOfThree })
    const limited = staminaSchedule({ ...plain, timeout: "45 seconds" })
    expect(yield* retrying(Schedule.concat(Schedule.recurs(1), limited), { takes: 30_000 })).toMatchObject({
      starts: [0, 30_000, 60_100, 90_300],
      told: ["retry 1 in 100", "retry 2 in 200", "gave up: TimeoutReached"]
    })
  }),

  "Schedule.concatResult": Effect.gen(function*() {
    const concat = Schedule.concatResult(three, Schedule.recurs(2))
    expect(yield* retrying(concat)).toMatchObject({ starts: [0, 100, 300, 300, 300], told: toldOfThree })
    expect(yield* outputOf(concat)).toEqual(Result.succeed(2))
  }),

  "Schedule.addDelay": Effect.gen(function*() {
    const slower = Schedule.addDelay(three, () => Effect.succeed("1 second"))
    yield* expectOtherWaits(() => slower, [0, 1100, 2300])
    // granted for 100 ms, slept past the deadline
    const late = yield* observe((attempt) => Effect.retry(attempt, slower).pipe(Stamina.withDeadline("1 second")))
    expect(late).toMatchObject({ starts: [0], told: ["retry 1 in 100"], out: { _tag: "DeadlineExceeded" } })
  }),

  "Schedule.modifyDelay": expectOtherWaits(
    Schedule.modifyDelay(() => Effect.succeed("7 seconds")),
    [0, 7000, 14_000]
  ),

  "Schedule.jittered": Effect.gen(function*() {
    const most: typeof Random.Random.Service = { nextDoubleUnsafe: () => 1, nextIntUnsafe: () => 0 }
    const capped = staminaSchedule({ ...plain, attempts: 3, waitInitial: "5 seconds", waitMax: "5 seconds" })
    const seen = yield* Effect.provideService(retrying(Schedule.jittered(capped)), Random.Random, most)
    expect(seen).toMatchObject({
      starts: [0, 6000, 12_000],
      told: ["retry 1 in 5000", "retry 2 in 5000", "gave up: AttemptsExhausted"]
    })
  }),

  "Schedule.map": Effect.gen(function*() {
    const mapped: Array<number> = []
    const schedule = Schedule.map(three, ({ output }) => mapped.push(output.retryNum))
    expect(yield* retrying(schedule)).toMatchObject({ starts: [0, 100, 300], told: toldOfThree })
    expect(mapped).toEqual([1, 2, 2])
  }),

  "Schedule.passthrough": Effect.gen(function*() {
    yield* expectThree((schedule) => Effect.retry(Schedule.passthrough(schedule)))
    expect(yield* outputOf(Schedule.passthrough(three))).toEqual(new Flaky({ n: 3 }))
  }),

  "Schedule.tap": Effect.gen(function*() {
    const tapped: Array<RetrySchedule.RetryProgress> = []
    const tapping = Schedule.tap(three, ({ output }) => Effect.sync(() => tapped.push(output)))
    yield* retrying(tapping)
    expect(tapped.map(({ retryNum }) => retryNum)).toEqual([1, 2])
    // told of a retry that a `while` then does not make, as hooks are; not told of the end, unlike them
    expect(yield* observe(Effect.retry({ schedule: tapping, while: () => false })))
      .toMatchObject({ starts: [0], told: ["retry 1 in 100"] })
    expect(tapped).toHaveLength(3)
  }),

  "Schedule.setInputType": expectThree((schedule) => Effect.retry(Schedule.setInputType<unknown>()(schedule))),

  "Schedule.fromStep": Effect.gen(function*() {
    const again = (schedule: typeof three) => Schedule.fromStep(Schedule.toStep(schedule))
    yield* expectThree((schedule) => Effect.retry(again(schedule)))
    yield* expectTimeFrom("just before the first attempt", (schedule) => Effect.retry(again(schedule)))
  }),

  "Schedule.fromStepWithMetadata": Effect.gen(function*() {
    const again = (schedule: typeof three) =>
      Schedule.fromStepWithMetadata(
        Effect.map(Schedule.toStep(schedule), (step) => ({ input, now }: Schedule.InputMetadata<unknown>) =>
          step(now, input))
      )
    yield* expectThree((schedule) => Effect.retry(again(schedule)))
    yield* expectTimeFrom("just before the first attempt", (schedule) => Effect.retry(again(schedule)))
  }),

  "Schedule.toStep": Effect.gen(function*() {
    // nobody waits, and a year that the caller says has passed has not
    const year = 31_536_000_000
    const seen = yield* observe(() =>
      Effect.gen(function*() {
        const step = yield* Schedule.toStep(three)
        const waits: Array<unknown> = []
        for (let n = 0; n < 2; n++) waits.push((yield* step(n * year, new Flaky({ n })))[1])
        for (let n = 2; n < 5; n++) waits.push((yield* Effect.flip(step(n * year, new Flaky({ n }))))._tag)
        return waits
      })
    )
    expect(seen.out).toEqual([Duration.millis(100), Duration.millis(200), "Done", "Done", "Done"])
    expect(seen.told).toEqual(toldOfThree)
    const ended = yield* observe(() =>
      Effect.gen(function*() {
        const step = yield* Schedule.toStep(three)
        yield* Effect.flip(step(0, new Fatal()))
        return yield* Effect.flip(step(0, new Flaky({ n: 1 })))
      })
    )
    expect(ended).toMatchObject({ told: [], out: { _tag: "Done" } })
    yield* expectTimeFromStep((schedule) => Effect.map(Schedule.toStep(schedule), (step) => (error) => step(0, error)))
  }),

  "Schedule.toStepWithMetadata": Effect.gen(function*() {
    const seen = yield* observe((attempt) =>
      Effect.gen(function*() {
        const step = yield* Schedule.toStepWithMetadata(three)
        yield* Effect.ignore(attempt)
        const { attempt: steps, duration, output } = yield* step(new Flaky({ n: 1 }))
        yield* Effect.ignore(attempt)
        return { steps, duration, retryNum: output.retryNum }
      })
    )
    expect(seen).toMatchObject({ starts: [0, 100], out: { steps: 1, duration: Duration.millis(100), retryNum: 1 } })
    yield* expectTimeFromStep(Schedule.toStepWithMetadata)
  }),

  "Schedule.toStepWithSleep": Effect.gen(function*() {
    const seen = yield* observe((attempt) =>
      Effect.gen(function*() {
        const step = yield* Schedule.toStepWithSleep(three)
        yield* Effect.ignore(attempt)
        const { retryNum } = yield* step(new Flaky({ n: 1 }))
        yield* Effect.ignore(attempt)
        return retryNum
      })
    )
    expect(seen).toMatchObject({ starts: [0, 100], out: 1 })
    yield* expectTimeFromStep(Schedule.toStepWithSleep)
  }),

  "Schedule.CurrentMetadata": Effect.gen(function*() {
    const read: Array<unknown> = []
    const noting = Effect.map(Schedule.CurrentMetadata, ({ attempt, output }) => void read.push([attempt, output]))
    yield* observe((attempt) => Effect.retry(Effect.andThen(noting, attempt), three), { failures: 1 })
    expect(read).toMatchObject([[0, undefined], [1, { retryNum: 1, waitFor: Duration.millis(100) }]])
  }),

  "Schedule.isSchedule": Effect.sync(() => expect(Schedule.isSchedule(three)).toBe(true))
}
