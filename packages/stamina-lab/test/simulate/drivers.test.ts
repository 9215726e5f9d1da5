/**
 * The simulator is a driver: with the same random numbers and the same luck, a call that is simulated and a call that is
 * retried are the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Clock, Context, Data, Duration, Effect, Exit, Fiber, Metric, Random, Schema } from "effect"
import { RetryBudget, RetryOn, RetryPolicy, Stamina } from "effect-stamina"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import { TestClock } from "effect/testing"
import * as deadlines from "../../../stamina/src/ambient/deadlines.ts"
import { runs } from "../../../stamina/test/kit/arbitraries.ts"
import { unlogged } from "../../../stamina/test/kit/unlogged.ts"
import { VirtualTime } from "../../../stamina/test/kit/VirtualTime.ts"
import { fromScenario } from "../../src/simulate/scenario.ts"
import * as random from "../../src/tools/random.ts"

class Down extends Data.TaggedError("Down")<{ readonly hint: RetryOn.Hint | undefined }> {}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const optional = <A>(schema: Schema.Codec<A>) => Schema.Union([schema, Schema.Undefined])

const scenarios = Arbitrary.schema(Schema.Struct({
  failures: Schema.Union([
    Schema.Literal("always"),
    Schema.Struct({ outage: between(0, 30_000) }),
    Schema.Struct({ chance: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })) })
  ]),
  latency: Schema.Union([
    between(0, 500),
    Schema.Struct({ median: between(1, 100), p99: between(100, 3000) })
  ]),
  deadline: optional(between(1, 20_000)),
  hints: optional(Schema.Struct({
    wait: between(0, 5000),
    max: between(1, 5000),
    chance: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
  })),
  // one that waits is woken by others: see `waitingCalls.test.ts`
  budget: optional(Schema.Struct({
    capacity: between(1, 10),
    refill: Schema.Literals([0, 0.2, 1]),
    whenEmpty: Schema.Literal("refuse")
  })),
  runs: between(1, 6),
  seed: between(-(2 ** 31), 2 ** 31)
}))

/** Random numbers as a fiber has them, from a seed. */
const seeded = (seed: number): Random.Random => ({
  nextDoubleUnsafe: random.make(seed),
  nextIntUnsafe: () => assert.fail("nobody should ask for an integer")
})

/** A hook that keeps the reason of the last run. */
const noting = (seen: { reason: string | undefined }) =>
  Stamina.layerHooks([{ name: "noting", onGaveUp: ({ reason }) => void (seen.reason = reason) }])

/** Makes the calls of a scenario for real, in time that jumps. */
const retried = (policy: RetryPolicy.RetryPolicy, scenario: RetrySimulation.Scenario) => {
  const { runs, world } = fromScenario("test", scenario, 10)
  const time = new VirtualTime([])
  const budget = scenario.budget === undefined || typeof scenario.budget === "function"
    ? undefined
    : RetryBudget.makeUnsafe(scenario.budget)
  const deadline = Duration.toMillis(scenario.deadline ?? Duration.infinity)
  const services = Context.make(Clock.Clock, time.clock).pipe(
    Context.add(Random.Random, seeded(scenario.seed ?? 1)),
    Context.add(Metric.MetricRegistry, new Map())
  )

  const call = Effect.suspend(() => {
    const start = time.now
    const attempts: Array<{ begins: number; took: number; waitAfter: number | undefined }> = []
    const seen: { reason: string | undefined } = { reason: undefined }
    const bound = new deadlines.Deadline(
      BigInt(Math.round((start + Math.min(deadline, 1e9)) * 1_000_000)),
      undefined
    )
    const attempt = Effect.suspend((): Effect.Effect<string, Down> => {
      const begins = time.now - start
      const last = attempts.at(-1)
      if (last !== undefined) last.waitAfter = begins - last.begins - last.took
      const takes = Math.min(world.takes(), deadline - begins)
      attempts.push({ begins, took: takes, waitAfter: undefined })
      time.passUnsafe(takes)
      if (begins + takes >= deadline) {
        // what the timer of a deadline does
        bound.state = "passed"
        return Effect.interrupt
      }
      if (!world.fails(begins)) return Effect.succeed("up")
      const verdict = world.verdict()
      return Effect.fail(new Down({ hint: verdict === true ? undefined : verdict as RetryOn.Hint }))
    })
    const options = { ...policy, on: ({ hint }: Down) => hint ?? true, budget }
    const run = deadline === Infinity
      ? Stamina.retry(attempt, options)
      : Effect.provideService(Stamina.retry(attempt, options), deadlines.Current, bound)
    return Effect.map(Effect.exit(Effect.provide(run, noting(seen))), (exit): RetrySimulation.Sample => ({
      // a budget refuses a retry when its wait is over
      attempts: seen.reason !== "BudgetExhausted"
        ? attempts
        : attempts.map((attempt, i) =>
          i < attempts.length - 1
            ? attempt
            : { ...attempt, waitAfter: time.now - start - attempt.begins - attempt.took }
        ),
      outcome: Exit.isSuccess(exit)
        ? "Succeeded"
        : (seen.reason ?? "DeadlineExceeded") as RetrySimulation.Sample["outcome"],
      duration: time.now - start
    }))
  })
  return Effect.runSync(Effect.provideContext(unlogged(Effect.replicateEffect(call, runs)), services))
}

/** Times are the same to the microsecond: clocks count in nanoseconds, and so round each wait. */
const assertSame = (
  simulated: ReadonlyArray<RetrySimulation.Sample>,
  retried: ReadonlyArray<RetrySimulation.Sample>
): void => {
  const outcomes = (samples: ReadonlyArray<RetrySimulation.Sample>) =>
    samples.map(({ attempts, outcome }) => [outcome, attempts.length])
  assert.deepStrictEqual(outcomes(simulated), outcomes(retried))
  const times = (samples: ReadonlyArray<RetrySimulation.Sample>) =>
    samples.flatMap(({ attempts, duration }) => [
      duration,
      ...attempts.flatMap(({ begins, took, waitAfter = -1 }) => [begins, took, waitAfter])
    ])
  times(simulated).forEach((time, i) => assert.closeTo(time, times(retried)[i]!, 0.001))
}

describe("a simulated call is a call that is retried", () => {
  it.prop(
    "in all waits, attempts, times and reasons, for all shapes, hints, deadlines and budgets",
    { run: runs, scenario: scenarios },
    ({ run, scenario }) => {
      const { attempts, timeout, ...rest } = run.options
      const policy = RetryPolicy.make({
        ...rest,
        attempts: attempts ?? Infinity,
        timeout: timeout ?? Duration.infinity
      })
      assertSame(RetrySimulation.samples(policy, scenario), retried(policy, scenario))
    },
    { arbitrary: { runs: 1000 }, timeout: 60_000 }
  )

  it("where a hint asks for no wait, which means the wait by default", () => {
    const policy = RetryPolicy.make({ attempts: 5, timeout: 4, waitInitial: 2, waitMax: 2, waitJitter: 0 })
    const scenario = { failures: { chance: 0.5 }, hints: { wait: 0 }, latency: 3, runs: 20 }
    const samples = RetrySimulation.samples(policy, scenario)
    assertSame(samples, retried(policy, scenario))
    // a wait that others ask for would not begin where it ends past the timeout
    assert.isTrue(samples.some(({ attempts }) => attempts.length > 1))
  })

  it("where a hint that one call got holds back the next", () => {
    const policy = RetryPolicy.make({ attempts: 2, waitInitial: 10, waitJitter: 0 })
    const budget = { whenEmpty: "refuse" } as const
    const scenario = { budget, hints: { wait: 3000, chance: 0.5 }, latency: 5, runs: 30 }
    const samples = RetrySimulation.samples(policy, scenario)
    assertSame(samples, retried(policy, scenario))
    // not asked for by a hint of its own, nor by the policy
    assert.isTrue(samples.some(({ attempts: [first] }) => first!.waitAfter! > 10 && first!.waitAfter! < 3000))
  })

  const limits: ReadonlyArray<RetrySimulation.Scenario> = [
    { attemptTimeout: 100 },
    { attemptTimeout: 100, deadline: "3 seconds" },
    { deadline: "2 seconds" },
    { attemptTimeout: 250, deadline: "10 seconds", failures: { chance: 0.6 }, hints: { wait: 700, chance: 0.5 } }
  ]

  it.effect.each(limits)("where real timers break off attempts and runs, with %j", (limits) =>
    Effect.gen(function*() {
      for (let seed = 1; seed <= 25; seed++) {
        const policy = RetryPolicy.make({ attempts: 6 })
        const scenario = { latency: { median: 80, p99: 400 }, runs: 1, seed, ...limits }
        const { world } = fromScenario("test", scenario, 1)
        const seen: { reason: string | undefined } = { reason: undefined }
        const begun: Array<number> = []
        const started = yield* Clock.currentTimeMillis
        const attempt = Effect.gen(function*() {
          const begins = (yield* Clock.currentTimeMillis) - started
          begun.push(begins)
          yield* Effect.sleep(world.takes())
          if (!world.fails(begins)) return "up"
          const verdict = world.verdict()
          return yield* new Down({ hint: verdict === true ? undefined : verdict as RetryOn.Hint })
        })
        const { attemptTimeout, deadline = Duration.infinity } = limits
        const fiber = yield* Stamina.retry(attempt, {
          ...policy,
          ...(attemptTimeout === undefined ? {} : { attemptTimeout }),
          on: (error) => error._tag !== "Down" || error.hint === undefined || error.hint
        }).pipe(
          Stamina.withDeadline(deadline),
          Effect.provide(noting(seen)),
          Effect.provideService(Random.Random, seeded(seed)),
          unlogged,
          Effect.exit,
          Effect.zip(Clock.currentTimeMillis),
          Effect.forkChild
        )
        yield* TestClock.adjust("1 minute")
        const [exit, ended] = yield* Fiber.join(fiber)

        const [sample] = RetrySimulation.samples(policy, scenario)
        assert.strictEqual(sample!.outcome, Exit.isSuccess(exit) ? "Succeeded" : seen.reason ?? "DeadlineExceeded")
        assert.closeTo(sample!.duration, ended - started, 0.01)
        assert.strictEqual(sample!.attempts.length, begun.length)
        sample!.attempts.forEach(({ begins }, i) => assert.closeTo(begins, begun[i]!, 0.01))
      }
    }))
})
