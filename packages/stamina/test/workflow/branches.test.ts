import { describe, expect, it } from "@effect/vitest"
import { Clock, type Duration, Effect, Result, Schema } from "effect"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { Activity, DurableClock, Workflow, WorkflowEngine } from "effect/workflow"
import { counting, Down, execute, flaky, Order, outcome, seconds } from "../kit/orders.ts"

/** An activity that takes its time, and fails until its call number `until`. */
const slow = (takes: Duration.Input, until = 1, name = "slow") => {
  const story: Array<string> = []
  const activity = Activity.make({
    name,
    success: Schema.String,
    error: Down,
    execute: Effect.gen(function*() {
      const attempt = yield* Activity.CurrentAttempt
      story.push(`${attempt} begins at ${yield* Clock.currentTimeMillis}`)
      yield* Effect.onInterrupt(
        Effect.sleep(takes),
        () => Effect.sync(() => void story.push(`${attempt} is interrupted`))
      )
      return attempt < until ? yield* new Down({ call: attempt }) : "slow"
    })
  })
  return { activity, story }
}

/** Suspends the workflow at once, whatever is beside it; not again when it is replayed. */
const suspendOnce = (suspended: ReturnType<typeof counting>) =>
  Effect.flatMap(
    WorkflowEngine.WorkflowInstance,
    (instance) => suspended.count() > 0 ? Effect.void : Effect.andThen(suspended.look, Workflow.suspend(instance))
  )

type Engine = WorkflowEngine.WorkflowEngine["Service"]

/** A storage that is away so many times, when a clock is scheduled or its result is read. */
const away = (what: "clock" | "result", times: number) => {
  const { count, look } = counting()
  const unlessAway = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.andThen(look, Effect.suspend(() => count() <= times ? Effect.die(new Error("no storage")) : effect))
  const lacking = (engine: Engine): Engine =>
    what === "clock"
      ? { ...engine, scheduleClock: (...args) => unlessAway(engine.scheduleClock(...args)) }
      : { ...engine, deferredResult: (deferred) => unlessAway(engine.deferredResult(deferred)) }
  const around = <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.updateService(self, WorkflowEngine.WorkflowEngine, lacking)
  return { asked: count, around }
}

const both = { concurrency: "unbounded" } as const

/** All waits by the engine's clock. */
const long = { ...seconds, holdWaitsUpTo: 0 } as const

const every = { ...long, waitInitial: "1200 millis", waitMax: "1200 millis" } as const

describe("waits by the engine's clock in one branch of a workflow", () => {
  it("interrupt no attempt in a branch beside it, and end in time", async () => {
    const { activity, calls } = flaky(7)
    const { activity: beside, story } = slow("3 seconds")
    const body = Effect.all([DurableRetry.retry(activity, every), DurableRetry.retry(beside, long)], both)
    expect(await outcome(Effect.map(body, (all) => all.join(", ")))).toEqual(Result.succeed("done in call 7, slow"))
    expect(story).toEqual(["1 begins at 0"])
    expect(calls.map(({ at }) => at)).toEqual([0, 1200, 2400, 3600, 4800, 6000, 7200])
  })

  it("interrupt no activity that is not retried", async () => {
    const { activity } = flaky(4)
    const { activity: beside, story } = slow("3 seconds")
    const body = Effect.all([DurableRetry.retry(activity, every), beside], both)
    expect(await outcome(Effect.map(body, ([value]) => value))).toEqual(Result.succeed("done in call 4"))
    expect(story).toEqual(["1 begins at 0"])
  })

  it("lose no attempt beside them where lost ones count", async () => {
    const { activity } = flaky(4)
    const { activity: beside, story } = slow("3 seconds", 3)
    const body = Effect.all([
      DurableRetry.retry(activity, every),
      DurableRetry.retry(beside, { ...every, lostAttempts: "count" })
    ], both)
    expect(await outcome(Effect.map(body, ([value]) => value))).toEqual(Result.succeed("done in call 4"))
    expect(story).toEqual(["1 begins at 0", "2 begins at 4200", "3 begins at 8400"])
  })

  it("suspend the workflow as soon as nothing runs beside them", async () => {
    const { activity, calls } = flaky(2)
    const { activity: beside } = slow("3 seconds")
    const suspended: Array<unknown> = []
    const body = Effect.all([DurableRetry.retry(activity, { ...long, waitInitial: "10 seconds" }), beside], both)
    await execute(
      Effect.map(body, ([value]) => value),
      Effect.gen(function*() {
        const id = yield* Order.execute({}, { discard: true })
        for (const wait of ["1 second", "4 seconds", "6 seconds"] as const) {
          yield* Effect.sleep(wait)
          suspended.push(
            yield* Effect.map(Order.poll(id), (result) => result._tag === "Some" ? result.value._tag : "runs")
          )
        }
      })
    )
    expect(suspended).toEqual(["runs", "Suspended", "Complete"])
    expect(calls.map(({ at }) => at)).toEqual([0, 10_000])
  })

  it("end in time where a branch beside them suspends the workflow", async () => {
    const { activity, calls } = flaky(3)
    const { activity: beside, story } = slow("3 seconds")
    const body = Effect.all([
      DurableRetry.retry(activity, { ...long, waitInitial: "10 seconds" }),
      Effect.andThen(beside, DurableClock.sleep({ name: "beside", duration: "1 hour" })),
      DurableRetry.retry(flaky(2, "other").activity, { ...long, waitInitial: "1 minute" })
    ], both)
    expect(await outcome(Effect.map(body, ([value]) => value))).toEqual(Result.succeed("done in call 3"))
    expect(story).toEqual(["1 begins at 0"])
    expect(calls.map(({ at }) => at)).toEqual([0, 10_000, 30_000])
  })

  it("end in time where the workflow was suspended in their midst", async () => {
    const { activity, calls } = flaky(2)
    const { activity: beside } = slow("3 seconds")
    const suspended = counting()
    const body = Effect.all([
      DurableRetry.retry(activity, { ...long, waitInitial: "10 seconds" }),
      Effect.andThen(beside, suspendOnce(suspended))
    ], both)
    expect(await outcome(Effect.map(body, ([value]) => value))).toEqual(Result.succeed("done in call 2"))
    expect(suspended.count()).toBe(1)
    expect(calls.map(({ at }) => at)).toEqual([0, 10_000])
  })

  it.each([["clock", 2], ["result", 2], ["clock", Infinity]] as const)(
    "end in time where the storage is away: the %s, %d times",
    async (what, times) => {
      const { activity, calls } = flaky(3)
      const storage = away(what, times)
      const body = storage.around(DurableRetry.retry(activity, { ...long, waitInitial: "10 seconds" }))
      expect(await outcome(body)).toEqual(Result.succeed("done in call 3"))
      expect(storage.asked()).toBeGreaterThan(2)
      expect(calls.map(({ at }) => at)).toEqual([0, 10_000, 30_000])
    }
  )

  it("end in time where the storage is away as the workflow is suspended in their midst", async () => {
    const { activity, calls } = flaky(2)
    const { activity: beside } = slow("3 seconds")
    const suspended = counting()
    const storage = away("clock", 3)
    const body = Effect.all([
      storage.around(DurableRetry.retry(activity, { ...long, waitInitial: "10 seconds" })),
      Effect.andThen(beside, suspendOnce(suspended))
    ], both)
    expect(await outcome(Effect.map(body, ([value]) => value))).toEqual(Result.succeed("done in call 2"))
    expect([suspended.count(), storage.asked()]).toEqual([1, 4])
    expect(calls.map(({ at }) => at)).toEqual([0, 10_000])
  })

  it("wake nobody once a branch has lost a race", async () => {
    const { activity } = flaky(9)
    const { activity: beside, story } = slow("3 seconds")
    const body = Effect.race(
      DurableRetry.retry(activity, { ...long, waitInitial: "4 seconds" }),
      slow("1 second", 1, "winner").activity
    ).pipe(Effect.andThen(beside))
    expect(await outcome(body)).toEqual(Result.succeed("slow"))
    expect(story).toEqual(["1 begins at 1000"])
  })
})
