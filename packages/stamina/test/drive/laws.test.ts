import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Clock, Duration, Effect, Fiber, Random, Schema } from "effect"
import { Backoff, RetryPolicy, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import * as arbitraries from "../kit/arbitraries.ts"
import { type Case, replay } from "../kit/conformance.ts"
import { drivers } from "../kit/drivers.ts"
import { expectSame } from "../kit/expectations.ts"
import { unlogged } from "../kit/unlogged.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const combinator = drivers[1]!
const runs = { arbitrary: { runs: Number(process.env["PROPERTY_RUNS"] ?? 300) } }

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

  it.prop("no wait ends at or past a timeout that may not be overshot", [arbitraries.runs], ([c]) => {
    // a backoff hook's own time counts only from the next failure on
    const script = c.script.map((step) => ({ ...step, hookMs: 0 }))
    const { seen } = replay({ ...c, script, options: { ...c.options, overshoot: "refuse" } }, combinator)
    // to the thousandth of a millisecond: the clock has whole nanoseconds
    for (const start of seen.starts) expect(start).toBeLessThan((c.options.timeout ?? Infinity) + 0.001)
    expect(seen.waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan((c.options.timeout ?? Infinity) + 0.001)
  }, runs)

  it.prop("a run that may not overshoot goes as one that may, for as long as it goes", [arbitraries.runs], ([c]) => {
    const under = (overshoot: "allow" | "refuse") =>
      replay({ ...c, options: { ...c.options, overshoot } }, combinator).seen
    const [may, mayNot] = [under("allow"), under("refuse")]
    expect(mayNot.waits).toEqual(may.waits.slice(0, mayNot.waits.length))
    const next = may.waits[mayNot.waits.length]
    if (next === undefined) return expect(mayNot).toEqual(may)
    expect(mayNot.elapsed + next).toBeGreaterThan((c.options.timeout ?? Infinity) - 0.001)
  }, runs)

  it.prop("all drivers agree, and so do the composed blocks: waits, times, details and numbers drawn", [
    arbitraries.runs
  ], ([c]) => {
    const { seen } = replay(c, combinator)
    for (const driver of drivers) expectSame(replay(c, driver).seen, seen)
  }, runs)

  it("all drivers agree where a wait is shorter than a clock can tell", () => {
    const fails = { ms: 1, tag: "Other", hook: true, hookMs: 0 } as const
    const c: Case = {
      id: "tiny",
      on: "hook",
      mode: { kind: "normal" },
      options: {
        attempts: 5,
        timeout: null,
        waitInitial: 0,
        waitMax: 1,
        waitJitter: 0,
        waitExpBase: 0,
        backoff: "decorrelated",
        overshoot: "refuse"
      },
      random: [0.5, 8e-317, 0.5, 0.5],
      script: [{ ...fails, hook: { ms: 1 } }, fails, fails, fails, fails],
      expect: { attempts: 0, final: "", waits: [], starts: [], elapsed: 0, details: [], nextWaits: [] }
    }
    const { seen } = replay(c, combinator)
    expect(seen.attempts).toBe(5)
    for (const driver of drivers) expectSame(replay(c, driver).seen, seen)
  })

  it.prop("all drivers agree on which wait came before, also where it was asked for", [arbitraries.decorrelatedRuns], (
    [c]
  ) => {
    const { seen } = replay(c, combinator)
    for (const driver of drivers) expectSame(replay(c, driver).seen, seen)
  }, runs)

  it.prop("the error that comes out is the one that went in", [arbitraries.runs], ([c]) => {
    for (const driver of drivers) expect(replay(c, driver).sameErrors).toBe(true)
  }, runs)

  // seeds that differ in 31 bits: larger ones may come to the same
  const seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))
  it.prop("the same seed gives the same run, another seed another", [seed, seed], ([seed, other]) => {
    const waits = (seed: number) => {
      const time = new VirtualTime([])
      Effect.runSync(
        Effect.fail("down").pipe(
          Stamina.retry({ on: () => true, timeout: Duration.infinity }),
          Effect.ignore,
          unlogged,
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

  it.prop("is the same for the same numbers, and draws at most one", [backoffs, retryNum, arbitraries.numberBelow1], (
    [backoff, n, u]
  ) => {
    let draws = 0
    const random = () => {
      draws++
      return u
    }
    const wait = Backoff.wait(backoff, n, random)
    expect(draws).toBeLessThanOrEqual(1)
    expect(Backoff.wait(backoff, n, random)).toBe(wait)
    if (draws === 0) expect(Backoff.shortest(backoff, n)).toBe(Backoff.longest(backoff, n))
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
