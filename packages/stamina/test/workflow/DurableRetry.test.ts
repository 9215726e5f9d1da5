import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option, Random, Result, Schema } from "effect"
import { RetryReport, Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { RetryRecorder } from "effect-stamina/testing"
import { Activity, DurableClock, Workflow } from "effect/workflow"
import { Broken, counting, Down, execute, Failed, flaky, numbers, Order, outcome, seconds } from "../kit/orders.ts"
import { reasonOf } from "../kit/reasonOf.ts"
import { recordLogs } from "../kit/telemetry.ts"

describe("DurableRetry.retry", () => {
  it("makes each attempt as an activity of its own, with its number, and waits between them", async () => {
    const { activity, calls } = flaky(4)
    expect(await outcome(DurableRetry.retry(activity, seconds))).toEqual(Result.succeed("done in call 4"))
    expect(calls).toEqual([{ attempt: 1, at: 0 }, { attempt: 2, at: 1000 }, { attempt: 3, at: 3000 }, {
      attempt: 4,
      at: 7000
    }])
  })

  it("asks neither `on` nor chance again when a wait of the engine's clock lets the body run from the top", async () => {
    const { activity, calls } = flaky(4)
    const body = counting()
    const asked: Array<number> = []
    let draws = 0
    const random: Random.Random = { nextDoubleUnsafe: () => (draws++, 0.5), nextIntUnsafe: () => 0 }
    const retried = DurableRetry.retry(activity, {
      ...seconds,
      waitJitter: "1 second",
      on: (error) => error._tag === "Down" && asked.push(error.call) > 0,
      holdWaitsUpTo: 0
    })
    const exit = await outcome(
      body.look.pipe(Effect.andThen(retried), Effect.provideService(Random.Random, random))
    )
    expect(exit).toEqual(Result.succeed("done in call 4"))
    expect(body.count()).toBe(4)
    expect(asked).toEqual([1, 2, 3])
    expect(draws).toBe(3)
    expect(calls.map(({ at }) => at)).toEqual([0, 1500, 4000, 8500])
  })

  it("keeps to what was recorded when a later version of the program has another policy", async () => {
    const { activity, calls } = flaky(9)
    let attempts = 7
    // a deploy in the first wait: only what comes is decided by the new policy
    const body = Effect.suspend(() => {
      const retried = DurableRetry.retry(activity, { ...seconds, attempts, holdWaitsUpTo: 0 })
      attempts = 2
      return retried
    })
    const exit = await outcome(body)
    expect(numbers(calls)).toEqual([1, 2])
    expect(exit).toEqual(Result.fail(new Down({ call: 2 })))
  })

  it("gives up with the last error, and knows why inside of the workflow, on every replay", async () => {
    const reasons: Array<unknown> = []
    const { activity } = flaky(9)
    const body = activity.pipe(
      DurableRetry.retry({ ...seconds, attempts: 3 }),
      Effect.tapError((error) => {
        const report = Option.getOrThrow(Stamina.report(error))
        reasons.push([report.reason, report.attempts, report.history.map(({ error }) => (error as Down).call)])
        return DurableClock.sleep({ name: "later", duration: "1 hour" })
      })
    )
    expect(await outcome(body)).toEqual(Result.fail(new Down({ call: 3 })))
    const expected = ["AttemptsExhausted", 3, [1, 2, 3]]
    expect(reasons).toEqual([expected, expected])
  })

  it("reports the times of the run, in wall-clock time", async () => {
    const { activity } = flaky(9)
    const slow = Activity.make({
      name: "slow",
      success: Schema.String,
      error: Schema.Union([Down, Broken]),
      execute: Effect.andThen(Effect.sleep("2 seconds"), activity.execute)
    })
    let report: unknown
    await outcome(
      slow.pipe(
        DurableRetry.retry({ ...seconds, attempts: 2 }),
        Effect.tapError((error) => {
          report = Option.getOrThrow(Option.map(Stamina.report(error), RetryReport.toJson))
          return Effect.void
        })
      )
    )
    expect(report).toMatchObject({ elapsed: 5, inAttempts: 4, waited: 1 })
  })

  it("puts the reason where the error's schema holds it", async () => {
    const { activity } = flaky(9)
    const body = activity.pipe(
      DurableRetry.retry({
        ...seconds,
        timeout: "5 seconds",
        onGiveUp: (error, { attempts, reason }) => new Failed({ why: `${error._tag} ${reason}`, attempts })
      })
    )
    expect(await outcome(body)).toEqual(Result.fail(new Failed({ why: "Down TimeoutReached", attempts: 4 })))
  })

  it("retries what `on` names and nothing else", async () => {
    const broken = Activity.make({
      name: "broken",
      success: Schema.String,
      error: Schema.Union([Down, Broken]),
      execute: Effect.fail(new Broken())
    })
    let reason: unknown
    const body = broken.pipe(
      DurableRetry.retry(seconds),
      Effect.tapCause((cause) => Effect.sync(() => reason = reasonOf(cause)))
    )
    expect(await outcome(body)).toEqual(Result.fail(new Broken()))
    expect(reason).toBe("NotRetryable")
  })

  it("retries no defect, and takes an error that its schema does not hold for one", async () => {
    const calls = counting()
    const unfit = Activity.make({
      name: "unfit",
      success: Schema.String,
      error: Down,
      execute: Effect.andThen(calls.look, Effect.fail(Object.assign(new Broken(), { call: "x" }) as unknown as Down))
    })
    const hooks = RetryRecorder.make()
    const exit = await execute(
      Effect.provide(DurableRetry.retry(unfit, { ...seconds, on: () => true }), hooks.layer),
      Effect.exit(Order.execute({}))
    )
    expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause)).toBe(true)
    expect(calls.count()).toBe(1)
    expect(hooks.events).toEqual([])
  })

  it("takes a mistake in `on` for a defect alone, which leads to the error, also when it is replayed", async () => {
    const { activity } = flaky(3)
    const causes: Array<Cause.Cause<unknown>> = []
    const { lines, provide } = recordLogs()
    const body = DurableRetry.retry(activity, { ...seconds, on: () => Number.NaN }).pipe(
      provide,
      Effect.tapCause((cause) => Effect.sync(() => causes.push(cause))),
      Effect.tapCause(() => DurableClock.sleep({ name: "later", duration: "1 hour" }))
    )
    await execute(body, Effect.exit(Order.execute({})))
    expect(causes).toHaveLength(2)
    for (const { reasons: [reason, ...more] } of causes) {
      expect([reason?._tag, more]).toEqual(["Die", []])
      expect(reason).toMatchObject({ defect: { message: expect.stringContaining("got NaN"), cause: { name: "Down" } } })
    }
    expect(lines.filter(({ level }) => level === "Error")).toMatchObject([
      { message: "stamina.mistake", annotations: { callable: activity.name, caused_by: "Down" } }
    ])
  })

  it("goes on under `SuspendOnFailure`, since attempts do not fail", async () => {
    const { activity, calls } = flaky(3)
    const workflow = Order.annotate(Workflow.SuspendOnFailure, true)
    const exit = await execute(
      DurableRetry.retry(activity, seconds),
      Effect.result(workflow.execute({})),
      workflow
    )
    expect(exit).toEqual(Result.succeed("done in call 3"))
    expect(numbers(calls)).toEqual([1, 2, 3])
  })
})

describe("Stamina.retry", () => {
  it("refuses an activity when it is applied, and names what retries one", () => {
    const { activity } = flaky(1)
    const refusal = /must be no activity, which replays its first failure \(use DurableRetry.retry\), got/
    expect(() => Stamina.retry(activity, { on: "Down" })).toThrow(refusal)
    expect(() => activity.pipe(Stamina.retry({ on: "Down" }))).toThrow(refusal)
    expect(() => activity.pipe(Stamina.make({ on: "Down" }))).toThrow(/^Stamina.make: what is retried/)
    expect(() => Stamina.retry(activity.execute, { on: "Down" })).not.toThrow()
  })
})
