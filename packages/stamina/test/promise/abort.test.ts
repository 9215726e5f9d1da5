import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option } from "effect"
import { Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { getEventListeners } from "node:events"

/** Long enough for a test to hang where something is waited for. */
const options = { on: () => true, waitInitial: "1 hour", waitJitter: 0, hooks: [] } as const

const reason = new Error("enough")

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => expect.fail("it resolved"), (error: unknown) => error)

/** Everything that promises do by themselves, and what is due at once. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length

/** Notes what hooks hear. */
const telling = () => {
  const told: Array<string> = []
  const hook: Stamina.RetryHook = {
    onRetryScheduled: () => void told.push("scheduled"),
    onRecovered: () => void told.push("recovered"),
    onGaveUp: () => void told.push("gave up"),
    onInterrupted: () => void told.push("interrupted")
  }
  return { told, hook }
}

describe("a call that is aborted", () => {
  it("before it begins rejects with the reason, and makes no attempt", async () => {
    let calls = 0
    const fn = () => ++calls
    for (const reason of [new Error("enough"), "enough", undefined, 0]) {
      const signal = AbortSignal.abort(reason)
      expect(await rejection(RetryPromise.retry(fn, { ...options, signal }))).toBe(signal.reason)
      expect(listeners(signal)).toBe(0)
    }
    expect(calls).toBe(0)
  })

  it("in its first attempt rejects at once, also where the attempt takes no notice", async () => {
    const { hook, told } = telling()
    const controller = new AbortController()
    const { signal } = controller
    let attempt: RetryPromise.PromiseAttempt | undefined
    let calls = 0
    let fail = (_error: unknown) => {}
    const promise = RetryPromise.retry((current) => {
      calls++
      attempt = current
      return new Promise((_, reject) => fail = reject)
    }, { ...options, hooks: [hook], signal })
    expect(listeners(signal)).toBe(1)
    controller.abort(reason)
    expect(await rejection(promise)).toBe(reason)
    expect(listeners(signal)).toBe(0)
    expect(attempt?.signal.aborted).toBe(true)
    expect(attempt?.signal.reason).toBe(reason)
    // what it comes to later is nobody's business any more
    fail(new Error("late"))
    await settled()
    expect([calls, told]).toEqual([1, []])
  })

  it("in a later attempt rejects at once, and hooks hear of an interruption", async () => {
    const { hook, told } = telling()
    const controller = new AbortController()
    const { signal } = controller
    let began = () => {}
    const inAttempt = new Promise<void>((resolve) => began = resolve)
    const seen: Array<AbortSignal> = []
    const promise = RetryPromise.retry(({ num, signal }) => {
      seen.push(signal)
      if (num === 1) return Promise.reject(new Error("down"))
      began()
      return new Promise(() => {})
    }, { ...options, waitInitial: 0, hooks: [hook], signal })
    await inAttempt
    controller.abort(reason)
    expect(await rejection(promise)).toBe(reason)
    expect(seen.map(({ aborted, reason }) => [aborted, reason])).toEqual([[true, reason], [true, reason]])
    expect(told).toEqual(["scheduled", "interrupted"])
    expect(listeners(signal)).toBe(0)
  })

  it("in a wait rejects at once, and leaves no timer and no listener", async () => {
    const { hook, told } = telling()
    const controller = new AbortController()
    const { signal } = controller
    const before = timers()
    let calls = 0
    const promise = RetryPromise.retry(() => {
      calls++
      return Promise.reject(new Error("down"))
    }, { ...options, hooks: [hook], signal })
    await settled()
    expect([timers(), listeners(signal)]).toEqual([before + 1, 1])
    controller.abort(reason)
    expect([timers(), listeners(signal)]).toEqual([before, 0])
    expect(await rejection(promise)).toBe(reason)
    await settled()
    expect([calls, told]).toEqual([1, ["scheduled", "interrupted"]])
  })

  it("while a hook takes its time rejects at once, and interrupts the hook", async () => {
    const controller = new AbortController()
    const { signal } = controller
    const before = timers()
    const log: Array<string> = []
    const hook: Stamina.RetryHook = {
      onRetryScheduled: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void log.push("released"))),
      onInterrupted: () => void log.push("interrupted")
    }
    const promise = RetryPromise.retry(() => Promise.reject(new Error("down")), { ...options, hooks: [hook], signal })
    await settled()
    controller.abort(reason)
    expect(await rejection(promise)).toBe(reason)
    await settled()
    expect(log).toEqual(["released", "interrupted"])
    expect([timers(), listeners(signal)]).toEqual([before, 0])
  })

  it("does not wait for hooks that hear of it", async () => {
    const controller = new AbortController()
    let goOn = () => {}
    const log: Array<string> = []
    const hook: Stamina.RetryHook = {
      onInterrupted: () =>
        Effect.promise(() => new Promise<void>((resolve) => goOn = resolve)).pipe(
          Effect.andThen(Effect.sync(() => void log.push("hook")))
        )
    }
    const promise = RetryPromise.retry(() => Promise.reject(new Error("down")), {
      ...options,
      hooks: [hook],
      signal: controller.signal
    })
    await settled()
    controller.abort(reason)
    expect(await rejection(promise)).toBe(reason)
    log.push("rejected")
    goOn()
    await settled()
    expect(log).toEqual(["rejected", "hook"])
  })

  it("while its services are being built rejects at once, and makes no attempt", async () => {
    const controller = new AbortController()
    let build = () => {}
    const slow = Layer.effectDiscard(Effect.promise(() => new Promise<void>((resolve) => build = resolve)))
    const functions = RetryPromise.make({ layer: slow })
    let calls = 0
    const promise = functions.retry(() => ++calls, { ...options, signal: controller.signal })
    controller.abort(reason)
    expect(await rejection(promise)).toBe(reason)
    build()
    await settled()
    expect(calls).toBe(0)
    expect(listeners(controller.signal)).toBe(0)
    await functions.dispose()
  })

  it.each([1, 2])("by attempt %i itself ends there", async (last) => {
    const controller = new AbortController()
    let calls = 0
    const promise = RetryPromise.retry(() => {
      if (++calls === last) controller.abort(reason)
      throw new Error("down")
    }, { ...options, waitInitial: 0, signal: controller.signal })
    expect(await rejection(promise)).toBe(reason)
    await settled()
    expect(calls).toBe(last)
  })

  it("by a hook, before its wait begins, ends there", async () => {
    const controller = new AbortController()
    const before = timers()
    let calls = 0
    const promise = RetryPromise.retry(() => {
      calls++
      throw new Error("down")
    }, { ...options, hooks: [{ onRetryScheduled: () => controller.abort(reason) }], signal: controller.signal })
    expect(await rejection(promise)).toBe(reason)
    await settled()
    expect([calls, timers()]).toEqual([1, before])
  })

  it("with an attemptTimeout leaves no timer", async () => {
    const controller = new AbortController()
    const before = timers()
    const seen: Array<AbortSignal> = []
    const promise = RetryPromise.retry((attempt) => {
      seen.push(attempt.signal)
      return new Promise(() => {})
    }, { ...options, attemptTimeout: "1 hour", signal: controller.signal })
    await settled()
    expect(timers()).toBe(before + 1)
    controller.abort(reason)
    expect(await rejection(promise)).toBe(reason)
    await settled()
    expect([timers(), seen[0]?.aborted, listeners(controller.signal)]).toEqual([before, true, 0])
  })

  it("is not aborted any more once it has ended, but what it has answered is", async () => {
    for (const failures of [0, 1]) {
      const { hook, told } = telling()
      const controller = new AbortController()
      let last: AbortSignal | undefined
      const answer = await RetryPromise.retry(({ num, signal }) => {
        last = signal
        return num > failures ? "ok" : Promise.reject(new Error("down"))
      }, { ...options, waitInitial: 0, hooks: [hook], signal: controller.signal })
      expect([answer, last?.aborted, listeners(controller.signal)]).toEqual(["ok", false, 0])
      const heard = [...told]
      // a body that is still being read
      controller.abort(reason)
      expect([last?.aborted, last?.reason]).toEqual([true, reason])
      expect(told).toEqual(heard)
    }
  })

  it("leaves no listener where it fails by itself", async () => {
    const { signal } = new AbortController()
    await rejection(RetryPromise.retry(() => Promise.reject(new Error("down")), { ...options, attempts: 1, signal }))
    await rejection(RetryPromise.retry(() => {
      throw new Error("down")
    }, { ...options, waitInitial: 0, attempts: 3, signal }))
    expect(listeners(signal)).toBe(0)
  })

  it("takes no notice of other calls that share the signal, and they none of it", async () => {
    const controller = new AbortController()
    const { signal } = controller
    const waiting = Array.from(
      { length: 5 },
      () => rejection(RetryPromise.retry(() => Promise.reject(new Error("down")), { ...options, signal }))
    )
    expect(await RetryPromise.retry(() => "ok", { ...options, signal })).toBe("ok")
    await settled()
    expect(listeners(signal)).toBe(1)
    controller.abort(reason)
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 5 }, () => reason))
    expect(listeners(signal)).toBe(0)
  })
})

describe("an error that is named AbortError but came from elsewhere", () => {
  it("is judged like any other", async () => {
    let calls = 0
    const fn = () => ++calls < 3 ? Promise.reject(new DOMException("", "AbortError")) : Promise.resolve("ok")
    expect(
      await RetryPromise.retry(fn, {
        ...options,
        waitInitial: 0,
        on: "AbortError",
        signal: new AbortController().signal
      })
    ).toBe("ok")
  })
})

describe("a deadline around the effect whose context is used", () => {
  const failing = (signal?: AbortSignal) =>
    Effect.gen(function*() {
      const { retry } = RetryPromise.fromContext(yield* Effect.context())
      return yield* Effect.tryPromise({
        try: (own) =>
          retry(() => Promise.reject(new Error("down")), { ...options, waitInitial: 30, signal: signal ?? own }),
        catch: (error) => error as { readonly message: string }
      })
    })

  it.live("keeps waits from beginning that would end past it", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stamina.withDeadline(failing(), 10))
      expect(error).toEqual(new Error("down"))
      expect(Option.getOrThrow(Stamina.report(error)).reason).toBe("WaitExceedsDeadline")
    }))

  it.live("cuts attempts off by the signal, and is what hooks hear of", () =>
    Effect.gen(function*() {
      const reasons: Array<string> = []
      const hooks = [{ onGaveUp: ({ reason }: { readonly reason: string }) => void reasons.push(reason) }]
      const { retry } = RetryPromise.fromContext(yield* Effect.context())
      const outside = yield* Effect.flip(Stamina.withDeadline(
        Effect.gen(function*() {
          const inside = RetryPromise.fromContext(yield* Effect.context())
          return yield* Effect.tryPromise((signal) =>
            inside.retry(
              ({ num }) => num === 1 ? Promise.reject(new Error("down")) : new Promise(() => {}),
              { ...options, waitInitial: 0, hooks, signal }
            )
          )
        }),
        10
      ))
      expect(outside._tag).toBe("DeadlineExceeded")
      expect(reasons).toEqual(["DeadlineExceeded"])
      expect(yield* Effect.promise(() => retry(() => "ok", options))).toBe("ok")
    }))
})

describe("an effect around that is interrupted", () => {
  it.live("ends the call by the signal of `Effect.tryPromise`", () =>
    Effect.gen(function*() {
      const { hook, told } = telling()
      const before = timers()
      const functions = RetryPromise.fromContext(Context.empty())
      const fiber = yield* Effect.forkChild(Effect.tryPromise((signal) =>
        functions.retry(() => Promise.reject(new Error("down")), { ...options, hooks: [hook], signal })
      ))
      yield* Effect.promise(settled)
      yield* Fiber.interrupt(fiber)
      expect([told, timers()]).toEqual([["scheduled", "interrupted"], before])
    }))
})
