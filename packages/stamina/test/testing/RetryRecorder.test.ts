import { describe, expect, it } from "@effect/vitest"
import { Data, Effect, Stream } from "effect"
import { type RetryHook, Stamina, staminaSchedule } from "effect-stamina"
import { JumpingClock, RetryRecorder } from "effect-stamina/testing"

class Down extends Data.TaggedError("Down")<{ readonly num: number }> {}

/** Fails so many times, then succeeds; again for each time that it is built. */
const failing = (times: number) =>
  Effect.suspend(() => {
    let calls = 0
    return Effect.suspend(() => ++calls <= times ? Effect.fail(new Down({ num: calls })) : Effect.succeed(calls))
  })

const call = (times: number, name: string, attempts = 10) =>
  Effect.suspend(() => {
    let calls = 0
    return Effect.suspend(() => ++calls <= times ? Effect.fail(new Down({ num: calls })) : Effect.succeed(calls)).pipe(
      Stamina.retry({ on: "Down", name, attempts, waitInitial: 1000, waitExpBase: 1, waitJitter: 0 })
    )
  })

const record = (self: Effect.Effect<unknown, unknown>, recorder = RetryRecorder.make()) => {
  const clock = Effect.runSync(JumpingClock.make())
  Effect.runSync(Effect.exit(self).pipe(Effect.provide(recorder.layer), JumpingClock.provide(clock)))
  return recorder
}

const brief = ({ runs }: RetryRecorder.RetryRecorder) =>
  runs.map(({ end, name, waits }) => [
    name,
    waits.length,
    end?._tag === "GaveUp" ? end.reason : end?._tag,
    end?.attempts
  ])

describe("RetryRecorder", () => {
  it("keeps waits and errors of a run, and how it ended", () => {
    const { events, runs } = record(call(2, "stock"))
    expect(events.map(({ _tag }) => _tag)).toEqual(["RetryScheduled", "RetryScheduled", "Recovered"])
    expect(runs).toHaveLength(1)
    expect(runs[0]).toMatchObject({ name: "stock", waits: [1000, 1000], errors: [{ num: 1 }, { num: 2 }] })
    expect(runs[0]?.end).toBe(events[2])
  })

  it("tells runs apart that follow each other", () => {
    const both = Effect.andThen(call(1, "a"), Effect.andThen(Effect.exit(call(9, "a", 3)), call(2, "a")))
    expect(brief(record(both))).toEqual([
      ["a", 1, "Recovered", 2],
      ["a", 2, "AttemptsExhausted", 3],
      ["a", 2, "Recovered", 3]
    ])
  })

  it("tells runs apart that lie in each other, also of the same name", () => {
    const nested = call(9, "same", 2).pipe(
      Stamina.retry({ on: "Down", name: "same", attempts: 3, waitInitial: 5000, waitJitter: 0, waitExpBase: 1 })
    )
    const recorder = record(nested)
    expect(brief(recorder)).toEqual([
      ["same", 1, "AttemptsExhausted", 2],
      ["same", 2, "AttemptsExhausted", 3],
      ["same", 1, "AttemptsExhausted", 2],
      ["same", 1, "AttemptsExhausted", 2]
    ])
    expect(recorder.runs.map(({ waits }) => waits[0])).toEqual([1000, 5000, 1000, 1000])
  })

  it("tells runs of other fibers apart", () => {
    const all = Effect.all([call(3, "a"), call(1, "a"), call(2, "a")], { concurrency: "unbounded" })
    expect(brief(record(all))).toEqual([["a", 3, "Recovered", 4], ["a", 1, "Recovered", 2], ["a", 2, "Recovered", 3]])
  })

  it("leaves a schedule open that ends in a success, also inside of another run", () => {
    const options = { on: "Down", name: "inner", waitInitial: 10, waitJitter: 0 } as const
    let calls = 0
    const inner = Effect.retry(
      failing(0).pipe(
        Effect.andThen(Effect.suspend(() => ++calls % 2 === 1 ? Effect.fail(new Down({ num: calls })) : Effect.void))
      ),
      staminaSchedule(options)
    )
    const outer = Effect.andThen(inner, Effect.fail(new Down({ num: 0 }))).pipe(
      Stamina.retry({ on: "Down", name: "outer", attempts: 3, waitJitter: 0 })
    )
    expect(brief(record(outer))).toEqual([
      ["inner", 1, undefined, undefined],
      ["outer", 2, "AttemptsExhausted", 3],
      ["inner", 1, undefined, undefined],
      ["inner", 1, undefined, undefined]
    ])
  })

  it("does not take a schedule that has ended in silence for the run around it", () => {
    let attempts = 0
    const inner = Effect.suspend(() => {
      let failures = ++attempts === 2 ? 2 : 0
      return Effect.retry(
        Effect.suspend(() => failures-- > 0 ? Effect.fail(new Down({ num: 0 })) : Effect.void),
        staminaSchedule({ on: "Down", name: "same", waitInitial: 10, waitJitter: 0 })
      )
    })
    const outer = Effect.andThen(inner, Effect.fail(new Down({ num: 0 }))).pipe(
      Stamina.retry({ on: "Down", name: "same", attempts: 4, waitJitter: 0 })
    )
    expect(brief(record(outer))).toEqual([
      ["same", 3, "AttemptsExhausted", 4],
      ["same", 2, undefined, undefined]
    ])
  })

  it("has a run that a deadline or an interruption ends before its first retry", () => {
    const recorder = RetryRecorder.make()
    // waits are not begun that would end past a deadline, but a hook takes its time first
    const slow: RetryHook.RetryHook = { onRetryScheduled: () => Effect.sleep("5 seconds") }
    const program = call(9, "late").pipe(
      Stamina.withDeadline("3 seconds"),
      Effect.exit,
      Effect.andThen(Effect.timeout(call(9, "cut"), 500))
    )
    record(Effect.provide(program, Stamina.layerHooks([recorder.hook, slow])))
    expect(brief(recorder)).toEqual([["late", 1, "DeadlineExceeded", 1], ["cut", 1, "Interrupted", 1]])
  })

  it("has a run that a limit stopped before its first retry", () => {
    const once = call(9, "once", 1)
    const nested = Stamina.retry(once, { on: "Down", name: "once", attempts: 2, waitJitter: 0 })
    expect(brief(record(nested))).toEqual([
      ["once", 0, "AttemptsExhausted", 1],
      ["once", 1, "AttemptsExhausted", 2],
      ["once", 0, "AttemptsExhausted", 1]
    ])
  })

  it("hears of streams", () => {
    let calls = 0
    const stream = Stream.suspend(() => ++calls < 3 ? Stream.fail(new Down({ num: calls })) : Stream.make(1)).pipe(
      Stamina.retryStream({ on: "Down", name: "feed", waitJitter: 0 })
    )
    expect(brief(record(Stream.runDrain(stream)))).toEqual([["feed", 2, "Recovered", 3]])
  })

  it("hears of a stream as of one run, where another fiber ends it", () => {
    let calls = 0
    const stream = Stream.suspend(() =>
      ++calls < 3 ? Stream.fail(new Down({ num: calls })) : Stream.concat(Stream.make(1), Stream.never)
    ).pipe(Stamina.retryStream({ on: "Down", name: "feed", waitJitter: 0 }), Stream.buffer({ capacity: 4 }))
    const recorder = RetryRecorder.make()
    return Effect.runPromise(
      Stream.runDrain(Stream.take(stream, 1)).pipe(
        Effect.provide(recorder.layer),
        Effect.provide(JumpingClock.layer())
      )
    ).then(() => expect(brief(recorder)).toEqual([["feed", 2, "Recovered", 3]]))
  })

  it("stands in place of other hooks, or beside them, and forgets when told to", () => {
    const others: Array<string> = []
    const hook: RetryHook.RetryHook = { onRecovered: () => void others.push("heard") }
    const recorder = RetryRecorder.make()
    const run = (layer: typeof recorder.layer) =>
      Effect.runSync(
        call(1, "a").pipe(
          Effect.provide(layer),
          Effect.provide([Stamina.layerHooks([hook]), JumpingClock.layer()])
        )
      )
    run(recorder.layer)
    expect(others).toEqual([])
    run(recorder.layerAdd)
    expect(others).toEqual(["heard"])
    expect(recorder.runs).toHaveLength(2)
    recorder.clear()
    expect([recorder.runs, recorder.events]).toEqual([[], []])
    run(recorder.layer)
    expect(brief(recorder)).toEqual([["a", 1, "Recovered", 2]])
  })
})
