/**
 * Effect's own schedules beside `staminaSchedule`, in `Schedule.max`.
 */
import { expect } from "@effect/vitest"
import { Cron, Effect, Schedule } from "effect"
import { observe, retrying, type Rows, three, toldOfThree } from "./observing.ts"

/** Longer waits; all that `three` decides and says holds. */
const expectLonger = (partner: Schedule.Schedule<unknown>, starts: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    expect(yield* retrying(Schedule.max([three, partner]))).toMatchObject({ starts, told: toldOfThree })
  })

/** Two attempts; the second retry is announced and never made. */
const expectShorter = (partner: Schedule.Schedule<unknown>, at: number, takes = 0) =>
  Effect.gen(function*() {
    expect(yield* retrying(Schedule.max([three, partner]), { takes }))
      .toMatchObject({ starts: [0, at], told: ["retry 1 in 100", "retry 2 in 200"] })
  })

export const partnerRows: Rows = {
  "Schedule.spaced": expectLonger(Schedule.spaced(150), [0, 150, 350]),
  "Schedule.fixed": expectLonger(Schedule.fixed(150), [0, 150, 350]),
  "Schedule.windowed": expectLonger(Schedule.windowed(150), [0, 150, 350]),
  "Schedule.exponential": expectLonger(Schedule.exponential("10 seconds"), [0, 10_000, 30_000]),
  "Schedule.fibonacci": expectLonger(Schedule.fibonacci("10 seconds"), [0, 10_000, 20_000]),
  "Schedule.cron": Effect.gen(function*() {
    // on the minute, and the timeout is 45 s
    const cron = Schedule.max([three, Schedule.cron(yield* Effect.fromResult(Cron.parse("* * * * *")))])
    expect(yield* observe(Effect.retry(cron)))
      .toMatchObject({ starts: [0, 60_000], told: ["retry 1 in 100", "gave up: TimeoutReached"] })
  }),
  "Schedule.forever": expectLonger(Schedule.forever, [0, 100, 300]),
  "Schedule.identity": expectLonger(Schedule.identity<unknown>(), [0, 100, 300]),
  "Schedule.recurs": expectShorter(Schedule.recurs(1), 100),
  "Schedule.once": expectShorter(Schedule.once, 100),
  "Schedule.duration": expectShorter(Schedule.duration(150), 150),
  "Schedule.during": expectShorter(Schedule.during("1 second"), 2100, 2000)
}
