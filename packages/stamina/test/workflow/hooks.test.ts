import { describe, expect, it } from "@effect/vitest"
import { Clock, Duration, Effect, Result } from "effect"
import { Stamina } from "effect-stamina"
import * as DurableRetry from "effect-stamina/DurableRetry"
import { RetryRecorder } from "effect-stamina/testing"
import { DurableClock } from "effect/workflow"
import { type Body, counting, execute, flaky, Order, outcome, seconds, setBack } from "../kit/orders.ts"
import { freshRegistry } from "../kit/telemetry.ts"

/** What hooks hear of a body. */
const heard = async (body: Body) => {
  const recorder = RetryRecorder.make()
  const result = await outcome(Effect.provide(body, recorder.layer))
  return { result, recorder, tags: recorder.events.map(({ _tag }) => _tag) }
}

describe("the hooks of a durable run", () => {
  it("hear of each retry and of the recovery once, however often the body is replayed", async () => {
    const { activity } = flaky(4)
    const body = counting()
    const { recorder, result, tags } = await heard(
      Effect.andThen(body.look, DurableRetry.retry(activity, { ...seconds, holdWaitsUpTo: 0 })).pipe(
        Effect.tap(DurableClock.sleep({ name: "later", duration: "1 hour" }))
      )
    )
    expect(result).toEqual(Result.succeed("done in call 4"))
    expect(body.count()).toBe(5)
    expect(tags).toEqual(["RetryScheduled", "RetryScheduled", "RetryScheduled", "Recovered"])
    expect(recorder.events).toMatchObject([
      { name: "charge", retryNum: 1, waitFor: Duration.seconds(1), waitedSoFar: Duration.zero },
      { name: "charge", retryNum: 2, waitFor: Duration.seconds(2), waitedSoFar: Duration.seconds(1) },
      { name: "charge", retryNum: 3, waitFor: Duration.seconds(4), waitedSoFar: Duration.seconds(3) },
      { name: "charge", attempts: 4, calls: 4, elapsed: Duration.seconds(7), waited: Duration.seconds(7) }
    ])
  })

  it("hear of the end of a run that gives up once", async () => {
    const { activity } = flaky(9)
    const { recorder, tags } = await heard(
      activity.pipe(
        DurableRetry.retry({ ...seconds, name: "card", attempts: 3, holdWaitsUpTo: 0 }),
        Effect.tapError(() => DurableClock.sleep({ name: "later", duration: "1 hour" }))
      )
    )
    expect(tags).toEqual(["RetryScheduled", "RetryScheduled", "GaveUp"])
    expect(recorder.events[2]).toMatchObject({ name: "card", reason: "AttemptsExhausted", attempts: 3 })
  })

  it("hear nothing of a call that succeeds at once, nor of an error that is not retried", async () => {
    expect((await heard(DurableRetry.retry(flaky(1).activity, seconds))).tags).toEqual([])
    expect((await heard(DurableRetry.retry(flaky(9).activity, { ...seconds, on: "Broken" }))).tags).toEqual([])
  })

  it("hear of an interruption of the workflow once, and only if it is one", async () => {
    const { activity, calls } = flaky(9)
    const recorder = RetryRecorder.make()
    const body = Effect.provide(DurableRetry.retry(activity, { ...seconds, holdWaitsUpTo: 0 }), recorder.layer)
    await execute(
      body,
      Effect.gen(function*() {
        const id = yield* Order.execute({}, { discard: true })
        yield* Effect.sleep(3500)
        yield* Order.interrupt(id)
        yield* Effect.sleep("1 minute")
      })
    )
    expect(calls).toHaveLength(3)
    expect(recorder.events.map(({ _tag }) => _tag)).toEqual([
      "RetryScheduled",
      "RetryScheduled",
      "RetryScheduled",
      "Interrupted"
    ])
    expect(recorder.events[3]).toMatchObject({ attempts: 3 })
  })

  it("hear of an interruption at no earlier time than of what came before it", async () => {
    const { activity } = flaky(9)
    const recorder = RetryRecorder.make()
    let offset = 0
    const body = Effect.clockWith((clock) =>
      Effect.provideService(
        DurableRetry.retry(activity, { ...seconds, holdWaitsUpTo: 0 }),
        Clock.Clock,
        setBack(clock, () => offset)
      ).pipe(Effect.provide(recorder.layer))
    )
    await execute(
      body,
      Effect.gen(function*() {
        const id = yield* Order.execute({}, { discard: true })
        yield* Effect.sleep(3500)
        offset = -600_000
        yield* Order.interrupt(id)
        yield* Effect.sleep("1 minute")
      })
    )
    expect(recorder.events.at(-1)).toMatchObject({
      _tag: "Interrupted",
      elapsed: Duration.seconds(3),
      waited: Duration.seconds(3)
    })
  })

  it("delay the wait by the time that they take, as in every run", async () => {
    const { activity, calls } = flaky(3)
    const slow = { onRetryScheduled: () => Effect.sleep("3 seconds") }
    await outcome(DurableRetry.retry(activity, { ...seconds, hooks: [slow] }))
    expect(calls.map(({ at }) => at)).toEqual([0, 4000, 9000])
  })

  it("release what they hold before the attempt is recorded, since the wait may end in another process", async () => {
    const { activity } = flaky(2)
    const released: Array<number> = []
    const release = Effect.map(Clock.currentTimeMillis, (at) => void released.push(at))
    const hook = { onRetryScheduled: () => Effect.addFinalizer(() => release) }
    await outcome(DurableRetry.retry(activity, { ...seconds, hooks: [hook] }))
    expect(released).toEqual([0])
  })

  it("count in metrics like those of any other run", async () => {
    const { activity } = flaky(3)
    const { counts, provide } = freshRegistry()
    const retried = DurableRetry.retry(activity, { ...seconds, holdWaitsUpTo: 0 })
    await outcome(provide(Effect.provide(retried, Stamina.layerMetrics)))
    expect(counts("stamina_retries_total")).toEqual([
      [{ callable: "charge", retry_num: "1", error_type: "Down" }, 1],
      [{ callable: "charge", retry_num: "2", error_type: "Down" }, 1]
    ])
  })
})
