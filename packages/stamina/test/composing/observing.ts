/**
 * What happens where a schedule is used: when the attempts begin, what hooks are told, and what comes out.
 */
import { expect } from "@effect/vitest"
import { Cause, Clock, Duration, Effect, Exit, Latch, Schema } from "effect"
import type { Schedule, Scope } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import type * as RetrySchedule from "effect-stamina/RetrySchedule"
import { TestClock } from "effect/testing"

/** The name of each row, and what holds there. */
export type Rows = Readonly<Record<string, Effect.Effect<void, unknown, Scope.Scope>>>

export class Flaky extends Schema.TaggedError<Flaky>()("Flaky", { n: Schema.Number }) {}
export class Fatal extends Schema.TaggedError<Fatal>()("Fatal", {}) {}

/** Waits of 100, 200, 400 … milliseconds. */
export const plain = { on: "Flaky", waitJitter: 0 } as const

/** Three calls, 100 and 200 milliseconds apart. */
export const three = staminaSchedule({ ...plain, attempts: 3 })

/** The same for whatever it is asked about. */
export const threeOfAny = staminaSchedule({ ...plain, on: () => true, attempts: 3 })

export interface Seen {
  /** When each attempt began, in milliseconds. */
  readonly starts: ReadonlyArray<number>
  /** What hooks were told. */
  readonly told: ReadonlyArray<string>
  /** The value, or the error, or the defect; `"still running"` after ten minutes. */
  readonly out: unknown
}

interface Course {
  /** How many attempts fail before one succeeds. Default: all. */
  readonly failures?: number
  /** How long each attempt takes, in milliseconds. Default: 0. */
  readonly takes?: number
  /** What they fail with. Default: `Flaky`. */
  readonly error?: (n: number) => Flaky | Fatal
  /** Time stands still until the first attempt begins, for what computes digests before: no clock knows how long. */
  readonly waitsForFirst?: boolean
}

/** Hands out an attempt that fails as it is told to, and writes down what happens in the ten minutes that follow. */
export const observe = <A, E>(
  use: (attempt: Effect.Effect<string, Flaky>) => Effect.Effect<A, E, Scope.Scope>,
  { error = (n) => new Flaky({ n }), failures = Infinity, takes = 0, waitsForFirst = false }: Course = {}
): Effect.Effect<Seen, never, Scope.Scope> =>
  Effect.gen(function*() {
    const begun = yield* Clock.currentTimeMillis
    const starts: Array<number> = []
    const told: Array<string> = []
    const first = Latch.makeUnsafe(!waitsForFirst)
    const attempt = Effect.gen(function*() {
      const n = starts.push((yield* Clock.currentTimeMillis) - begun)
      first.openUnsafe()
      if (takes > 0) yield* Effect.sleep(takes)
      // one type is enough to know what is asked for
      return n > failures ? "ok" : yield* Effect.fail(error(n) as Flaky)
    })
    const tell = (line: string) => Effect.sync(() => void told.push(line))
    const hooks = Stamina.layerHooks([{
      onRetryScheduled: ({ retryNum, waitFor }) => tell(`retry ${retryNum} in ${Duration.toMillis(waitFor)}`),
      onGaveUp: ({ reason }) => tell(`gave up: ${reason}`)
    }])
    const fiber = yield* Effect.forkScoped(Effect.provide(use(attempt), hooks))
    yield* first.await
    yield* TestClock.adjust("10 minutes")
    const exit = fiber.pollUnsafe()
    const out = exit === undefined
      ? "still running"
      : Exit.isSuccess(exit)
      ? exit.value
      : Cause.squash(exit.cause)
    return { starts: [...starts], told: [...told], out }
  })

/** How a schedule for errors is used. */
export type Use = (
  schedule: Schedule.Schedule<RetrySchedule.RetryProgress>
) => (attempt: Effect.Effect<string, Flaky>) => Effect.Effect<unknown, unknown, Scope.Scope>

/** What hooks are told of `three`, where all is as it says. */
export const toldOfThree = ["retry 1 in 100", "retry 2 in 200", "gave up: AttemptsExhausted"]

/** Expects the three attempts of `three`, at their times, true hooks, and the last error at the end. */
export const expectThree = (use: Use) =>
  Effect.gen(function*() {
    expect(yield* observe(use(three))).toEqual({ starts: [0, 100, 300], told: toldOfThree, out: new Flaky({ n: 3 }) })
    expect(yield* observe(use(three), { failures: 2 }))
      .toMatchObject({ starts: [0, 100, 300], told: ["retry 1 in 100", "retry 2 in 200"] })
    expect(yield* observe(use(three), { error: () => new Fatal() }))
      .toEqual({ starts: [0], told: [], out: new Fatal() })
  })

/** Expects the time to count from here: three attempts of 30 seconds each would break a limit of 45 seconds. */
export const expectTimeFrom = (from: "just before the first attempt" | "the first failure", use: Use) =>
  Effect.gen(function*() {
    const seen = yield* observe(use(staminaSchedule({ ...plain, timeout: "45 seconds" })), { takes: 30_000 })
    expect(seen).toMatchObject(
      from === "just before the first attempt"
        ? { starts: [0, 30_100], told: ["retry 1 in 100", "gave up: TimeoutReached"] }
        : { starts: [0, 30_100, 60_300], told: ["retry 1 in 100", "retry 2 in 200", "gave up: TimeoutReached"] }
    )
  })

/** Waits and announcements of one run, for combinators. */
export const retrying = (schedule: Schedule.Schedule<unknown, Flaky>, course?: Course) =>
  observe((attempt) => Effect.retry(attempt, schedule), course)

/** What `Effect.retryOrElse` is handed at the end. */
export const outputOf = (schedule: Schedule.Schedule<unknown, Flaky>, course?: Course) =>
  Effect.map(
    observe((attempt) => Effect.retryOrElse(attempt, schedule, (_, output) => Effect.succeed(output)), course),
    ({ out }) => out
  )
