import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Clock, Duration, Effect, Fiber, Random, Schema } from "effect"
import { Backoff, Decision, RetryPolicy, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import * as arbitraries from "./kit/arbitraries.ts"
import { replay } from "./kit/conformance.ts"
import { drivers } from "./kit/drivers.ts"
import { expectSame } from "./kit/expectations.ts"
import { VirtualTime } from "./kit/VirtualTime.ts"

const [schedule, combinator] = [drivers[0]!, drivers[1]!]
const runs = { arbitrary: { runs: 300 } }

describe("the laws of a run", () => {
  it.prop("every default wait is finite, at least 0 and at most waitMax", [arbitraries.defaultRuns], ([c]) => {
    const { seen } = replay(c, combinator)
    for (const wait of seen.waits) {
      expect(Number.isFinite(wait)).toBe(true)
      expect(wait).toBeGreaterThanOrEqual(0)
      expect(wait).toBeLessThanOrEqual(c.options.waitMax)
    }
  }, runs)

  it.prop("no more attempts are made than allowed", [arbitraries.runs], ([c]) => {
    const { seen } = replay(c, combinator)
    expect(seen.attempts).toBeLessThanOrEqual(c.options.attempts ?? Infinity)
    expect(seen.waits).toHaveLength(seen.attempts - 1)
  }, runs)

  it.prop("no retry is decided at or after the timeout", [arbitraries.runs], ([c]) => {
    const { seen } = replay(c, combinator)
    for (let retry = 0; retry < seen.waits.length; retry++) {
      const failedAt = seen.starts[retry]! + c.script[Math.min(retry, c.script.length - 1)]!.ms
      expect(failedAt).toBeLessThan(c.options.timeout ?? Infinity)
    }
  }, runs)

  it.prop("all drivers agree, and so do the composed blocks: waits, times, details and numbers drawn", [
    arbitraries.runs
  ], ([c]) => {
    const { seen } = replay(c, combinator)
    for (const driver of drivers) expectSame(replay(c, driver).seen, seen)
  }, runs)

  it.prop("the error that comes out is the one that went in", [arbitraries.runs], ([c]) => {
    for (const driver of drivers) expect(replay(c, driver).sameErrors).toBe(true)
  }, runs)

  it.prop("the same seed gives the same run, another seed another", [Schema.Int, Schema.Int], ([seed, other]) => {
    const waits = (seed: number) => {
      const time = new VirtualTime([])
      Effect.runSync(
        Effect.fail("down").pipe(
          Stamina.retry({ on: () => true, timeout: Duration.infinity }),
          Effect.ignore,
          Random.withSeed(seed),
          Effect.provideService(Clock.Clock, time.clock)
        )
      )
      return time.sleeps
    }
    expect(waits(seed)).toEqual(waits(seed))
    if (seed !== other) expect(waits(seed)).not.toEqual(waits(other))
  })

  it.effect.prop("fibers that share one combinator, or one schedule, do not disturb each other", [
    Arbitrary.schema(Schema.Array(Schema.Struct({
      begin: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 500 })),
      failures: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 }))
    })))
  ], ([plans]) =>
    Effect.gen(function*() {
      const options = { on: () => true, attempts: 5, waitJitter: 0, waitInitial: 10 }
      const retry = Stamina.retry(options)
      const shared = Stamina.schedule(options)
      const run = (plan: (typeof plans)[number], how: "combinator" | "schedule") =>
        Effect.gen(function*() {
          yield* Effect.sleep(plan.begin)
          const start = yield* Clock.currentTimeMillis
          const starts: Array<number> = []
          const attempt = Effect.gen(function*() {
            starts.push((yield* Clock.currentTimeMillis) - start)
            if (starts.length <= plan.failures) yield* Effect.fail("down")
          })
          yield* Effect.ignore(how === "combinator" ? retry(attempt) : Effect.retry(attempt, shared))
          return starts
        })
      const fibers = yield* Effect.forEach(
        plans.flatMap((plan) => [run(plan, "combinator"), run(plan, "schedule")]),
        (run) => Effect.forkChild(run)
      )
      yield* TestClock.adjust("10 seconds")
      const seen = yield* Fiber.joinAll(fibers)
      const alone = [0, 10, 30, 70, 150]
      expect(seen).toEqual(
        plans.flatMap(({ failures }) => {
          const expected = alone.slice(0, Math.min(failures, 4) + 1)
          return [expected, expected]
        })
      )
    }))
})

describe("the laws of a wait", () => {
  const backoffs = Arbitrary.map(
    arbitraries.runs,
    (c) => Backoff.fromPolicy(RetryPolicy.make({ ...c.options, attempts: 1, timeout: 1 }))
  )
  const retryNum = Schema.Union([
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2000 })),
    Schema.Literals([10_000, 1e6, Number.MAX_SAFE_INTEGER])
  ])

  it.prop("lies between the shortest and the longest, which lie between 0 and the maximum", [
    backoffs,
    retryNum,
    arbitraries.numberBelow1
  ], ([backoff, n, u]) => {
    const wait = Backoff.wait(backoff, n, () => u)
    expect(Backoff.shortest(backoff, n)).toBeGreaterThanOrEqual(0)
    expect(wait).toBeGreaterThanOrEqual(Backoff.shortest(backoff, n))
    expect(wait).toBeLessThanOrEqual(Backoff.longest(backoff, n))
    expect(Backoff.longest(backoff, n)).toBeLessThanOrEqual(backoff.max)
  })

  it.prop("saturates: with any base above 1 it is the maximum exactly at attempt 10 000 and ever after", [
    Schema.Finite.check(Schema.isBetween({ minimum: 1.1, maximum: 1e308 })),
    arbitraries.numberBelow1
  ], ([base, u]) => {
    for (const n of [10_000, 1e6, 1e15]) {
      expect(Backoff.wait({ shape: "additive", initial: 100, max: 5000, jitter: 1000, base }, n, () => u)).toBe(5000)
      expect(Backoff.wait({ shape: "additive", initial: 0, max: 5000, jitter: 0, base }, n, () => u)).toBe(5000)
    }
  })

  it("draws one number where there is jitter, and none where there is not", () => {
    let draws = 0
    const random = () => ++draws / 10
    expect(Backoff.wait({ shape: "additive", initial: 100, max: 5000, jitter: 1000, base: 2 }, 1, random)).toBe(200)
    expect(draws).toBe(1)
    expect(Backoff.wait({ shape: "additive", initial: 100, max: 5000, jitter: 0, base: 2 }, 1, random)).toBe(100)
    expect(draws).toBe(1)
  })
})

describe("the decision", () => {
  const rules = Decision.fromPolicy(RetryPolicy.defaults)
  const failed = { attempt: 1, elapsed: 0, verdict: true, mode: Decision.normal } as const
  const never = () => {
    throw new Error("nobody should draw a number")
  }

  it("asks in this order: switched off, not retryable, attempts, timeout", () => {
    const worst = { attempt: 10, elapsed: 45_000, verdict: false } as const
    const reason = (what: Partial<Decision.Failed>) => {
      const decision = Decision.decide(rules, { ...failed, ...what }, never)
      return decision._tag === "Stop" ? decision.reason : decision._tag
    }
    expect(reason({ ...worst, mode: { _tag: "Inactive" } })).toBe("Inactive")
    expect(reason({ ...worst })).toBe("NotRetryable")
    expect(reason({ ...worst, verdict: true })).toBe("AttemptsExhausted")
    expect(reason({ ...worst, verdict: true, attempt: 9 })).toBe("TimeoutReached")
    expect(reason({ ...worst, verdict: 7, attempt: 9, elapsed: 44_999.999 })).toBe("Retry")
  })

  it("grants a wait that was asked for exactly, above the maximum too, and draws nothing for it", () => {
    expect(Decision.decide(rules, { ...failed, verdict: 60_000 }, never)).toEqual({ _tag: "Retry", wait: 60_000 })
    expect(Decision.decide(rules, { ...failed, verdict: 0 }, never)).toEqual({ _tag: "Retry", wait: 0 })
  })

  it("in test mode replaces the attempts, or caps them, drops the timeout and never waits", () => {
    const at = (attempt: number, cap: boolean, attempts: number) =>
      Decision.decide(
        rules,
        { attempt, elapsed: 1e9, verdict: 500, mode: { _tag: "Testing", attempts, cap } },
        never
      )
    expect(at(1, false, 2)).toEqual({ _tag: "Retry", wait: 0 })
    expect(at(2, false, 2)).toEqual({ _tag: "Stop", reason: "AttemptsExhausted" })
    expect(at(10, false, 20)).toEqual({ _tag: "Retry", wait: 0 })
    expect(at(10, true, 20)).toEqual({ _tag: "Stop", reason: "AttemptsExhausted" })
  })

  it("counts 10 attempts as 9 retries", () => {
    const { seen } = replay(
      {
        id: "default",
        on: ["HttpError"],
        options: { attempts: 10, timeout: 45_000, waitInitial: 100, waitMax: 5000, waitJitter: 1000, waitExpBase: 2 },
        script: [{ ms: 0, tag: "HttpError" }],
        random: [0],
        mode: { kind: "normal" },
        expect: { attempts: 0, final: "", waits: [], starts: [], elapsed: 0, details: [], nextWaits: [] }
      },
      schedule
    )
    expect(seen.waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
    expect(seen.attempts).toBe(10)
  })
})
