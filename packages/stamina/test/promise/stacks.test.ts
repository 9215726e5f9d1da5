/**
 * What the stack of an error shows, for promises and for effects.
 */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit } from "effect"
import { Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { AsyncLocalStorage } from "node:async_hooks"
import { problems } from "../kit/stacks.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

describe("an error of a retried promise", () => {
  it("shows its caller, from each attempt, as a loop by hand does", async () => {
    expect(await problems()).toEqual([])
  })
})

describe("AsyncLocalStorage", () => {
  it("is the caller's in each attempt and in hooks, in every way, and on another clock", async () => {
    const storage = new AsyncLocalStorage<number>()
    const seen = new Set<number | undefined>()
    const look = () => void seen.add(storage.getStore())
    const failing = async () => {
      look()
      await Promise.resolve()
      look()
      throw new Error("down")
    }
    const hooks = [{
      onRetryScheduled: () => Effect.andThen(Effect.yieldNow, Effect.sync(look)),
      onGaveUp: look
    }]
    const options = { on: "Error", attempts: 3, waitInitial: 1, waitJitter: 0, hooks } as const
    const time = new VirtualTime([0.5])
    const inside = RetryPromise.fromContext(await Effect.runPromise(time.provide(Effect.context())))
    const { signal } = new AbortController()
    const ways = [{}, { signal }, { attemptTimeout: "1 minute" }, { spans: true }] as const
    for (const functions of [RetryPromise, inside]) {
      for (const [index, more] of ways.entries()) {
        seen.clear()
        await storage.run(index, () => functions.retry(failing, { ...options, ...more })).catch(look)
        expect([...seen]).toEqual([index, undefined])
      }
    }
  })
})

class Down extends Data.TaggedError("Down") {}

describe("an error of a retried effect", () => {
  const traced = Effect.fn("load")(function*(calls: { count: number }) {
    calls.count++
    yield* Effect.yieldNow
    return yield* new Down()
  })
  const shown = async (effect: Effect.Effect<unknown, Down>) => {
    const handler = Effect.fn("handler")(function*() {
      return yield* effect
    })
    const exit = await Effect.runPromiseExit(handler())
    return Exit.isFailure(exit) ? Cause.pretty(exit.cause) : expect.fail("it succeeded")
  }

  it("shows the same spans and lines after three attempts as without a retry", async () => {
    const calls = { count: 0 }
    const load = traced(calls)
    const bare = await shown(load)
    const retried = await shown(
      Stamina.retry(load, { on: "Down", attempts: 3, waitInitial: 1, waitJitter: 0, hooks: [] })
    )
    expect(calls.count).toBe(4)
    const lines = (text: string) => text.split("\n").map((line) => line.trim())
    expect(lines(retried)).toEqual(lines(bare))
    for (const span of ["load", "handler"]) expect(bare).toContain(`at ${span} (`)
  })
})
