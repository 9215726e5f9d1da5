import { describe, expect, it } from "@effect/vitest"
import { Clock, Data, Duration, Effect, Fiber, Option, Schema } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"

class Flaky extends Data.TaggedError("Flaky") {}
class Fatal extends Data.TaggedError("Fatal") {}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** What stands around the leaf, inside out: a run or a deadline. */
const Around = Schema.Union([
  Schema.Struct({
    kind: Schema.Literals(["retry", "context", "schedule"]),
    attempts: between(1, 4),
    timeout: between(1, 5000),
    waitInitial: between(0, 300),
    backoff: Schema.Literals(["additive", "full", "equal", "decorrelated", "linear"]),
    overshoot: Schema.Literals(["allow", "refuse"]),
    attemptTimeout: Schema.Union([between(1, 2000), Schema.Undefined]),
    nested: Schema.Literals(["allow", "once"])
  }),
  Schema.Struct({ kind: Schema.Literal("deadline"), limit: between(1, 3000) })
])

/** A nest of at most four around a leaf whose calls take their time and fail, or not. */
const Nest = Schema.Struct({
  around: Schema.Array(Around).check(Schema.isMaxLength(4)),
  calls: Schema.NonEmptyArray(Schema.Struct({
    takes: between(0, 1500),
    outcome: Schema.Literals(["flaky", "flaky", "flaky", "fatal", "ok", "defect"])
  })),
  fibers: between(1, 3),
  interruptAt: Schema.Union([between(0, 4000), Schema.Undefined]),
  /** How far the wall clock jumps at each reading. */
  jumps: Schema.NonEmptyArray(between(-100_000, 100_000))
})

const outcomes: {
  readonly [Outcome in (typeof Nest.Type)["calls"][number]["outcome"]]: Effect.Effect<string, unknown>
} = {
  flaky: Effect.suspend(() => Effect.fail(new Flaky())),
  fatal: Effect.suspend(() => Effect.fail(new Fatal())),
  defect: Effect.die("defect"),
  ok: Effect.succeed("ok")
}

/** A clock whose wall jumps about, while its monotonic time goes on as it should. */
const jumping = (clock: Clock.Clock, jumps: ReadonlyArray<number>): Clock.Clock => {
  let reading = 0
  const wall = () => clock.currentTimeMillisUnsafe() + jumps[reading++ % jumps.length]!
  const nanos = () => BigInt(wall()) * 1_000_000n
  return {
    currentTimeMillisUnsafe: wall,
    currentTimeMillis: Effect.sync(wall),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }
}

/** An attempt of a run: which run, when it began, and the deadline that was then in force. */
interface Begun {
  readonly run: number
  readonly num: number
  readonly at: bigint
  readonly deadline: bigint | undefined
  readonly level: number
}

const build = (nest: typeof Nest.Type) => {
  const begun: Array<Begun> = []
  const failures = new Map<string, bigint>()
  let runs = 0
  let calls = 0

  const mark = (level: number, run: number, num: number) =>
    Effect.gen(function*() {
      const at = yield* Clock.monotonicTimeNanos
      const left = Option.getOrUndefined(yield* Stamina.timeLeft)
      begun.push({ run, num, at, deadline: left && at + Duration.toNanosUnsafe(left), level })
    })

  let effect: Effect.Effect<unknown, unknown> = Effect.suspend(() => {
    const { outcome, takes } = nest.calls[calls++ % nest.calls.length]!
    return Effect.andThen(Effect.sleep(takes), outcomes[outcome])
  })
  nest.around.forEach((around, level) => {
    const inside = effect
    if (around.kind === "deadline") {
      effect = Stamina.withDeadline(inside, around.limit)
      return
    }
    const { attemptTimeout, kind, ...rest } = around
    const options = { ...rest, waitJitter: 50, waitMax: 500, on: (error: unknown) => !(error instanceof Fatal) }
    effect = Effect.suspend(() => {
      const run = runs++
      let num = 0
      const attempt = Effect.suspend(() => {
        const mine = ++num
        return Effect.andThen(mark(level, run, mine), inside).pipe(
          Effect.onExit(() => Effect.map(Clock.monotonicTimeNanos, (at) => void failures.set(`${run}/${mine}`, at)))
        )
      })
      switch (kind) {
        case "retry":
          return Stamina.retry(attempt, { ...options, attemptTimeout })
        case "context":
          return Stamina.retryContext({ ...options, attemptTimeout }, (known) => {
            expect(known.num).toBe(num + 1)
            return attempt
          })
        case "schedule":
          return Effect.retry(attempt, staminaSchedule(options))
      }
    })
  })
  return { begun, failures, effect }
}

describe("a nest of runs, deadlines, timeouts and interruptions", () => {
  it.effect.prop(
    "ends, begins no attempt after its deadline, and no more attempts than allowed",
    [Nest],
    ([nest]) =>
      Effect.gen(function*() {
        const clock = yield* Clock.Clock
        const { begun, effect, failures } = build(nest)
        const root = yield* Effect.forkChild(
          Effect.all(Array.from({ length: nest.fibers }, () => Effect.exit(effect)), { concurrency: "unbounded" }).pipe(
            Effect.provideService(Clock.Clock, jumping(clock, nest.jumps)),
            Effect.provide(Stamina.layerHooks([]))
          )
        )
        if (nest.interruptAt !== undefined) {
          yield* TestClock.adjust(nest.interruptAt)
          yield* Fiber.interrupt(root)
          const before = begun.length
          yield* TestClock.adjust("1 day")
          expect(begun).toHaveLength(before)
        }
        yield* TestClock.adjust("30 days")
        // every run has ended
        expect(root.pollUnsafe()).toBeDefined()

        const starts = new Map(begun.filter(({ num }) => num === 1).map(({ at, run }) => [run, at]))
        for (const { at, deadline, level, num, run } of begun) {
          const around = nest.around[level]!
          if (around.kind === "deadline") throw new Error("only runs make attempts")
          if (num > 1 && deadline !== undefined) expect(at).toBeLessThan(deadline)
          expect(num).toBeLessThanOrEqual(around.attempts)
          if (num > 1) {
            const failedAfter = failures.get(`${run}/${num - 1}`)! - starts.get(run)!
            expect(failedAfter).toBeLessThan(BigInt(around.timeout) * 1_000_000n)
            if (around.overshoot === "refuse") {
              expect(at - starts.get(run)!).toBeLessThan(BigInt(around.timeout) * 1_000_000n)
            }
          }
        }
      }),
    { arbitrary: { runs: 400 }, timeout: 60_000 }
  )
})
