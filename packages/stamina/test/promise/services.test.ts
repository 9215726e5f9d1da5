import { describe, expect, it } from "@effect/vitest"
import { Context, Data, Effect, Layer, ManagedRuntime, Option } from "effect"
import { Stamina } from "effect-stamina"
import * as JumpingClock from "effect-stamina/JumpingClock"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { freshRegistry, recordLogs } from "../kit/telemetry.ts"

const options = { on: "Error", waitJitter: 0 } as const

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => expect.fail("it resolved"), (error: unknown) => error)

const settled = () => new Promise((resolve) => setImmediate(resolve))

const failing = () => Promise.reject(new Error("down"))

describe("RetryPromise.make", () => {
  it("has the hooks, the defaults, the switches and the clock of its layer", async () => {
    const names: Array<string> = []
    const functions = RetryPromise.make({
      layer: Layer.mergeAll(
        Stamina.layerHooks([{ onGaveUp: ({ attempts, name }) => void names.push(`${name}: ${attempts}`) }]),
        Stamina.layerDefaults({ attempts: 4, waitInitial: "1 day", waitMax: "1 day", timeout: "365 days" }),
        JumpingClock.layer()
      )
    })
    await rejection(functions.retry(failing, options))
    await rejection(functions.retried({ ...options, name: "retried" })(failing)())
    expect(names).toEqual(["failing: 4", "retried: 4"])
    await functions.dispose()
  })

  it("is inactive where its layer says so, and nothing else is", async () => {
    const functions = RetryPromise.make({ layer: Stamina.layerInactive })
    let calls = 0
    const fn = () => {
      calls++
      return failing()
    }
    await rejection(functions.retry(fn, options))
    expect(calls).toBe(1)
    await rejection(RetryPromise.retry(fn, { ...options, attempts: 2, waitInitial: 0, hooks: [] }))
    expect(calls).toBe(3)
    await functions.dispose()
  })

  it("builds its layer once, when it is needed, and releases it in the end", async () => {
    const log: Array<string> = []
    const layer = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => void log.push("built")),
        () => Effect.sync(() => void log.push("released"))
      )
    )
    const functions = RetryPromise.make({ layer })
    expect(log).toEqual([])
    expect(await Promise.all([1, 2, 3].map((n) => functions.retry(() => n, options)))).toEqual([1, 2, 3])
    expect(await functions.retry(() => 4, options)).toBe(4)
    expect(log).toEqual(["built"])
    await functions[Symbol.asyncDispose]()
    expect(log).toEqual(["built", "released"])
  })

  it("makes no attempt before its layer is built, and the next ones at once", async () => {
    const functions = RetryPromise.make({ layer: Layer.effectDiscard(Effect.promise(settled)) })
    const log: Array<string> = []
    const call = (name: string) => functions.retry(() => void log.push(name), options)
    const first = call("first")
    log.push("built")
    await first
    const second = call("second")
    log.push("later")
    await second
    expect(log).toEqual(["built", "first", "second", "later"])
    await functions.dispose()
  })

  it("rejects with the error of a layer that cannot be built", async () => {
    class NoSecrets extends Data.TaggedError("NoSecrets") {}
    const functions = RetryPromise.make({ layer: Layer.effectDiscard(Effect.fail(new NoSecrets())) })
    let calls = 0
    expect(await rejection(functions.retry(() => ++calls, options))).toBeInstanceOf(NoSecrets)
    expect(calls).toBe(0)
    await functions.dispose()
  })
})

describe("RetryPromise.fromRuntime", () => {
  it("counts and logs where the application does", async () => {
    const { lines, provide } = recordLogs()
    const registry = freshRegistry()
    const context = Effect.runSync(registry.provide(provide(Effect.context())))
    const runtime = ManagedRuntime.make(Layer.succeedContext(context))
    const { retry } = RetryPromise.fromRuntime(runtime)
    const options = { attempts: 2, waitInitial: 0, waitJitter: 0, name: "load" } as const
    const down = new Error("down")
    await rejection(retry(() => Promise.reject(down), { ...options, on: "Error" }))
    await runtime.runPromise(Effect.fail(down).pipe(Stamina.retry({ ...options, on: () => true }), Effect.ignore))
    expect(registry.counts("stamina_retries_total")).toEqual([
      [{ callable: "load", retry_num: "1", error_type: "Error" }, 2]
    ])
    const messages = lines.map(({ message }) => message)
    expect(messages.slice(0, 2)).toEqual(["stamina.retry_scheduled", "stamina.gave_up"])
    expect(messages.slice(2)).toEqual(messages.slice(0, 2))
    await runtime.dispose()
  })

  it("ends waiting calls with the runtime: they reject with an AbortError, and hooks hear of it", async () => {
    const told: Array<string> = []
    const hooks = [{ onInterrupted: () => void told.push("interrupted") }]
    const runtime = ManagedRuntime.make(Layer.empty)
    const { retry } = RetryPromise.fromRuntime(runtime)
    const down = new Error("down")
    let signal: AbortSignal | undefined
    const waiting = rejection(retry(() => Promise.reject(down), { ...options, waitInitial: "1 hour", hooks }))
    const attempting = rejection(retry((attempt) => {
      if (attempt.num === 1) throw down
      signal = attempt.signal
      return new Promise(() => {})
    }, { ...options, waitInitial: 0, hooks, signal: new AbortController().signal }))
    await settled()
    await settled()
    await runtime.dispose()
    for (const error of await Promise.all([waiting, attempting])) {
      expect(error).toMatchObject({ name: "AbortError", message: "the retry was interrupted", cause: down })
    }
    expect(signal?.aborted).toBe(true)
    expect(told).toEqual(["interrupted", "interrupted"])
  })

  it("rejects with the error itself where the runtime has gone in the first attempt", async () => {
    const runtime = ManagedRuntime.make(Layer.empty)
    const { retry } = RetryPromise.fromRuntime(runtime)
    await retry(() => "ok", options)
    const down = new Error("down")
    let calls = 0
    const promise = retry(async () => {
      calls++
      await runtime.dispose()
      throw down
    }, { ...options, hooks: [] })
    expect(await rejection(promise)).toBe(down)
    expect(calls).toBe(1)
    expect(Option.isNone(Stamina.report(down))).toBe(true)
  })
})

describe("RetryPromise.fromContext", () => {
  it("has the services of the context", async () => {
    const told: Array<number> = []
    const context = await Effect.runPromise(Effect.provide(
      Effect.context(),
      Layer.mergeAll(
        Stamina.layerHooks([{ onRetryScheduled: ({ retryNum }) => void told.push(retryNum) }]),
        Stamina.layerTesting({ attempts: 3 })
      )
    ))
    await rejection(RetryPromise.fromContext(context).retry(failing, options))
    expect(told).toEqual([1, 2])
    expect(await RetryPromise.fromContext(Context.empty()).retry(() => 1, options)).toBe(1)
  })
})

describe("the end of a runtime", () => {
  it("waits for what hooks do about the calls that it ends", async () => {
    const log: Array<string> = []
    const hook: Stamina.RetryHook = {
      onInterrupted: () => Effect.andThen(Effect.promise(settled), Effect.sync(() => void log.push("hook")))
    }
    const functions = RetryPromise.make({ layer: Layer.empty })
    const calls = [1, 2].map(() =>
      rejection(functions.retry(failing, { ...options, waitInitial: "1 hour", hooks: [hook] }))
    )
    await settled()
    await settled()
    await functions.dispose()
    log.push("disposed")
    expect(log).toEqual(["hook", "hook", "disposed"])
    await Promise.all(calls)
  })
})
