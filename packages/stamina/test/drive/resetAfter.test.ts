import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { type RetryEvent, Stamina } from "effect-stamina"
import { VirtualTime } from "../kit/VirtualTime.ts"

class Lost {
  readonly _tag = "Lost"
}

/** A worker that runs for as long as the list says, and then fails. */
const worker = (time: VirtualTime, lasts: ReadonlyArray<number>) => {
  const begun: Array<number> = []
  const effect = Effect.suspend(() => {
    begun.push(time.now)
    const last = lasts[begun.length - 1]
    if (last === undefined) return Effect.succeed("done")
    time.passUnsafe(last)
    return Effect.fail(new Lost())
  })
  return { begun, effect }
}

const options = { on: "Lost", attempts: 3, waitInitial: 10, waitJitter: 0, timeout: 1600, resetAfter: 500 } as const

const run = (lasts: ReadonlyArray<number>, more: { readonly attemptsInAll?: number } = {}) => {
  const time = new VirtualTime([0])
  const events: Array<RetryEvent.RetryEvent> = []
  const heard = (event: RetryEvent.RetryEvent) => void events.push(event)
  const { begun, effect } = worker(time, lasts)
  const result = Effect.runSync(
    Stamina.retry(effect, { ...options, ...more }).pipe(
      Effect.result,
      Effect.provide(Stamina.layerHooks([{
        onRetryScheduled: heard,
        onRecovered: heard,
        onGaveUp: heard,
        onInterrupted: heard
      }])),
      time.provide
    )
  )
  return { begun, events, result: result._tag, sleeps: time.sleeps, tags: events.map(({ _tag }) => _tag) }
}

describe("resetAfter of an effect", () => {
  it("lets attempts, timeout and waits start afresh after an attempt that lasted so long", () => {
    // the third attempt of a run without it would be the last, and far past the timeout
    const { result, sleeps } = run([2000, 2000, 2000, 2000, 2000])
    expect(result).toBe("Success")
    expect(sleeps).toEqual([10, 10, 10, 10, 10])
  })

  it("does not count an attempt as healthy that lasted a millisecond less", () => {
    const { begun, result, sleeps } = run([499, 499, 499])
    expect([result, begun.length]).toEqual(["Failure", 3])
    expect(sleeps).toEqual([10, 20])
  })

  it("tells that the run before has recovered, once, and only if it had retried", () => {
    const { events, tags } = run([0, 0, 600, 0])
    expect(tags).toEqual([
      "RetryScheduled",
      "RetryScheduled",
      "Recovered",
      "RetryScheduled",
      "RetryScheduled",
      "Recovered"
    ])
    expect(events.map((event) => "retryNum" in event ? event.retryNum : event.attempts))
      .toEqual([1, 2, 3, 1, 2, 3])
    // the attempt that was healthy is the first of the new run, which began before its time did
    const [, , , fourth] = events
    expect(fourth?._tag === "RetryScheduled" && Duration.toMillis(fourth.attemptTook)).toBe(600)
    expect(fourth?._tag === "RetryScheduled" && Duration.toMillis(fourth.elapsed)).toBe(0)
  })

  it("is capped by attemptsInAll, over all runs", () => {
    const { begun, result, tags } = run([600, 600, 600, 600, 600, 600], { attemptsInAll: 4 })
    expect([result, begun.length]).toEqual(["Failure", 4])
    expect(tags.at(-1)).toBe("GaveUp")
  })

  it("is capped at 1000 attempts by default", () => {
    const { begun } = run(Array.from({ length: 1100 }, () => 600))
    expect(begun).toHaveLength(1000)
  })

  it("is capped at as many attempts as layerDefaults allow one run, where these are more than 1000", () => {
    let calls = 0
    const worker = Effect.suspend(() => (calls++, Effect.fail(new Lost())))
    const defaults = { attempts: 1500, timeout: Duration.infinity, waitInitial: 0, waitMax: 0, waitJitter: 0 }
    Effect.runSync(
      Stamina.retry(worker, { on: "Lost", resetAfter: "1 hour" }).pipe(
        Effect.exit,
        Effect.provide(Stamina.layerDefaults(defaults)),
        Effect.provide(Stamina.layerHooks([])),
        new VirtualTime([0]).provide
      )
    )
    expect(calls).toBe(1500)
  })

  it("refuses a time that is not longer than 0, and a number that counts nothing", () => {
    expect(() => Stamina.retry({ on: "Lost", resetAfter: 0 })).toThrow(
      new RangeError("Stamina.retry: resetAfter must be a duration > 0 or Duration.infinity, got 0")
    )
    expect(() => Stamina.retry({ on: "Lost", attemptsInAll: 0 })).toThrow(
      new RangeError("Stamina.retry: attemptsInAll must be an integer >= 1 or Infinity, got 0")
    )
  })
})
