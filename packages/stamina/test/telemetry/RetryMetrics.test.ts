import { describe, expect, it } from "@effect/vitest"
import { Data, Duration, Effect, Fiber, Metric } from "effect"
import { RetryMetrics, Stamina, staminaSchedule } from "effect-stamina"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { call, freshRegistry, gaveUp } from "../kit/telemetry.ts"

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

const options = { on: () => true, waitJitter: 0, waitInitial: 100, attempts: 3, name: "fetch" } as const

/** Fails as often as told, then succeeds. */
const failing = (times: number): Effect.Effect<string, unknown> => {
  let calls = 0
  return Effect.suspend(() => ++calls <= times ? Effect.fail(new HttpError({ status: 503 })) : Effect.succeed("ok"))
}

/** What comes with hooks: all but the blocks, which have none. */
const hooked = drivers.filter(({ name }) => !name.startsWith("the blocks"))
const seeing = hooked.filter(({ name }) => !name.startsWith("Effect.retry"))
const names = (list: typeof drivers) => list.map((driver) => [driver.name, driver] as const)

describe.each(names(hooked))("the metrics, driven by %s", (_, driver) => {
  it.effect("count each retry with what is retried, which retry it is, and the error's type", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      yield* provide(inTime(Effect.exit(driver.build(options, () => failing(9)))))
      expect(counts("stamina_retries_total")).toEqual([
        [{ callable: "fetch", retry_num: "1", error_type: "HttpError" }, 1],
        [{ callable: "fetch", retry_num: "2", error_type: "HttpError" }, 1]
      ])
    }))

  it.effect("count retries above the tenth as 10+", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      yield* provide(inTime(Effect.exit(driver.build({ ...options, attempts: 14 }, () => failing(99)))))
      expect(counts("stamina_retries_total").map(([labels, count]) => [labels?.["retry_num"], count])).toEqual([
        ...Array.from({ length: 10 }, (_, i) => [String(i + 1), 1]),
        ["10+", 3]
      ])
    }))

  it.effect("add up the waits in seconds, as they are scheduled", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      const run = driver.build({ ...options, attempts: 4 }, () => failing(9))
      const fiber = yield* Effect.forkChild(provide(Effect.exit(run)))
      yield* TestClock.adjust(0)
      expect(counts("stamina_scheduled_wait_seconds_total")).toEqual([[{ callable: "fetch" }, 0.1]])
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const [[labels, seconds] = [undefined, 0]] = counts("stamina_scheduled_wait_seconds_total")
      expect(labels).toEqual({ callable: "fetch" })
      expect(seconds).toBeCloseTo(0.1 + 0.2 + 0.4, 9)
    }))

  it.effect.each(
    [
      ["attempts_exhausted", options, failing(9), 3],
      ["attempts_exhausted", { ...options, attempts: 1 }, failing(9), 1],
      ["timeout_reached", { ...options, attempts: 9, timeout: 250 }, failing(9), 3],
      [
        "timeout_reached",
        { ...options, timeout: 1000 },
        Effect.andThen(Effect.sleep("2 seconds"), failing(9)),
        1
      ],
      ["not_retryable", { ...options, on: (error: unknown) => error === 0 }, countingUp(), 2]
    ] as const
  )("count a run that is given up, once, as %s", ([outcome, options, block, attempts]) =>
    Effect.gen(function*() {
      const { counts, provide, series } = freshRegistry()
      yield* provide(inTime(Effect.exit(driver.build(options, () => block))))
      expect(counts("stamina_runs_total")).toEqual([[{ callable: "fetch", outcome }, 1]])
      expect(series("stamina_run_attempts")).toMatchObject([
        { attributes: { callable: "fetch", outcome }, state: { count: 1, sum: attempts } }
      ])
    }))

  it.effect("count nothing for a run that succeeds at once, is not to be retried, or may not be", () =>
    Effect.gen(function*() {
      const { labels, provide } = freshRegistry()
      yield* provide(driver.build(options, () => failing(0)))
      yield* provide(Effect.exit(driver.build({ ...options, on: "Other" }, () => failing(9))))
      yield* provide(Effect.exit(driver.build(options, () => failing(9)))).pipe(Effect.provide(Stamina.layerInactive))
      expect(labels()).toEqual([])
    }))

  it.effect.each(
    [
      ["HttpError", new HttpError({ status: 503 })],
      ["Tagged", { _tag: "Tagged", message: "secret" }],
      ["TypeError", new TypeError("secret")],
      [
        "Local",
        new (class Local {
          readonly message = "secret"
        })()
      ],
      ["Local", new (class Local extends Error {})("secret")],
      [
        "Local",
        new (class Local extends Error {
          readonly _tag = 42
        })("secret")
      ],
      ["Object", { message: "secret" }],
      ["Array", ["secret"]],
      [
        "object",
        new (class {
          readonly message = "secret"
        })()
      ],
      ["Error", Object.assign(new Error("secret"), { _tag: "" })],
      ["object", Object.create(null)],
      ["object", { constructor: { name: "secret" } }],
      [
        "object",
        new (class extends Error {
          static override readonly name = 42 as never
        })("secret")
      ],
      ["string", "secret"],
      ["number", 503],
      ["boolean", false],
      ["bigint", 503n],
      ["symbol", Symbol("secret")],
      ["function", function secret() {}],
      ["undefined", undefined],
      ["null", null]
    ] as const
  )("name the type %s of an error, and never its message", ([type, error]) =>
    Effect.gen(function*() {
      const { labels, provide } = freshRegistry()
      yield* provide(inTime(Effect.exit(driver.build(options, () => Effect.fail(error)))))
      expect(new Set(labels().filter(([name]) => name === "error_type").map(([, value]) => value)))
        .toEqual(new Set([type]))
      expect(JSON.stringify(labels())).not.toContain("secret")
    }))
})

/** Fails with 0, then with 1, and so on. */
function countingUp(): Effect.Effect<string, number> {
  let calls = 0
  return Effect.suspend(() => Effect.fail(calls++))
}

describe.each(names(seeing))("the metrics, driven by %s, which sees how a run ends", (_, driver) => {
  it.effect("count a run that recovers, and in which attempt", () =>
    Effect.gen(function*() {
      const { counts, provide, series } = freshRegistry()
      const shared = failing(2)
      yield* provide(inTime(driver.build(options, () => shared)))
      expect(counts("stamina_runs_total")).toEqual([[{ callable: "fetch", outcome: "recovered" }, 1]])
      expect(series("stamina_run_attempts")).toMatchObject([
        { attributes: { callable: "fetch", outcome: "recovered" }, state: { count: 1, sum: 3, min: 3, max: 3 } }
      ])
    }))

  it.effect("count a run that is interrupted, and its wait in full", () =>
    Effect.gen(function*() {
      const { counts, provide, series } = freshRegistry()
      const fiber = yield* Effect.forkChild(provide(driver.build(options, () => failing(9))))
      yield* TestClock.adjust(50)
      yield* Fiber.interrupt(fiber)
      expect(counts("stamina_runs_total")).toEqual([[{ callable: "fetch", outcome: "interrupted" }, 1]])
      expect(counts("stamina_scheduled_wait_seconds_total")).toEqual([[{ callable: "fetch" }, 0.1]])
      expect(series("stamina_run_attempts")).toMatchObject([{ state: { count: 1, sum: 1 } }])
    }))

  it.effect("count a defect after a retry as not retryable", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      let calls = 0
      const block = Effect.suspend(() => ++calls < 2 ? Effect.fail("down") : Effect.die("bug"))
      yield* provide(inTime(Effect.exit(driver.build(options, () => block))))
      expect(counts("stamina_runs_total")).toEqual([[{ callable: "fetch", outcome: "not_retryable" }, 1]])
    }))
})

describe("the metrics of a schedule", () => {
  it.effect("know of no recovery and no interruption, only of retries", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      yield* provide(inTime(Effect.retry(failing(1), staminaSchedule(options))))
      const fiber = yield* Effect.forkChild(provide(Effect.retry(failing(9), staminaSchedule(options))))
      yield* TestClock.adjust(50)
      yield* Fiber.interrupt(fiber)
      expect(counts("stamina_retries_total")).toMatchObject([[{ retry_num: "1" }, 2]])
      expect(counts("stamina_runs_total")).toEqual([])
    }))
})

describe("cardinality", () => {
  const fails = (name: string, error: unknown) =>
    Effect.exit(Stamina.retry(Effect.fail(error), { on: () => true, attempts: 2, waitInitial: 0, waitJitter: 0, name }))
  const quiet = Effect.provide(Stamina.layerHooks([RetryMetrics.hook]))
  const valuesOf = (labels: ReadonlyArray<readonly [string, string]>, label: string) =>
    new Set(labels.flatMap(([name, value]) => name === label ? [value] : []))

  it.effect("stays bounded with 10 000 names, and nothing goes uncounted", () =>
    Effect.gen(function*() {
      const { counts, labels, provide } = freshRegistry()
      for (let i = 0; i < 10_000; i++) yield* quiet(provide(fails(`GET /users/${i}`, "down")))
      const callables = valuesOf(labels(), "callable")
      expect(callables.size).toBe(RetryMetrics.maxLabelValues + 1)
      expect(callables).toContain("<other>")
      for (const id of ["stamina_retries_total", "stamina_runs_total"]) {
        expect(counts(id).reduce((sum, [, count]) => sum + count, 0)).toBe(10_000)
        expect(counts(id)).toHaveLength(RetryMetrics.maxLabelValues + 1)
      }
    }))

  it.effect("stays bounded with 10 000 tags", () =>
    Effect.gen(function*() {
      const { counts, labels, provide } = freshRegistry()
      for (let i = 0; i < 10_000; i++) yield* quiet(provide(fails("fetch", { _tag: `Error${i}` })))
      expect(valuesOf(labels(), "error_type").size).toBe(RetryMetrics.maxLabelValues + 1)
      expect(counts("stamina_retries_total").find(([labels]) => labels?.["error_type"] === "<other>")?.[1])
        .toBe(10_000 - RetryMetrics.maxLabelValues)
    }))

  it.effect("values that are known go on to be counted by name when the labels are full", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      yield* quiet(provide(fails("early", "down")))
      for (let i = 0; i < 1000; i++) yield* quiet(provide(fails(`name ${i}`, "down")))
      yield* quiet(provide(fails("early", "down")))
      expect(counts("stamina_retries_total").find(([labels]) => labels?.["callable"] === "early")?.[1]).toBe(2)
    }))

  it.effect("is a registry's own matter: one that is full does not spoil another", () =>
    Effect.gen(function*() {
      const [full, other] = [freshRegistry(), freshRegistry()]
      for (let i = 0; i < 1000; i++) yield* quiet(full.provide(fails(`name ${i}`, "down")))
      yield* quiet(other.provide(fails("late", "down")))
      expect(valuesOf(full.labels(), "callable")).not.toContain("late")
      expect(valuesOf(other.labels(), "callable")).toEqual(new Set(["late"]))
    }))
})

describe("the label outcome", () => {
  it.effect.each(
    [
      ["NotRetryable", "not_retryable"],
      ["AttemptsExhausted", "attempts_exhausted"],
      ["TimeoutReached", "timeout_reached"],
      ["Inactive", "inactive"],
      ["WaitExceedsDeadline", "wait_exceeds_deadline"],
      ["DeadlineExceeded", "deadline_exceeded"],
      ["AlreadyRetried", "already_retried"],
      ["HintTooLong", "hint_too_long"],
      ["BudgetExhausted", "budget_exhausted"],
      ["CircuitOpen", "circuit_open"]
    ] as const
  )("calls the reason %s %s", ([reason, outcome]) =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      yield* provide(call(RetryMetrics.hook.onGaveUp, { ...gaveUp, reason }))
      expect(counts("stamina_runs_total")).toEqual([[{ callable: "fetch", outcome }, 1]])
    }))
})

describe("the instruments", () => {
  it.effect("can be read, by the labels that they were counted with", () =>
    Effect.gen(function*() {
      yield* inTime(Effect.exit(Stamina.retry(failing(9), options)))
      const callable = "fetch"
      const retries = Metric.withAttributes(RetryMetrics.retries, { callable, retry_num: "1", error_type: "HttpError" })
      expect(yield* Metric.value(retries)).toEqual({ count: 1, incremental: true })
      expect((yield* Metric.value(Metric.withAttributes(RetryMetrics.waits, { callable }))).count).toBeCloseTo(0.3, 9)
      const ended = { callable, outcome: "attempts_exhausted" }
      expect((yield* Metric.value(Metric.withAttributes(RetryMetrics.runs, ended))).count).toBe(1)
      const { buckets, count, sum } = yield* Metric.value(Metric.withAttributes(RetryMetrics.attempts, ended))
      expect([count, sum]).toEqual([1, 3])
      expect(buckets.map(([bound]) => bound)).toEqual([1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50])
      expect(buckets.map(([, count]) => count)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    }).pipe(freshRegistry().provide))

  it.effect("read in Prometheus' text as an operator sees them", () =>
    Effect.gen(function*() {
      yield* inTime(Effect.exit(Stamina.retry(failing(9), { ...options, attempts: 2, waitInitial: "500 millis" })))
      const text = yield* PrometheusMetrics.format()
      expect(text.split("\n").filter((line) => !line.includes("_bucket"))).toEqual([
        "# HELP stamina_scheduled_wait_seconds_total Seconds of waiting before retries.",
        "# TYPE stamina_scheduled_wait_seconds_total counter",
        "stamina_scheduled_wait_seconds_total{callable=\"fetch\"} 0.5",
        "# HELP stamina_retries_total Total number of retries.",
        "# TYPE stamina_retries_total counter",
        "stamina_retries_total{callable=\"fetch\",retry_num=\"1\",error_type=\"HttpError\"} 1",
        "# HELP stamina_runs_total Runs that needed a retry.",
        "# TYPE stamina_runs_total counter",
        "stamina_runs_total{callable=\"fetch\",outcome=\"attempts_exhausted\"} 1",
        "# HELP stamina_run_attempts Attempts of runs that needed a retry.",
        "# TYPE stamina_run_attempts histogram",
        "stamina_run_attempts_sum{callable=\"fetch\",outcome=\"attempts_exhausted\"} 2",
        "stamina_run_attempts_count{callable=\"fetch\",outcome=\"attempts_exhausted\"} 1",
        ""
      ])
    }).pipe(freshRegistry().provide))

  it.effect("carry the labels that the program adds for itself as well", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      yield* inTime(Effect.exit(Stamina.retry(failing(9), { ...options, attempts: 2 }))).pipe(
        Effect.provideService(Metric.CurrentMetricAttributes, { region: "eu" }),
        provide
      )
      expect(counts("stamina_runs_total")).toEqual([
        [{ callable: "fetch", outcome: "attempts_exhausted", region: "eu" }, 1]
      ])
    }))

  it.effect("count in nanoseconds' precision: a wait of a duration below a millisecond is not lost", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      yield* provide(inTime(Effect.exit(
        Stamina.retry(failing(9), { ...options, attempts: 2, waitInitial: Duration.micros(250n) })
      )))
      expect(counts("stamina_scheduled_wait_seconds_total")[0]?.[1]).toBeCloseTo(0.00025, 9)
    }))
})

describe("series", () => {
  it.effect("are told apart whatever the labels hold", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      const fail = (name: string, _tag: string) =>
        Stamina.retry(Effect.fail({ _tag }), { ...options, waitInitial: 0, attempts: 2, name })
      const names = ["a\u00001", "a", "a,1", "a\"", "a\\"]
      for (const name of names) yield* provide(Effect.exit(fail(name, name === "a" ? "1\u0000E" : "E")))
      expect(counts("stamina_retries_total").map(([labels, count]) => [labels?.["callable"], count]))
        .toEqual(names.map((name) => [name, 1]))
    }))
})
