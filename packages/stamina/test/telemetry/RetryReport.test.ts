import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Duration, Effect, Exit, Fiber, Option, Predicate, Schedule } from "effect"
import { RetryReport, Stamina } from "effect-stamina"
import { TestClock } from "effect/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { recordLogs } from "../kit/telemetry.ts"

class Down extends Data.TaggedError("Down")<{ readonly n: number }> {}

const options = { on: "Down", waitJitter: 0, waitInitial: 100, attempts: 3 } as const

/** Takes 40 ms each time and fails with an error of its own, which it keeps. */
const failing = (errors: Array<unknown> = [], ms = 40): Effect.Effect<string, Down> =>
  Effect.andThen(
    Effect.sleep(ms),
    Effect.suspend(() => {
      const error = new Down({ n: errors.length + 1 })
      errors.push(error)
      return Effect.fail(error)
    })
  )

const millis = (durations: ReadonlyArray<Duration.Duration>) => durations.map(Duration.toMillis)

const reportOn = (error: unknown): RetryReport.RetryReport => Option.getOrThrow(Stamina.report(error))

const hooked = drivers.filter(({ name }) => !name.startsWith("the blocks"))
const named = hooked.map((driver) => [driver.name, driver] as const)
const quiet = Effect.provide(Stamina.layerHooks([]))

describe.each(named)("Stamina.report, driven by %s", (_, driver) => {
  const build = (over: object, block: Effect.Effect<string, unknown>) =>
    quiet(inTime(driver.build({ ...options, ...over }, () => block)))

  it.effect("says why it ended, how many attempts there were, where the time went, and what each came to", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 day")
      const errors: Array<unknown> = []
      const error = yield* Effect.flip(build({}, failing(errors)))
      const { attempts, elapsed, history, inAttempts, omitted, reason, waited } = reportOn(error)
      expect([reason, attempts, omitted]).toEqual(["AttemptsExhausted", 3, 0])
      expect(millis([elapsed, inAttempts, waited])).toEqual([420, 120, 300])
      expect(history.map((attempt) => ({ ...attempt, ...times(attempt) }))).toEqual([
        { num: 1, start: 0, duration: 40, waitAfter: 100, error: errors[0], inner: Option.none() },
        { num: 2, start: 140, duration: 40, waitAfter: 200, error: errors[1], inner: Option.none() },
        { num: 3, start: 380, duration: 40, waitAfter: 0, error: errors[2], inner: Option.none() }
      ])
      history.forEach((attempt, i) => expect(attempt.error).toBe(errors[i]))
      expect(history[2]?.error).toBe(error)
    }))

  it.effect.each(
    [
      ["AttemptsExhausted", { attempts: 1 }, 1],
      ["AttemptsExhausted", { attempts: 2 }, 2],
      ["TimeoutReached", { timeout: 30 }, 1],
      ["TimeoutReached", { timeout: 150 }, 2],
      ["NotRetryable", { on: (error: unknown) => (error as Down).n < 2 }, 2],
      ["NotRetryable", { on: "Other" }, 1]
    ] as const
  )("knows the reason %s, given %j", ([reason, over, attempts]) =>
    Effect.gen(function*() {
      const report = reportOn(yield* Effect.flip(build(over, failing())))
      expect([report.reason, report.attempts, report.history.length]).toEqual([reason, attempts, attempts])
    }))

  it.effect("knows that retries were switched off", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(build({}, failing())).pipe(Effect.provide(Stamina.layerInactive))
      expect(reportOn(error)).toMatchObject({ reason: "Inactive", attempts: 1 })
    }))

  it.effect.each([1, 9, 10, 11, 12, 50])(
    "keeps the first five and the last five of %d attempts",
    (attempts) =>
      Effect.gen(function*() {
        const { history, omitted, ...report } = reportOn(
          yield* Effect.flip(build({ attempts, waitMax: 0, timeout: "1 day" }, failing()))
        )
        const all = Array.from({ length: attempts }, (_, i) => i + 1)
        const expected = attempts <= 10 ? all : [...all.slice(0, 5), ...all.slice(-5)]
        expect(history.map(({ num }) => num)).toEqual(expected)
        expect(history.map(({ error }) => (error as Down).n)).toEqual(expected)
        expect(omitted).toBe(attempts - expected.length)
        expect(report.attempts).toBe(attempts)
        // what is left out still counts
        expect(Duration.toMillis(report.inAttempts)).toBe(40 * attempts)
      })
  )

  it.effect("reads the same wherever the error arrives", () =>
    Effect.gen(function*() {
      const expected = { reason: "AttemptsExhausted", attempts: 3 }
      const run = build({}, failing())
      yield* Effect.catchIf(run, Predicate.isTagged("Down"), (error) =>
        Effect.sync(() =>
          expect(reportOn(error)).toMatchObject(expected)
        ))
      const exit = yield* Effect.exit(run)
      if (Exit.isSuccess(exit)) return expect.unreachable()
      expect(reportOn(Cause.squash(exit.cause))).toMatchObject(expected)
      const far = yield* run.pipe(
        Effect.mapError((cause) => new Error("wrapped", { cause })),
        Effect.withSpan("far"),
        Effect.forkChild,
        Effect.flatMap(Fiber.join),
        Effect.flip
      )
      expect(reportOn(far.cause)).toMatchObject(expected)
      // and so does the error that keeps it as its cause
      expect(reportOn(far)).toMatchObject(expected)
    }))

  it.effect("leaves the error as it was: one that is frozen comes out the same, with a report", () =>
    Effect.gen(function*() {
      const error = Object.freeze(Object.assign(Object.create(null), { _tag: "Down", n: 1 }))
      const before = Reflect.ownKeys(error)
      expect(yield* Effect.flip(build({}, Effect.fail(error)))).toBe(error)
      expect(Reflect.ownKeys(error)).toEqual(before)
      expect(reportOn(error).attempts).toBe(3)
    }))

  it.effect("knows nothing of primitives", () =>
    Effect.gen(function*() {
      for (const error of ["down", 503, 0, "", null, undefined, true, 1n, Symbol("down")]) {
        yield* Effect.exit(build({ on: () => true }, Effect.fail(error)))
        expect(Stamina.report(error)).toEqual(Option.none())
      }
    }))

  it.effect("knows of functions and classes that were failed with", () =>
    Effect.gen(function*() {
      const error = () => "down"
      yield* Effect.exit(build({ on: () => true }, Effect.fail(error)))
      expect(reportOn(error).attempts).toBe(3)
    }))

  it.effect("knows nothing of an error that was retried in vain to a good end", () =>
    Effect.gen(function*() {
      const errors: Array<unknown> = []
      const flaky = failing(errors)
      yield* build({}, Effect.suspend(() => errors.length < 2 ? flaky : Effect.succeed("ok")))
      expect(errors).toHaveLength(2)
      expect(errors.map(Stamina.report)).toEqual([Option.none(), Option.none()])
    }))

  it.effect("knows of the last error of a run, and nothing of those before it", () =>
    Effect.gen(function*() {
      const errors: Array<unknown> = []
      yield* Effect.exit(build({}, failing(errors)))
      expect(errors.map((error) => Option.isSome(Stamina.report(error)))).toEqual([false, false, true])
    }))

  it.effect("never mixes up runs at the same time", () =>
    Effect.gen(function*() {
      const run = (attempts: number) => {
        const errors: Array<unknown> = []
        return Effect.map(
          Effect.flip(driver.build({ ...options, attempts }, () => failing(errors, attempts))),
          (error) => ({ attempts, errors, report: reportOn(error) })
        )
      }
      const all = yield* quiet(inTime(Effect.forEach([1, 2, 3, 4, 5, 6], run, { concurrency: "unbounded" })))
      for (const { attempts, errors, report } of all) {
        expect([report.attempts, report.history.length]).toEqual([attempts, attempts])
        expect(Duration.toMillis(report.inAttempts)).toBe(attempts * attempts)
        report.history.forEach(({ error }, i) => expect(error).toBe(errors[i]))
      }
    }))

  it.effect("tells of the last of several runs that fail with the same object", () =>
    Effect.gen(function*() {
      const error = new Down({ n: 0 })
      yield* Effect.exit(build({ attempts: 4 }, Effect.fail(error)))
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(build({ attempts: 2 }, Effect.fail(error)))
      const report = reportOn(error)
      expect(report.attempts).toBe(2)
      // and the run long before is not taken for one inside
      expect(report.history.map(({ inner }) => inner)).toEqual([Option.none(), Option.none()])
    }))

  it.effect("leads from each attempt to the run inside that its error came out of", () =>
    Effect.gen(function*() {
      const errors: Array<unknown> = []
      const inner = Stamina.retry(failing(errors), { ...options, attempts: 2 })
      const error = yield* Effect.flip(build({ attempts: 3, waitInitial: 1000 }, inner))
      expect(error).toBe(errors[5])
      const report = reportOn(error)
      expect([report.reason, report.attempts]).toEqual(["AttemptsExhausted", 3])
      expect(report.history.map((attempt) => times(attempt).duration)).toEqual([180, 180, 180])
      expect(report.history.map(({ inner }) => {
        const { attempts, elapsed, history } = Option.getOrThrow(inner)
        return [attempts, Duration.toMillis(elapsed), history.map(({ error }) => errors.indexOf(error))]
      })).toEqual([[2, 180, [0, 1]], [2, 180, [2, 3]], [2, 180, [4, 5]]])
      // the innermost loop has none inside of it
      for (const { inner } of report.history) {
        for (const attempt of Option.getOrThrow(inner).history) expect(attempt.inner).toEqual(Option.none())
      }
    }))

  it.effect("leads to a run inside even where all of them fail with one object", () =>
    Effect.gen(function*() {
      const error = new Down({ n: 0 })
      const block = Effect.andThen(Effect.sleep(40), Effect.fail(error))
      yield* Effect.exit(build({ attempts: 2 }, Stamina.retry(block, { ...options, attempts: 2 })))
      const inside = reportOn(error).history.map(({ inner }) => Option.map(inner, ({ attempts }) => attempts))
      expect(inside).toEqual([Option.some(2), Option.some(2)])
    }))

  it.effect("takes no run inside for one where an attempt fails with an error of its own", () =>
    Effect.gen(function*() {
      const inner = Stamina.retry(failing(), { ...options, attempts: 2 }).pipe(
        Effect.catchTag("Down", () => Effect.fail(new Down({ n: 9 })))
      )
      const error = yield* Effect.flip(build({ attempts: 2 }, inner))
      expect(reportOn(error).history.map(({ inner }) => inner)).toEqual([Option.none(), Option.none()])
    }))

  it.effect("leads through three loops, one inside the other", () =>
    Effect.gen(function*() {
      const two = { ...options, attempts: 2 }
      const nested = failing().pipe(Stamina.retry(two), Stamina.retry(two))
      const report = reportOn(yield* Effect.flip(build({ attempts: 2 }, nested)))
      const depth = (report: RetryReport.RetryReport): number =>
        1 + Math.max(...report.history.map(({ inner }) => Option.match(inner, { onNone: () => 0, onSome: depth })))
      expect(depth(report)).toBe(3)
      expect(Duration.toMillis(report.inAttempts) + Duration.toMillis(report.waited))
        .toBe(Duration.toMillis(report.elapsed))
    }))
})

/** The times of an attempt, in milliseconds. */
const times = ({ duration, start, waitAfter }: RetryReport.AttemptReport) => ({
  start: Duration.toMillis(start),
  duration: Duration.toMillis(duration),
  waitAfter: Duration.toMillis(waitAfter)
})

describe("Stamina.report", () => {
  it.effect("knows nothing of errors that no retry of ours has seen", () =>
    Effect.gen(function*() {
      const error = new Down({ n: 0 })
      expect(Stamina.report(error)).toEqual(Option.none())
      yield* inTime(Effect.exit(Effect.retry(Effect.fail(error), Schedule.recurs(2))))
      expect(Stamina.report(error)).toEqual(Option.none())
      expect(Stamina.report({})).toEqual(Option.none())
    }))

  it.effect("knows of every failure of a cause, and of the defect that ended a run", () =>
    Effect.gen(function*() {
      const [a, b, bug] = [new Down({ n: 1 }), new Down({ n: 2 }), new Error("bug")]
      const both = Effect.failCause(Cause.combine(Cause.fail(a), Cause.fail(b)))
      yield* quiet(inTime(Effect.exit(Stamina.retry(both, options))))
      expect([a, b].map((error) => reportOn(error).attempts)).toEqual([3, 3])
      expect(reportOn(b).history.map(({ error }) => error)).toEqual([a, a, a])
      yield* quiet(inTime(Effect.exit(Stamina.retry(Effect.die(bug), { on: () => true }))))
      expect(reportOn(bug)).toMatchObject({ reason: "NotRetryable", attempts: 1 })
    }))

  it.effect("is of a run as it ended, however often it is asked", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(quiet(inTime(Stamina.retry(failing(), options))))
      const first = reportOn(error)
      yield* TestClock.adjust("1 day")
      expect(reportOn(error)).toEqual(first)
    }))

  it.effect("counts no time that the hooks take between attempts as an attempt's", () =>
    Effect.gen(function*() {
      const slow = Stamina.layerHooks([{ onRetryScheduled: () => Effect.sleep("10 seconds") }])
      const error = yield* Effect.flip(inTime(Stamina.retry(failing(), options))).pipe(Effect.provide(slow))
      const report = reportOn(error)
      expect(millis([report.elapsed, report.inAttempts, report.waited])).toEqual([20_420, 120, 20_300])
      expect(report.history.map((attempt) => times(attempt).start)).toEqual([0, 10_140, 20_380])
    }))

  it("is let go with the error that it is of", async () => {
    setFlagsFromString("--expose-gc")
    const gc: () => void = runInNewContext("gc")
    const run = (kept: ReadonlyArray<Down>) =>
      Effect.runSync(
        Effect.forEach(Array.from({ length: 100 }, (_, i) => i), (i) =>
          quiet(Stamina.retry(
            Effect.suspend(() => Effect.fail(kept[i] ?? new Down({ n: i }))),
            {
              on: "Down",
              attempts: 3,
              waitInitial: 0,
              waitJitter: 0
            }
          )).pipe(Effect.flip, Effect.map((error) => new WeakRef(error))))
      )
    const kept = Array.from({ length: 50 }, (_, n) => new Down({ n }))
    const errors = run(kept)
    await new Promise((resolve) => setImmediate(resolve))
    gc()
    const alive = errors.map((error) => error.deref() !== undefined)
    expect(alive.slice(0, 50)).not.toContain(false)
    expect(kept.map((error) => reportOn(error).attempts)).toEqual(kept.map(() => 3))
    // the last one or two may still be held by a stack
    expect(alive.slice(50).filter((alive) => alive).length).toBeLessThan(5)
  })
})

describe("RetryReport.describe", () => {
  it.effect("is the sentence of the log", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      for (const over of [{}, { timeout: 150 }, { timeout: 50, overshoot: "refuse" }, { attempts: 1 }] as const) {
        const error = yield* Effect.flip(provide(inTime(Stamina.retry(failing(), { ...options, ...over }))))
        expect(RetryReport.describe(reportOn(error))).toBe(lines.at(-1)?.annotations["summary"])
      }
      expect(lines.flatMap(({ annotations }) => annotations["summary"] ?? [])).toEqual([
        "attempts exhausted after 3 attempts in 0.42s: 0.12s of it inside attempts, 0.3s waiting",
        "timeout of 0.15s reached after 2 attempts: 0.08s of it inside attempts, 0.1s waiting",
        "wait exceeds timeout after 1 attempt in 0.04s (a wait of 0.1s, 0.01s left): 0.04s of it inside attempts, 0s waiting",
        "attempts exhausted after 1 attempt in 0.04s: 0.04s of it inside attempts, 0s waiting"
      ])
    }))
})

describe("RetryReport.toJson", () => {
  const jsonOf = (error: unknown) => RetryReport.toJson(reportOn(error))

  it.effect("has times in seconds, and errors by their type alone", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(quiet(inTime(Stamina.retry(failing(), options))))
      const json = jsonOf(error)
      expect(json).toEqual({
        summary: "attempts exhausted after 3 attempts in 0.42s: 0.12s of it inside attempts, 0.3s waiting",
        reason: "AttemptsExhausted",
        attempts: 3,
        calls: 3,
        elapsed: 0.42,
        inAttempts: 0.12,
        waited: 0.3,
        limits: { attempts: 3, timeout: 45 },
        history: [
          { num: 1, start: 0, duration: 0.04, error: "Down", waitAfter: 0.1 },
          { num: 2, start: 0.14, duration: 0.04, error: "Down", waitAfter: 0.2 },
          { num: 3, start: 0.38, duration: 0.04, error: "Down", waitAfter: 0 }
        ],
        omitted: 0
      })
      expect(JSON.parse(JSON.stringify(json))).toStrictEqual(json)
    }))

  it.effect("says what was refused, spells out what has no limit, and leads to runs inside", () =>
    Effect.gen(function*() {
      const inner = Stamina.retry(failing(), { ...options, attempts: Infinity, timeout: 50, overshoot: "refuse" })
      const unlimited = { ...options, attempts: 1, timeout: Duration.infinity }
      const json = jsonOf(yield* Effect.flip(quiet(inTime(Stamina.retry(inner, unlimited)))))
      expect(json).toMatchObject({ limits: { attempts: 1, timeout: "unlimited" }, calls: 1 })
      expect(json).not.toHaveProperty("refused")
      expect(json.history[0]?.inner).toMatchObject({
        reason: "WaitExceedsTimeout",
        limits: { attempts: "unlimited", timeout: 0.05 },
        refused: { wait: 0.1, left: 0.01 }
      })
      expect(JSON.parse(JSON.stringify(json))).toStrictEqual(json)
    }))

  it.effect("holds no secret of an error, whatever the error is", () =>
    Effect.gen(function*() {
      const error = Object.assign(new Error("hunter2", { cause: "hunter2" }), {
        reason: { _tag: "Why" },
        token: "hunter2"
      })
      yield* Effect.exit(quiet(Stamina.retry(Effect.fail(error), { on: () => true, attempts: 1 })))
      expect(jsonOf(error).history.map(({ error }) => error)).toEqual(["Error.Why"])
      expect(JSON.stringify(jsonOf(error))).not.toContain("hunter2")
    }))
})
