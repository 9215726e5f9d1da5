import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Logger, References, Schema, Stream } from "effect"
import { RetryBudget, type RetryEvent, Stamina } from "effect-stamina"
import * as AiRetry from "effect-stamina/AiRetry"
import { AiError, LanguageModel, Model, type Response, Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import {
  aiError,
  ended,
  failing,
  invalid,
  network,
  output,
  quiet,
  rateLimit,
  type Reason,
  server
} from "../kit/modelErrors.ts"
import { reasonOf } from "../kit/reasonOf.ts"

describe("AiRetry.retry", () => {
  it.effect("counts the failures for each reason, not the attempts", () =>
    Effect.gen(function*() {
      const mixed = failing(server(), server(), server(), output, invalid, server(), output, invalid)
      expect(yield* ended(mixed.pipe(AiRetry.retry()))).toEqual(Exit.succeed("an answer"))
      // `on` counts attempts
      const same = failing(server(), server(), server(), output)
      expect(Exit.isFailure(yield* ended(same.pipe(Stamina.retry({ on: AiRetry.on }))))).toBe(true)
    }).pipe(quiet))

  it.effect("counts for each run anew", () =>
    Effect.gen(function*() {
      const twice = AiRetry.retry({ attempts: 3 })
      for (let run = 0; run < 3; run++) {
        expect(yield* ended(twice(failing(output, output)))).toEqual(Exit.succeed("an answer"))
      }
    }).pipe(quiet))

  it.effect("has limits of the user's own, for any reason", () =>
    Effect.gen(function*() {
      const limits = { StructuredOutputError: 5, RateLimitError: 2, NetworkError: Infinity } as const
      const run = (...reasons: ReadonlyArray<Reason>) => ended(failing(...reasons).pipe(AiRetry.retry({ limits })))
      expect(Exit.isSuccess(yield* run(output, output, output, output))).toBe(true)
      expect(Exit.isSuccess(yield* run(output, output, output, output, output))).toBe(false)
      expect(Exit.isSuccess(yield* run(rateLimit(), server(), rateLimit()))).toBe(false)
      expect(Exit.isSuccess(yield* run(...Array.from({ length: 9 }, () => network())))).toBe(true)
      // what is not named keeps its default
      expect(Exit.isSuccess(yield* run(invalid, invalid, invalid))).toBe(false)
    }).pipe(quiet))

  it.effect("asks classify first, about every error, and counts all the same", () =>
    Effect.gen(function*() {
      const classify = (error: unknown) =>
        error === "mine" ? "1 second" : AiRetry.kindOf(error) === "Final" ? true : undefined
      let calls = 0
      const own = Effect.suspend(() => ++calls < 4 ? Effect.fail("mine" as const) : Effect.succeed("an answer"))
      expect(yield* ended(own.pipe(AiRetry.retry({ classify })))).toEqual(Exit.succeed("an answer"))
      const key = new AiError.AuthenticationError({ kind: "ExpiredKey" })
      expect(yield* ended(failing(key, server()).pipe(AiRetry.retry({ classify })))).toEqual(Exit.succeed("an answer"))
      const limits = { AuthenticationError: 1 }
      expect(Exit.isFailure(yield* ended(failing(key).pipe(AiRetry.retry({ classify, limits }))))).toBe(true)
    }).pipe(quiet))

  it.effect("gives up at once if the provider asks for more than maxHint, or than the timeout leaves", () =>
    Effect.gen(function*() {
      const run = (options: AiRetry.Options, hint: Duration.Input) =>
        Effect.map(ended(failing(rateLimit(hint)).pipe(AiRetry.retry(options))), reasonOf)
      expect(yield* run({}, "61 seconds")).toBe("HintTooLong")
      expect(yield* run({ maxHint: "2 minutes" }, "61 seconds")).toBeUndefined()
      expect(yield* run({ timeout: "30 seconds" }, "31 seconds")).toBe("WaitExceedsTimeout")
    }).pipe(quiet))

  it.effect("waits by a policy for calls that take a minute", () =>
    Effect.gen(function*() {
      let calls = 0
      const slow = Effect.suspend(() => {
        calls++
        return Effect.andThen(Effect.sleep("1 minute"), Effect.fail(aiError(server())))
      })
      yield* ended(slow.pipe(AiRetry.retry({ waitJitter: 0 })))
      expect(calls).toBe(5)
    }).pipe(quiet))

  it.effect("interrupts an attempt that takes too long, and retries it", () =>
    Effect.gen(function*() {
      let calls = 0
      const hangs = Effect.suspend(() => ++calls === 1 ? Effect.never : Effect.succeed("an answer"))
      expect(yield* ended(hangs.pipe(AiRetry.retry({ attemptTimeout: "30 seconds" })))).toEqual(
        Exit.succeed("an answer")
      )
    }).pipe(quiet))

  const provided = Model.make("openai", "gpt-5", Layer.empty)
  const other = Model.make("openai", "gpt-5-mini", Layer.empty)

  it.effect("is called by provider and model, unless it has a name", () =>
    Effect.gen(function*() {
      const names: Array<string> = []
      const hook = {
        onRetryScheduled: ({ name }: RetryEvent.RetryScheduled) => Effect.sync(() => void names.push(name))
      }
      const run = (options: AiRetry.Options) => failing(server()).pipe(AiRetry.retry({ hooks: [hook], ...options }))
      yield* ended(run({}).pipe(Effect.provide(provided)))
      yield* ended(run({ name: "summary" }).pipe(Effect.provide(provided)))
      yield* ended(run({}).pipe(Effect.withSpan("span")))
      expect(names).toEqual(["openai gpt-5", "summary", "span"])
    }).pipe(quiet))

  it.effect("lets all calls of a model know what the provider asked of one, and no other model", () =>
    Effect.gen(function*() {
      const waits: Array<number> = []
      const hook = {
        onRetryScheduled: ({ waitFor }: RetryEvent.RetryScheduled) =>
          Effect.sync(() => void waits.push(Duration.toMillis(waitFor)))
      }
      const options = { waitJitter: 0, hooks: [hook] }
      yield* Effect.forkChild(failing(rateLimit("40 seconds")).pipe(AiRetry.retry(options), Effect.provide(provided)))
      yield* TestClock.adjust("1 second")
      yield* Effect.forkChild(failing(server()).pipe(AiRetry.retry(options), Effect.provide(provided)))
      yield* Effect.forkChild(failing(server()).pipe(AiRetry.retry(options), Effect.provide(other)))
      yield* Effect.forkChild(
        failing(server()).pipe(AiRetry.retry({ ...options, budget: "none" }), Effect.provide(provided))
      )
      yield* TestClock.adjust("1 minute")
      expect(waits).toEqual([40_000, 39_000, 500, 500])
    }).pipe(quiet))

  it.effect("takes a budget, or a function to one", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const budget = yield* RetryBudget.make({ name: "mine" })
      const byModel = (model: string) => {
        asked.push(model)
        return budget
      }
      const run = (options: AiRetry.Options) =>
        ended(failing(server()).pipe(AiRetry.retry(options), Effect.provide(provided)))
      yield* run({ budget: byModel })
      yield* run({ budget })
      expect(asked).toEqual(["openai gpt-5"])
      expect((yield* budget.state).granted).toBe(2)
    }).pipe(quiet))

  it("refuses options that make no sense, when it is built", () => {
    const built = (options: object) => () => AiRetry.retry(options as AiRetry.Options)
    expect(built({ attempts: 0 })).toThrow("AiRetry.retry: attempts must be an integer >= 1 or Infinity, got 0")
    expect(built({ on: "AiError" })).toThrow("AiRetry.retry")
    expect(built({ limits: { StructuredOutputError: 0 } })).toThrow("limits.StructuredOutputError")
    expect(built({ limits: { ParseError: 1 } })).toThrow("limits.ParseError must be the tag of a reason of AiError")
    expect(built({ limits: 3 })).toThrow("limits must be a record of numbers")
    expect(built({ maxHint: -1 })).toThrow("maxHint must be a duration >= 0")
    expect(built({ budget: "lots" })).toThrow("budget must be a RetryBudget")
    expect(built({ classify: true })).toThrow("classify must be a function")
    expect(() => AiRetry.retry(Stream.empty as never, {})).toThrow("a Stream: AiRetry.retryStream")
    expect(() => AiRetry.retryStream({ resetAfter: "1 second" } as never)).toThrow("resetAfter")
    expect(() => AiRetry.retryStream(Effect.void as never, {})).toThrow("an Effect: AiRetry.retry")
  })

  it.effect("reports a classify that throws as a mistake", () =>
    Effect.gen(function*() {
      const broken = new Error("broken")
      const classify = () => {
        throw broken
      }
      const exit = yield* ended(failing(server()).pipe(AiRetry.retry({ classify }), Effect.provide(Logger.layer([]))))
      expect(exit).toEqual(Exit.die(broken))
    }).pipe(quiet))

  it.effect("does not repeat the tools of an answer for one call that does not parse", () =>
    Effect.gen(function*() {
      const ran: Array<number> = []
      const Pay = Tool.make("Pay", { parameters: Schema.Struct({ amount: Schema.Int }), success: Schema.Int })
      const toolkit = Toolkit.make(Pay)
      const handlers = toolkit.toLayer({ Pay: ({ amount }) => Effect.sync(() => ran.push(amount)) })
      const pay = (id: string, amount: unknown): Response.PartEncoded => ({
        type: "tool-call",
        id,
        name: "Pay",
        params: { amount }
      })
      const finish: Response.PartEncoded = {
        type: "finish",
        reason: "tool-calls",
        usage: { inputTokens: {}, outputTokens: {} }
      }
      let calls = 0
      const model = Layer.effect(LanguageModel.LanguageModel)(LanguageModel.make({
        generateText: () =>
          ++calls === 1 ? Effect.fail(aiError(server())) : Effect.succeed([pay("1", 7), pay("2", "seven"), finish]),
        streamText: () => Stream.empty
      }))
      const error = yield* ended(
        LanguageModel.generateText({ prompt: "Pay", toolkit, concurrency: 1 }).pipe(
          AiRetry.retry(),
          Effect.flip,
          Effect.provide([model, handlers])
        )
      )
      expect(Exit.isSuccess(error) && AiRetry.kindOf(error.value)).toBe("Tool")
      expect([calls, ran]).toEqual([2, [7]])
    }).pipe(quiet))
})

describe("AiRetry.retryStream", () => {
  const broken = aiError(server())
  const logged = (lines: Array<string>) =>
    Layer.mergeAll(
      Logger.layer([
        Logger.make(({ fiber, logLevel, message }) => {
          const { why } = fiber.getRef(References.CurrentLogAnnotations)
          lines.push(`${logLevel} ${String(message)} ${String(why)}`)
        })
      ]),
      Layer.succeed(References.MinimumLogLevel, "Debug")
    )

  /** Delivers so many parts and then fails, start by start. */
  const starts = (...parts: ReadonlyArray<number>) => {
    let count = 0
    const stream = Stream.suspend(() => {
      const start = count++
      const elements = Stream.range(1, parts[start] ?? 0)
      return start < parts.length ? Stream.concat(elements, Stream.fail(broken)) : Stream.make(100)
    })
    return { stream, count: () => count }
  }

  it.effect("starts again what failed before its first part, within the limits", () =>
    Effect.gen(function*() {
      const { count, stream } = starts(0, 0)
      expect(yield* ended(stream.pipe(AiRetry.retryStream(), Stream.runCollect))).toEqual(Exit.succeed([100]))
      expect(count()).toBe(3)
      const always = starts(0, 0, 0, 0, 0)
      expect(reasonOf(yield* ended(always.stream.pipe(AiRetry.retryStream({ attempts: 4 }), Stream.runDrain))))
        .toBe("AttemptsExhausted")
      expect(always.count()).toBe(4)
    }).pipe(quiet))

  it.effect("never starts again what has delivered a part, and says so once", () =>
    Effect.gen(function*() {
      const { count, stream } = starts(0, 2)
      const lines: Array<string> = []
      const seen: Array<number> = []
      const exit = yield* ended(Effect.flip(stream.pipe(
        AiRetry.retryStream(),
        Stream.runForEach((part) => Effect.sync(() => seen.push(part))),
        Effect.provide(logged(lines))
      )))
      expect(exit).toEqual(Exit.succeed(broken))
      expect([seen, count()]).toEqual([[1, 2], 2])
      expect(lines).toEqual(["Warn stamina.not_retried a part of the answer was delivered"])
    }).pipe(quiet))

  it.effect("says nothing of what would not be retried anyway", () =>
    Effect.gen(function*() {
      const final = aiError(new AiError.ContentPolicyError({ description: "?" }))
      const lines: Array<string> = []
      const stream = Stream.concat(Stream.make(1), Stream.fail(final))
      yield* ended(stream.pipe(AiRetry.retryStream(), Stream.runDrain, Effect.provide(logged(lines))))
      expect(lines).toEqual(["Debug stamina.not_retried not named"])
    }).pipe(quiet))

  it.effect("is a value: each use of a stream is a run of its own", () =>
    Effect.gen(function*() {
      let uses = 0
      const stream = Stream.suspend(() => ++uses % 2 === 1 ? Stream.fail(broken) : Stream.make(uses)).pipe(
        AiRetry.retryStream()
      )
      expect(yield* ended(Stream.runCollect(stream))).toEqual(Exit.succeed([2]))
      expect(yield* ended(Stream.runCollect(stream))).toEqual(Exit.succeed([4]))
    }).pipe(quiet))
})
