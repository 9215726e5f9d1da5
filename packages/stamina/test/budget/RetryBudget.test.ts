import { describe, expect, it } from "@effect/vitest"
import { Context, Data, Duration, Effect, Exit, Fiber, Logger, Metric, Option, Stream } from "effect"
import { RetryBudget, RetryOn, Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { freshRegistry, recordLogs, withoutWhy } from "../kit/telemetry.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

class Down extends Data.TaggedError("Down")<{ readonly after?: number }> {}

const silent = Stamina.layerHooks([])
const always = { on: () => true, waitInitial: 100, waitJitter: 0 } as const

const unheard = Context.make(Metric.MetricRegistry, new Map()).pipe(Context.add(Logger.CurrentLoggers, new Set()))

/** A run in virtual time, that ends as it ends. */
const inTime = <A, E>(effect: Effect.Effect<A, E>, time = new VirtualTime([0])): Exit.Exit<A, E> =>
  Effect.runSync(time.provide(Effect.exit(Effect.provide(Effect.provide(effect, silent), unheard))))

const refusing = (options: RetryBudget.Options): RetryBudget.RetryBudget =>
  RetryBudget.makeUnsafe({ ...options, whenEmpty: "refuse" })

const stateOf = (budget: RetryBudget.RetryBudget): RetryBudget.State => Effect.runSync(budget.state)

const tokens = (budget: RetryBudget.RetryBudget): number => stateOf(budget).tokens

const down = (): Effect.Effect<never, Down> => Effect.fail(new Down({}))

/** Fails so many times, then succeeds. */
const flaky = (failures: number) => {
  let calls = 0
  return Effect.suspend(() => calls++ < failures ? down() : Effect.succeed("up"))
}

const seeing = drivers.filter(({ name }) => !/schedule/i.test(name))

it("there are drivers that see calls that succeed", () => expect(seeing.length).toBe(5))

describe.each(seeing)("a budget given to $name", ({ build }) => {
  it("grants as many retries as it has tokens, then gives up with BudgetExhausted and the error itself", () => {
    const budget = refusing({ capacity: 3 })
    let calls = 0
    const error = new Down({})
    const call = build({ ...always, budget }, () => Effect.suspend(() => (calls++, Effect.fail(error))))

    const exit = inTime(call)
    expect(Exit.findErrorOption(exit)).toEqual(Option.some(error))
    expect(reasonOf(exit)).toBe("BudgetExhausted")
    expect(calls).toBe(4)
    expect(stateOf(budget)).toMatchObject({ granted: 3, deferred: 0, refused: 1, store: "local" })
    expect(tokens(budget)).toBe(0)

    calls = 0
    expect(reasonOf(inTime(call))).toBe("BudgetExhausted")
    expect(calls).toBe(1)
  })

  it("gets a refill from each call that succeeds at its first attempt", () => {
    const budget = refusing({ capacity: 1, refill: 0.5 })
    const fails = build({ ...always, budget, attempts: 2 }, down)
    const succeeds = build({ ...always, budget }, () => Effect.succeed("up"))
    expect(reasonOf(inTime(fails))).toBe("AttemptsExhausted")
    expect(tokens(budget)).toBe(0)
    inTime(succeeds)
    expect(tokens(budget)).toBe(0.5)
    inTime(succeeds)
    expect(tokens(budget)).toBe(1)
    inTime(succeeds)
    expect(tokens(budget)).toBe(1)
  })

  it("gets the token of a retry back that succeeds, and nothing else from that call", () => {
    const budget = refusing({ capacity: 10 })
    const before = inTime(build({ ...always, budget, attempts: 3 }, down))
    expect(reasonOf(before)).toBe("AttemptsExhausted")
    expect(tokens(budget)).toBe(8)
    const block = flaky(1)
    expect(inTime(build({ ...always, budget }, () => block))).toEqual(Exit.succeed("up"))
    expect(tokens(budget)).toBe(8)
  })

  it("is neither asked nor emptied in test mode", () => {
    const budget = refusing({ capacity: 1 })
    let calls = 0
    const call = build({ ...always, budget }, () => Effect.suspend(() => (calls++, down())))
    const exit = inTime(Effect.provide(call, Stamina.layerTesting({ attempts: 5 })))
    expect([reasonOf(exit), calls]).toEqual(["AttemptsExhausted", 5])
    expect(stateOf(budget)).toMatchObject({ granted: 0, refused: 0, tokens: 1 })
  })

  it("is not asked where retries are switched off", () => {
    const budget = refusing({ capacity: 1 })
    expect(reasonOf(inTime(Effect.provide(build({ ...always, budget }, down), Stamina.layerInactive)))).toBe("Inactive")
    expect(stateOf(budget)).toMatchObject({ granted: 0, refused: 0, tokens: 1 })
  })

  it("keeps the credit of a call whose error is not retried: its dependency has answered", () => {
    const budget = refusing({ capacity: 1, refill: 0.5 })
    const shared = { ...always, budget, attempts: 2 }
    inTime(build(shared, down))
    inTime(build({ ...shared, on: () => false }, down))
    expect(tokens(budget)).toBe(0.5)
  })

  it.effect("gives no token for a wait that is interrupted, and gets none back for an attempt that is", () =>
    Effect.gen(function*() {
      const budget = refusing({ capacity: 10 })
      let calls = 0
      const call = build(
        { ...always, budget },
        () => Effect.suspend(() => ++calls === 1 ? down() : Effect.delay(down(), "1 minute"))
      )
      const waiting = yield* Effect.forkChild(Effect.provide(call, silent))
      yield* TestClock.adjust(50)
      expect((yield* budget.state).tokens).toBe(10)
      yield* Fiber.interrupt(waiting)
      expect((yield* budget.state).tokens).toBe(10)

      calls = 0
      const attempting = yield* Effect.forkChild(Effect.provide(call, silent))
      yield* TestClock.adjust(150)
      yield* Fiber.interrupt(attempting)
      expect((yield* budget.state).tokens).toBe(9)
    }))

  it.effect("gets the token back where a deadline passes during the wait", () =>
    Effect.gen(function*() {
      const budget = refusing({ capacity: 10 })
      // a hook that takes its time makes a wait longer than was planned
      const hook = { onRetryScheduled: () => Effect.sleep("10 seconds") }
      const call = build({ ...always, budget, hooks: [hook] }, down)
      const fiber = yield* Effect.forkChild(Effect.exit(Stamina.withDeadline(call, "1 second")))
      yield* TestClock.adjust("1 minute")
      expect(reasonOf(yield* Fiber.join(fiber))).toBe("DeadlineExceeded")
      expect((yield* budget.state).tokens).toBe(10)
    }))

  it("is asked last: what the run's own limits forbid takes no token", () => {
    const budget = refusing({ capacity: 10 })
    expect(reasonOf(inTime(build({ ...always, budget, attempts: 1 }, down)))).toBe("AttemptsExhausted")
    const late = Stamina.withDeadline(build({ ...always, budget }, down), 100)
    expect(reasonOf(inTime(late))).toBe("WaitExceedsDeadline")
    expect(stateOf(budget)).toMatchObject({ granted: 0, refused: 0 })
    expect(tokens(budget)).toBe(10)
  })
})

describe("a budget", () => {
  it("is shared by all retries that are given it", () => {
    const budget = refusing({ capacity: 2 })
    inTime(Stamina.retry(down(), { ...always, budget, attempts: 2 }))
    expect(reasonOf(inTime(Stamina.retryContext({ ...always, budget }, down)))).toBe("BudgetExhausted")
  })

  it.effect.each([500, 5000])(
    "loses and doubles no credit where %d open calls fail at one moment",
    (open) =>
      Effect.gen(function*() {
        const budget = refusing({ capacity: 50 })
        const call = Stamina.retry(Effect.delay(down(), 1000), { ...always, budget, attempts: 2 })
        const calls = yield* Effect.forEach(Array.from({ length: open }), () => Effect.forkChild(Effect.exit(call)))
        yield* TestClock.adjust("1 minute")
        yield* Effect.forEach(calls, Fiber.join)
        // a model that counts successes when they come to pass has counted none
        expect(yield* budget.state).toMatchObject({ tokens: 0, granted: 50, refused: open - 50 })
      }).pipe(Effect.provide(silent), Effect.provide(unheard))
  )

  it.effect("loses nothing by a worker that is healthy for a while between its failures", () =>
    Effect.gen(function*() {
      const budget = refusing({ capacity: 10 })
      let starts = 0
      const worker = Effect.delay(Effect.suspend(() => (starts++, down())), "1 minute")
      const options = { ...always, budget, resetAfter: "10 seconds" } as const
      const fiber = yield* Effect.forkChild(Stamina.retry(worker, options))
      yield* TestClock.adjust("20 minutes")
      yield* Fiber.interrupt(fiber)
      expect(starts).toBe(19)
      // the last retry was under way
      expect((yield* budget.state).tokens).toBe(9)
    }).pipe(Effect.provide(silent), Effect.provide(unheard)))

  it.effect("gets its token back from a stream that has come up again, and lives on", () =>
    Effect.gen(function*() {
      const budget = refusing({ capacity: 10, refill: 0 })
      let starts = 0
      const stream = Stream.suspend(() =>
        ++starts < 3 ? Stream.fail("down") : Stream.concat(Stream.make(1), Stream.never)
      )
      const fiber = yield* Effect.forkChild(Stream.runDrain(Stamina.retryStream(stream, { ...always, budget })))
      yield* TestClock.adjust("1 minute")
      // the first of two retries has failed
      expect(yield* budget.state).toMatchObject({ tokens: 9, granted: 2 })
      yield* Fiber.interrupt(fiber)
      expect((yield* budget.state).tokens).toBe(9)
    }).pipe(Effect.provide(silent), Effect.provide(unheard)))

  it("draws one random number for a retry, as without it", () => {
    const time = new VirtualTime([0.5])
    inTime(Stamina.retry(down(), { on: () => true, attempts: 3, budget: RetryBudget.makeUnsafe() }), time)
    expect(time.draws).toBe(2)
    expect(time.sleeps).toEqual([600, 700])
  })

  it("is no option of a schedule", () => {
    const options = { on: () => true, budget: RetryBudget.makeUnsafe() }
    expect(() => staminaSchedule({ ...options })).toThrow(/^staminaSchedule: unknown option "budget"/)
  })

  it.each([{}, 5, null, "none"])("is nothing else: %s", (budget) => {
    const options = { ...always, budget } as unknown as Stamina.RetryOptions<() => boolean>
    expect(() => Stamina.retry(options)).toThrow(/^Stamina\.retry: budget must be a RetryBudget, got /)
    expect(() => Stamina.retryStream(Stream.fail("down"), options)).toThrow(/^Stamina\.retryStream: budget must be/)
  })

  it("refuses what it cannot work with", () => {
    const make = (options: object) => () => RetryBudget.make(options)
    expect(make({ capacity: 0.9 })).toThrow("RetryBudget.make: capacity must be a number from 1 to 1000000000, got 0.9")
    expect(make({ capacity: Number.NaN })).toThrow(/capacity must be/)
    expect(make({ refill: 1.1 })).toThrow("RetryBudget.make: refill must be a number from 0 to 1, got 1.1")
    expect(make({ refill: -0.1 })).toThrow(/refill must be/)
    expect(make({ capacity: { atLeast: 0, seconds: 3 } }))
      .toThrow("RetryBudget.make: capacity.atLeast must be a number from 1 to 1000000000, got 0")
    expect(make({ capacity: { atLeast: 1 } }))
      .toThrow("RetryBudget.make: capacity.seconds must be a number from 0 to 3600, got undefined")
    expect(make({ capacity: { atLeast: 1, secs: 3 } })).toThrow(/unknown option "secs", known are atLeast, seconds$/)
    expect(make({ whenEmpty: "later" })).toThrow(/^RetryBudget\.make: whenEmpty must be/)
    expect(make({ maxWaiting: 0 })).toThrow("RetryBudget.make: maxWaiting must be an integer >= 1 or Infinity, got 0")
    expect(make({ whenEmpty: "refuse", maxWaiting: 5 })).toThrow(/maxWaiting must be left out if whenEmpty is "refuse"/)
    expect(make({ name: "" })).toThrow("RetryBudget.make: name must be a non-empty string, got \"\"")
    expect(make({ size: 1 })).toThrow(/unknown option "size", known are name, capacity, refill, whenEmpty, maxWaiting$/)
    expect(() => RetryBudget.makeUnsafe({ capacity: 0 })).toThrow(/^RetryBudget\.makeUnsafe: capacity/)
    expect(() => RetryBudget.keyed({ maxKeys: 0 })).toThrow("RetryBudget.keyed: maxKeys must be an integer >= 1, got 0")
    expect(() => RetryBudget.keyedUnsafe({ maxKeys: 1.5 })).toThrow(/^RetryBudget\.keyedUnsafe: maxKeys/)
  })

  it("has the defaults that the docs tell of", () => {
    expect(RetryBudget.defaultCapacity).toEqual({ atLeast: 10, seconds: 3 })
    expect([RetryBudget.defaultRefill, RetryBudget.defaultMaxWaiting]).toEqual([0.2, 32_000])
    expect(tokens(RetryBudget.makeUnsafe())).toBe(10)
    expect(RetryBudget.makeUnsafe().name).toBe("<unnamed>")
  })
})

describe("budgets by key", () => {
  it("are the same for the same key, and named after it", () => {
    const budgets = RetryBudget.keyedUnsafe({ name: "shard" })
    expect(budgets("a")).toBe(budgets("a"))
    expect(budgets("a")).not.toBe(budgets("b"))
    expect(budgets("a").name).toBe("shard a")
    expect(RetryBudget.keyedUnsafe()("a").name).toBe("a")
  })

  it("are kept for so many keys; the one not used for longest goes first, and its series with it", () => {
    const { provide, series } = freshRegistry()
    const budgets = Effect.runSync(RetryBudget.keyed({ maxKeys: 2, capacity: 1 }))
    const [a, b] = [budgets("a"), budgets("b")]
    for (const budget of [a, b]) inTime(provide(Stamina.retry(down(), { ...always, budget, attempts: 2 })))
    budgets("a")
    budgets("c")
    expect(budgets("a")).toBe(a)
    expect(budgets("b")).not.toBe(b)
    expect(series("stamina_budget_tokens").map(({ attributes }) => attributes)).toEqual([{ budget: "a" }])
  })

  it("make no tokens where there are more keys than are kept: the new one has what the old one had", () => {
    const budgets = RetryBudget.keyedUnsafe({ maxKeys: 2, capacity: 5, refill: 0, whenEmpty: "refuse" })
    let attempts = 0
    const call = Effect.suspend(() => (attempts++, down()))
    for (let round = 0; round < 40; round++) {
      for (const tenant of ["a", "b", "c"]) inTime(Stamina.retry(call, { ...always, budget: budgets(tenant) }))
    }
    expect(attempts).toBe(3 * 40 + 2 * 5)
  })

  it("let one go that is at rest before one that is in use", () => {
    const budgets = RetryBudget.keyedUnsafe({ maxKeys: 2, capacity: 5 })
    const [busy] = [budgets("busy"), budgets("idle")]
    inTime(Stamina.retry(down(), { ...always, budget: busy, attempts: 2 }))
    budgets("idle")
    budgets("new")
    expect(budgets("busy")).toBe(busy)
  })

  it("leave no series behind where a call was open when its key had to go", () => {
    const { provide, series } = freshRegistry()
    const budgets = RetryBudget.keyedUnsafe({ maxKeys: 1 })
    const a = budgets("a")
    budgets("b")
    inTime(provide(Stamina.retry(down(), { ...always, budget: a, attempts: 2 })))
    expect(stateOf(a).granted).toBe(1)
    expect(series("stamina_budget_tokens")).toEqual([])
  })
})

describe("a wait that a dependency asks for", () => {
  const on = (error: Down) => error.after === undefined ? true : RetryOn.atLeast(error.after, "30 seconds")
  const asking = (after: number): Effect.Effect<never, Down> => Effect.fail(new Down({ after }))

  it("holds for the retries of other calls, with jitter on top, and not for first attempts", () => {
    const budget = refusing({})
    const time = new VirtualTime([0.5])
    inTime(Stamina.retry(asking(7000), { on, budget, attempts: 1 }), time)
    time.passUnsafe(2000)
    expect(Effect.runSync(time.provide(budget.state)).quietFor).toEqual(Duration.seconds(5))
    const calls: Array<number> = []
    inTime(
      Stamina.retry(Effect.suspend(() => (calls.push(time.now), down())), { on, budget, attempts: 2 }),
      time
    )
    expect(calls).toEqual([2000, 2000 + 5000 + 500])
    expect(time.draws).toBe(1)
  })

  it("holds until the latest that was asked for, and no longer", () => {
    const budget = refusing({})
    const time = new VirtualTime([0])
    for (const after of [7000, 1000]) inTime(Stamina.retry(asking(after), { on, budget, attempts: 1 }), time)
    inTime(Stamina.retry(down(), { ...always, budget, attempts: 2 }), time)
    inTime(Stamina.retry(down(), { ...always, budget, attempts: 2 }), time)
    expect(time.sleeps).toEqual([7000, 100])
  })

  it("is remembered for as long as the hook grants at most, however long it is", () => {
    const budget = refusing({})
    const time = new VirtualTime([0])
    expect(reasonOf(inTime(Stamina.retry(asking(3_600_000), { on, budget }), time))).toBe("HintTooLong")
    expect(Effect.runSync(time.provide(budget.state)).quietFor).toEqual(Duration.seconds(30))
  })

  it("stops a run at once whose limits leave no room for it, and costs no token", () => {
    const budget = refusing({})
    const time = new VirtualTime([0])
    inTime(Stamina.retry(asking(7000), { on, budget, attempts: 1 }), time)
    const before = tokens(budget)
    const exit = inTime(Stamina.retry(down(), { ...always, budget, timeout: 5000 }), time)
    expect(reasonOf(exit)).toBe("WaitExceedsTimeout")
    expect(time.sleeps).toEqual([])
    expect(tokens(budget)).toBeCloseTo(before, 10)
  })

  it("means nothing on another clock that has not come so far", () => {
    const budget = refusing({})
    const before = new VirtualTime([0])
    before.passUnsafe(60_000)
    inTime(Stamina.retry(asking(7000), { on, budget, attempts: 1 }), before)
    const after = new VirtualTime([0])
    inTime(Stamina.retry(down(), { ...always, budget, attempts: 2 }), after)
    expect(after.sleeps).toEqual([100])
  })

  it("is not heard in test mode", () => {
    const budget = refusing({})
    const time = new VirtualTime([0])
    const call = Effect.provide(Stamina.retry(asking(7000), { on, budget }), Stamina.layerTesting({ attempts: 2 }))
    inTime(call, time)
    expect(Effect.runSync(time.provide(budget.state)).quietFor).toEqual(Duration.zero)
  })
})

describe("what a budget tells", () => {
  it.effect("is a gauge of its tokens, read when it is asked for, and counters of its answers", () =>
    Effect.gen(function*() {
      const { counts, provide, series } = freshRegistry()
      const gauge = () => series("stamina_budget_tokens").map(({ attributes, state }) => [attributes, state])
      const budget = yield* provide(RetryBudget.make({ name: "stock", capacity: 2, refill: 0.5, whenEmpty: "refuse" }))
      expect(gauge()).toMatchObject([[{ budget: "stock" }, { value: 2 }]])
      inTime(provide(Stamina.retry(down(), { ...always, budget })))
      expect(gauge()).toMatchObject([[{ budget: "stock" }, { value: 0 }]])
      expect(counts("stamina_budget_retries_total")).toEqual([
        [{ budget: "stock", answer: "granted" }, 2],
        [{ budget: "stock", answer: "refused" }, 1],
        [{ budget: "stock", answer: "deferred" }, 0],
        [{ budget: "stock", answer: "woken" }, 0],
        [{ budget: "stock", answer: "gave_up" }, 0]
      ])
      inTime(Stamina.retry(Effect.void, { ...always, budget }))
      expect(gauge()).toMatchObject([[{ budget: "stock" }, { value: 0.5 }]])
    }))

  it("stands in every registry that it is asked from, once", () => {
    const budget = refusing({ name: "stock" })
    const registries = [freshRegistry(), freshRegistry()]
    for (const { provide } of [...registries, ...registries]) {
      inTime(provide(Stamina.retry(down(), { ...always, budget, attempts: 2 })))
    }
    for (const { counts } of registries) {
      expect(counts("stamina_budget_retries_total").slice(0, 2)).toEqual([
        [{ budget: "stock", answer: "granted" }, 4],
        [{ budget: "stock", answer: "refused" }, 0]
      ])
    }
  })

  it("is a line at the first refusal, and one when it has been half full for ten seconds", () => {
    const { lines, provide } = recordLogs()
    const time = new VirtualTime([0])
    const budget = refusing({ name: "stock", capacity: 2, refill: 0.5 })
    const fails = () => inTime(provide(Stamina.retry(down(), { ...always, budget, timeout: "1 hour" })), time)
    const succeeds = (seconds: number) => {
      time.passUnsafe(seconds * 1000)
      inTime(provide(Stamina.retry(Effect.void, { ...always, budget })), time)
    }
    const told = () =>
      withoutWhy(lines.splice(0)).map(({ annotations, level, message }) => [level, message, annotations])

    for (let i = 0; i < 3; i++) fails()
    const summary = "retries are refused until calls succeed again"
    expect(told()).toEqual([["Warn", "stamina.budget_exhausted", { budget: "stock", granted: 2, summary }]])

    // half full since now; a failure that leaves less begins the ten seconds anew
    succeeds(0)
    fails()
    succeeds(10)
    succeeds(0)
    succeeds(9.9)
    expect(told()).toEqual([])
    succeeds(0.1)
    expect(told()).toEqual([["Info", "stamina.budget_recovered", { budget: "stock", refused: 4, deferred: 0 }]])
    succeeds(60)
    expect(told()).toEqual([])
    fails()
    fails()
    expect(told()).toMatchObject([["Warn", "stamina.budget_exhausted", { granted: 4 }]])
  })

  it("is the outcome of a run in its metrics and its sentence in its log line", () => {
    const { counts, provide } = freshRegistry()
    const logs = recordLogs()
    const budget = refusing({ capacity: 1 })
    const call = Stamina.retry(down(), { ...always, budget, name: "stock" })
    Effect.runSync(new VirtualTime([0]).provide(logs.provide(provide(Effect.exit(call)))))
    expect(counts("stamina_runs_total")).toEqual([[{ callable: "stock", outcome: "budget_exhausted" }, 1]])
    expect(logs.lines.at(-1)?.annotations).toMatchObject({
      reason: "BudgetExhausted",
      summary: "budget exhausted after 2 attempts in 0.3s: 0s of it inside attempts, 0.3s waiting"
    })
  })
})
