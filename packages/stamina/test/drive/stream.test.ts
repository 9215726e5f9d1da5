import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Cause, Clock, Data, Duration, Effect, Exit, Fiber, Option, Schema, Scope, Stream } from "effect"
import { type RetryEvent, type RetryHook, Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as arbitraries from "../kit/arbitraries.ts"
import { cases, hasInvalidOptions, replay, runs } from "../kit/conformance.ts"
import { type Driver, drivers } from "../kit/drivers.ts"
import { expectSame } from "../kit/expectations.ts"
import { inTime } from "../kit/inTime.ts"
import { completionsAt } from "../kit/languageServer.ts"

class Lost extends Data.TaggedError("Lost")<{ readonly start: number }> {}
class Fatal extends Data.TaggedError("Fatal") {}

const options = { on: "Lost", waitJitter: 0, attempts: 3 } as const

/** A source that counts how often it is begun, and when; each start delivers what it is told to, and is lost then. */
const source = (deliver: (start: number) => Stream.Stream<string>) => {
  const starts: Array<number> = []
  const errors: Array<Lost> = []
  const stream = Stream.unwrap(Effect.map(Clock.currentTimeMillis, (now) => {
    const start = starts.push(now)
    return Stream.concat(
      deliver(start),
      Stream.suspend(() => {
        const error = new Lost({ start })
        errors.push(error)
        return Stream.fail(error)
      })
    )
  }))
  return { starts, errors, stream }
}

/** Delivers one element in each start. */
const flapping = () => source((start) => Stream.make(`element ${start}`))

/** Delivers one element, after `silent` milliseconds, and lasts for `healthy` milliseconds then. */
const lasting = (healthy: number, silent = 0) =>
  Stream.concat(
    Stream.fromEffect(Effect.delay(Effect.succeed("up"), silent)),
    Stream.fromEffectDrain(Effect.sleep(healthy))
  )

/** All that comes out of a stream: its elements, and what it ends with. */
const outcome = <A, E>(stream: Stream.Stream<A, E>, pass: typeof inSteps = inTime) =>
  Effect.gen(function*() {
    const elements: Array<A> = []
    const exit = yield* pass(
      Effect.exit(Stream.runForEach(stream, (element) => Effect.sync(() => void elements.push(element))))
    )
    const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
    return { elements, error, exit }
  })

/** As `inTime`, for streams that run in several fibers: ten milliseconds at a time, so that each keeps up. */
const inSteps = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    for (let step = 0; step < 200; step++) yield* TestClock.adjust("10 millis")
    return yield* Fiber.join(fiber)
  })

type Told =
  | readonly ["scheduled", RetryEvent.RetryScheduled]
  | readonly ["recovered" | "interrupted", RetryEvent.RunEnded]
  | readonly ["gave up", RetryEvent.GaveUp]

/** Notes all that hooks are told. */
const telling = () => {
  const told: Array<Told> = []
  const note = (entry: Told) => Effect.sync(() => void told.push(entry))
  const hook: RetryHook.RetryHook = {
    onRetryScheduled: (details) => note(["scheduled", details]),
    onRecovered: (run) => note(["recovered", run]),
    onInterrupted: (run) => note(["interrupted", run]),
    onGaveUp: (run) => note(["gave up", run])
  }
  return { told, layer: Stamina.layerHooks([hook]), events: () => told.map(([event]) => event) }
}

const reportOf = (error: unknown) => Option.getOrThrow(Stamina.report(error))

describe("the limits of Stamina.retryStream hold for the whole stream", () => {
  it.effect("a stream that delivers something each time is begun as often as attempts says, and no more", () =>
    Effect.gen(function*() {
      const { errors, starts, stream } = flapping()
      const { elements, error } = yield* outcome(stream.pipe(Stamina.retryStream(options)))
      expect(starts).toEqual([0, 100, 300])
      expect(elements).toEqual(["element 1", "element 2", "element 3"])
      expect(error).toBe(errors[2])
    }))

  it.effect("which is not so where Effect restarts it: it resets the schedule with the first element of each start", () =>
    Effect.gen(function*() {
      const { starts, stream } = flapping()
      const { elements } = yield* outcome(stream.pipe(Stream.retry(staminaSchedule(options)), Stream.take(999)))
      expect(elements).toHaveLength(999)
      expect(starts).toHaveLength(999)
    }))

  it.effect("a stream that fails at or after the timeout, from just before its first start, is not begun again", () =>
    Effect.gen(function*() {
      const brief = source(() => lasting(449))
      yield* outcome(brief.stream.pipe(Stamina.retryStream({ ...options, timeout: 1000 })))
      expect(brief.starts).toEqual([0, 549, 1198])
      const exact = source(() => lasting(450))
      const { error } = yield* outcome(exact.stream.pipe(Stamina.retryStream({ ...options, timeout: 1000 })))
      expect(exact.starts.map((start) => start - exact.starts[0]!)).toEqual([0, 550])
      expect(reportOf(error).reason).toBe("TimeoutReached")
    }))

  it.effect("the first start is the first pull: a stream that nobody asks for anything yet has all its time", () =>
    Effect.scoped(Effect.gen(function*() {
      const { starts, stream } = source((start) => start === 2 ? Stream.make("there") : Stream.empty)
      const pull = yield* Stream.toPull(stream.pipe(Stamina.retryStream({ ...options, timeout: "1 second" })))
      yield* TestClock.adjust("1 minute")
      expect(starts).toEqual([])
      const fiber = yield* Effect.forkChild(pull)
      yield* TestClock.adjust("1 minute")
      expect(yield* Fiber.join(fiber)).toEqual(["there"])
      expect(starts).toEqual([60_000, 60_100])
    })))

  it.effect("a stream that ends is passed on as it is, chunk by chunk, and begun once", () =>
    Effect.gen(function*() {
      let starts = 0
      const stream = Stream.suspend(() => {
        starts++
        return Stream.concat(Stream.fromIterable([1, 2, 3]), Stream.fromIterable([4, 5]))
      })
      const chunks = yield* Stream.runCollect(Stream.chunks(Stamina.retryStream(stream, { on: () => true })))
      expect(chunks).toEqual([[1, 2, 3], [4, 5]])
      expect(starts).toBe(1)
    }))

  it.effect("errors that are not named come out at once", () =>
    Effect.gen(function*() {
      let starts = 0
      const stream = Stream.suspend((): Stream.Stream<string, Lost | Fatal> => {
        starts++
        return Stream.concat(Stream.make("one"), Stream.fail(new Fatal()))
      })
      const { elements, error } = yield* outcome(stream.pipe(Stamina.retryStream({ on: "Lost" })))
      expect([elements, error, starts]).toEqual([["one"], new Fatal(), 1])
    }))

  it.effect("is a value: each use of one combinator, and each run of one stream, counts for itself", () =>
    Effect.gen(function*() {
      const retry = Stamina.retryStream(options)
      const [one, two] = [flapping(), flapping()]
      const retried = retry(one.stream)
      yield* outcome(retried)
      yield* outcome(retried)
      expect(one.starts).toHaveLength(6)
      yield* outcome(Stream.merge(Stream.ignore(retried), Stream.ignore(retry(two.stream))), inSteps)
      expect([one.starts.length, two.starts.length]).toEqual([9, 3])
    }))
})

describe("what is emitted twice", () => {
  it.effect("is all that was emitted before the failure, where the stream begins at its beginning", () =>
    Effect.gen(function*() {
      const { stream } = source((start) => Stream.fromIterable(["a", "b", "c"].slice(0, start)))
      const { elements } = yield* outcome(stream.pipe(Stamina.retryStream(options)))
      expect(elements).toEqual(["a", "a", "b", "a", "b", "c"])
    }))

  it.effect("is nothing, where the stream resumes at what has got through", () =>
    Effect.gen(function*() {
      let next = 0
      const connect = (from: number) =>
        Stream.concat(Stream.make(from, from + 1, from + 2), Stream.fail(new Lost({ start: from })))
      const numbers = Stream.suspend(() => connect(next)).pipe(
        Stream.tap((n) => Effect.sync(() => void (next = n + 1))),
        Stamina.retryStream(options)
      )
      expect((yield* outcome(numbers)).elements).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    }))

  it.effect("nothing is held back: an element is there before the next is asked for", () =>
    Effect.gen(function*() {
      const { stream } = source((start) => start === 1 ? Stream.make("first") : Stream.never)
      const seen: Array<string> = []
      const fiber = yield* Effect.forkChild(stream.pipe(
        Stamina.retryStream(options),
        Stream.runForEach((element) => Effect.sync(() => void seen.push(element)))
      ))
      yield* TestClock.adjust(0)
      expect(seen).toEqual(["first"])
      yield* Fiber.interrupt(fiber)
    }))
})

describe("resetAfter", () => {
  it.effect("lets attempts, timeout and waits start afresh after a start that was healthy for so long", () =>
    Effect.gen(function*() {
      const { starts, stream } = source((start) => start === 3 ? lasting(60_000) : Stream.make("brief"))
      yield* outcome(stream.pipe(Stamina.retryStream({ ...options, resetAfter: "1 minute" })))
      // three starts at first; the third lasts, and is the first of three more
      expect(starts).toEqual([0, 100, 300, 60_400, 60_600])
    }))

  it.effect("but not after one that lasted a millisecond less", () =>
    Effect.gen(function*() {
      const { starts, stream } = source((start) => start === 2 ? lasting(59_999) : Stream.make("brief"))
      const limits = { ...options, timeout: "1 hour", resetAfter: "1 minute" } as const
      yield* outcome(stream.pipe(Stamina.retryStream(limits)))
      expect(starts).toEqual([0, 100, 60_299])
    }))

  it.effect("counts from the first element: silence is not health", () =>
    Effect.gen(function*() {
      const limits = { ...options, timeout: "1 hour", resetAfter: "1 minute" } as const
      const late = source(() => lasting(30_000, 50_000))
      yield* outcome(late.stream.pipe(Stamina.retryStream(limits)))
      expect(late.starts).toHaveLength(3)
      const silent = source(() => Stream.fromEffectDrain(Effect.sleep("5 minutes")))
      yield* outcome(silent.stream.pipe(Stamina.retryStream(limits)))
      expect(silent.starts).toHaveLength(3)
    }))

  it.effect("a long life is none of the next run's time, but known as that of its first attempt", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      const { stream } = source((start) => start === 2 ? lasting(600_000, 50) : Stream.make("brief"))
      const { error } = yield* outcome(stream.pipe(Stamina.retryStream({ ...options, resetAfter: "1 minute" }))).pipe(
        Effect.provide(layer)
      )
      expect(told.map(([event, run]) => [
        event,
        event === "scheduled" ? run.retryNum : run.attempts,
        Duration.toMillis(run.elapsed),
        Duration.toMillis(run.attemptTook)
      ])).toEqual([
        ["scheduled", 1, 0, 0],
        ["recovered", 2, 600_150, 600_050],
        ["scheduled", 1, 0, 600_050],
        ["scheduled", 2, 100, 0],
        ["gave up", 3, 300, 0]
      ])
      const { attempts, elapsed, history, inAttempts, waited } = reportOf(error)
      expect([attempts, ...[elapsed, inAttempts, waited].map(Duration.toMillis)]).toEqual([3, 300, 0, 300])
      expect(history.map(({ duration, num, start }) => [num, Duration.toMillis(start), Duration.toMillis(duration)]))
        .toEqual([[1, -600_050, 600_050], [2, 100, 0], [3, 300, 0]])
    }))

  it.effect("a stream that lasts, and then fails with what is not retried, has recovered first", () =>
    Effect.gen(function*() {
      const { events, layer } = telling()
      let starts = 0
      const stream = Stream.suspend((): Stream.Stream<string, Lost | Fatal> =>
        ++starts === 1 ? Stream.fail(new Lost({ start: 1 })) : Stream.concat(lasting(60_000), Stream.fail(new Fatal()))
      )
      const { error } = yield* outcome(stream.pipe(Stamina.retryStream({ ...options, resetAfter: "1 minute" }))).pipe(
        Effect.provide(layer)
      )
      expect(events()).toEqual(["scheduled", "recovered"])
      expect([error, reportOf(error).attempts, reportOf(error).reason]).toEqual([new Fatal(), 1, "NotRetryable"])
    }))

  it.effect("has an absolute cap: attemptsInAll counts the starts of all runs", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      const { starts, stream } = source(() => lasting(60_000))
      const { error } = yield* outcome(
        stream.pipe(Stamina.retryStream({ ...options, resetAfter: "1 minute", attemptsInAll: 7 }))
      ).pipe(Effect.provide(layer))
      expect(starts).toHaveLength(7)
      expect(reportOf(error)).toMatchObject({ reason: "AttemptsExhausted", attempts: 2 })
      expect(told.at(-1)).toMatchObject(["gave up", { attempts: 2, limits: { attempts: 3 } }])
    }))

  it.effect("is capped at 1000 starts, unless attempts alone allows more", () =>
    Effect.gen(function*() {
      const quiet = Effect.provide(Stamina.layerHooks([]))
      const limits = { on: "Lost", waitMax: 0, resetAfter: 1 } as const
      const many = source(() => lasting(1))
      yield* quiet(outcome(many.stream.pipe(Stamina.retryStream(limits))))
      expect(many.starts).toHaveLength(1000)
      const more = source(() => lasting(1))
      yield* quiet(outcome(more.stream.pipe(Stamina.retryStream({ ...limits, attempts: 1001 }))))
      expect(more.starts).toHaveLength(1001)
    }))

  it.effect("attemptsInAll holds without it, too", () =>
    Effect.gen(function*() {
      const { starts, stream } = flapping()
      yield* outcome(stream.pipe(Stamina.retryStream({ ...options, attemptsInAll: 2 })))
      expect(starts).toHaveLength(2)
    }))

  it.effect("in test mode the cap still ends what the attempts of the mode would not", () =>
    Effect.gen(function*() {
      const { starts, stream } = source(() => lasting(60_000))
      yield* outcome(stream.pipe(Stamina.retryStream({ ...options, resetAfter: "1 minute", attemptsInAll: 5 }))).pipe(
        Stamina.withTesting({ attempts: 4 })
      )
      expect(starts).toHaveLength(5)
    }))

  const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
  const Plan = Schema.Struct({
    starts: Schema.NonEmptyArray(Schema.Struct({
      silent: between(0, 300),
      delivers: Schema.Boolean,
      lasts: between(0, 2000)
    })),
    attempts: between(1, 5),
    attemptsInAll: between(1, 12),
    timeout: between(1, 4000),
    resetAfter: between(1, 1500)
  }).check(Schema.makeFilter(({ attempts, resetAfter, timeout }) => attempts === 1 || resetAfter < timeout))
  const plans = Arbitrary.schema(Plan)

  /** When each start begins, by the book. */
  const expected = ({ attempts, attemptsInAll, resetAfter, starts, timeout }: typeof Plan.Type) => {
    const begun: Array<number> = []
    let [now, runBegan, attempt, limit] = [0, 0, 1, Math.min(attempts, attemptsInAll)]
    for (;;) {
      begun.push(now)
      const { delivers, lasts, silent } = starts[(begun.length - 1) % starts.length]!
      now += silent + lasts
      if (delivers && lasts >= resetAfter && begun.length < attemptsInAll) {
        ;[runBegan, attempt, limit] = [now, 1, Math.min(attempts, attemptsInAll - begun.length + 1)]
      }
      if (attempt >= limit || now - runBegan >= timeout) return begun
      now += Math.min(5000, 100 * 2 ** (attempt++ - 1))
    }
  }

  it.effect.prop("never begins a stream more often, or at another time, than all limits together allow", [plans], ([
    plan
  ]) =>
    Effect.gen(function*() {
      const { starts: lives, ...limits } = plan
      const { starts, stream } = source((start) => {
        const { delivers, lasts, silent } = lives[(start - 1) % lives.length]!
        return delivers ? lasting(lasts, silent) : Stream.fromEffectDrain(Effect.sleep(silent + lasts))
      })
      const began = yield* Clock.currentTimeMillis
      yield* outcome(stream.pipe(Stamina.retryStream({ ...limits, on: "Lost", waitJitter: 0 }))).pipe(
        Effect.provide(Stamina.layerHooks([]))
      )
      expect(starts.length).toBeLessThanOrEqual(limits.attemptsInAll)
      expect(starts.map((at) => at - began)).toEqual(expected(plan))
    }), { arbitrary: { runs: 300 } })
})

describe("what hooks are told of a stream", () => {
  const told = <A, E>(stream: Stream.Stream<A, E>, run: (self: Stream.Stream<A, E>) => Effect.Effect<unknown, E>) =>
    Effect.gen(function*() {
      const { events, layer } = telling()
      yield* inTime(Effect.exit(run(stream))).pipe(Effect.provide(layer))
      return events()
    })
  /** Fails in its first start; the others go on for ever. */
  const endless = () =>
    source((start) => start === 1 ? Stream.make("brief") : Stream.tick("1 second").pipe(Stream.as("up"))).stream

  it.effect("is a recovery, once, when it was restarted and then ends", () =>
    Effect.gen(function*() {
      let starts = 0
      const stream = Stream.suspend(() => ++starts === 3 ? lasting(50) : Stream.fail(new Lost({ start: starts })))
      expect(yield* told(Stamina.retryStream(stream, options), Stream.runDrain))
        .toEqual(["scheduled", "scheduled", "recovered"])
    }))

  it.effect("is a recovery when nobody wants more, and something has got through since the restart", () =>
    Effect.gen(function*() {
      const stream = Stamina.retryStream(endless(), options)
      expect(yield* told(Stream.take(stream, 4), Stream.runDrain)).toEqual(["scheduled", "recovered"])
      expect(yield* told(Stream.take(stream, 1), Stream.runDrain)).toEqual([])
    }))

  it.effect.each([["in mid-wait", 50], ["before anything has got through", 150]] as const)(
    "is an interruption when nobody wants more %s",
    ([, at]) =>
      Effect.gen(function*() {
        const { events, layer } = telling()
        const { stream } = source((start) => start === 1 ? Stream.empty : Stream.never)
        const other = Stream.fromEffectDrain(Effect.sleep(at))
        yield* inSteps(
          Stream.runDrain(Stream.merge(Stamina.retryStream(stream, options), other, { haltStrategy: "right" }))
        ).pipe(Effect.provide(layer))
        expect(events()).toEqual(["scheduled", "interrupted"])
      })
  )

  it.effect("is a recovery when it ends after a restart without another element, before what comes after it", () =>
    Effect.gen(function*() {
      const { events, layer } = telling()
      let starts = 0
      const stream = Stream.suspend(() => ++starts === 1 ? Stream.fail(new Lost({ start: 1 })) : Stream.empty)
      const after = Stream.fromEffect(Effect.sync(() => events()))
      const seen = yield* inTime(Stream.runCollect(Stream.concat(Stamina.retryStream(stream, options), after))).pipe(
        Effect.provide(layer)
      )
      expect(seen).toEqual([["scheduled", "recovered"]])
      expect(events()).toEqual(["scheduled", "recovered"])
    }))

  it.effect("is an interruption when its consumer, who is well, turns away in mid-wait", () =>
    Effect.gen(function*() {
      const { events, layer } = telling()
      const { stream } = flapping()
      yield* inTime(Effect.scoped(Effect.gen(function*() {
        const pull = yield* Stream.toPull(Stamina.retryStream(stream, options))
        expect(yield* pull).toEqual(["element 1"])
        expect(yield* Effect.timeoutOption(pull, 50)).toEqual(Option.none())
      }))).pipe(Effect.provide(layer))
      expect(events()).toEqual(["scheduled", "interrupted"])
    }))

  it.effect("is an interruption when the consumer fails", () =>
    Effect.gen(function*() {
      let seen = 0
      const stream = Stamina.retryStream(endless(), options).pipe(
        Stream.mapEffect(() => ++seen < 3 ? Effect.void : Effect.fail(new Fatal()))
      )
      expect(yield* told(stream, Stream.runDrain)).toEqual(["scheduled", "interrupted"])
    }))

  it.effect.each([["in mid-wait", 50], ["before an element has got through", 150], ["in mid-stream", 5000]] as const)(
    "is an interruption, once, when its fiber is interrupted %s; the stream is not begun again",
    ([, at]) =>
      Effect.gen(function*() {
        const { events, layer, told } = telling()
        const { starts, stream } = source((start) => start === 1 ? Stream.make("brief") : lasting(60_000, 100))
        const fiber = yield* Effect.forkChild(
          Stream.runDrain(Stamina.retryStream(stream, options)).pipe(Effect.provide(layer))
        )
        yield* TestClock.adjust(at)
        yield* Fiber.interrupt(fiber)
        expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBe(true)
        const begun = starts.length
        yield* TestClock.adjust("1 hour")
        expect(starts).toHaveLength(begun)
        expect(events()).toEqual(["scheduled", "interrupted"])
        const took = at === 50 ? 0 : at - 100
        expect(told.at(-1)?.[1]).toMatchObject({
          attempts: begun,
          elapsed: Duration.millis(at),
          inAttempts: Duration.millis(took),
          attemptTook: Duration.millis(took)
        })
      })
  )

  it.effect("is an interruption, counted once, when a later start fails with one of its own", () =>
    Effect.gen(function*() {
      const { events, layer, told } = telling()
      let starts = 0
      const stream = Stream.suspend(() =>
        Stream.fromEffect(Effect.delay(
          ++starts === 1 ? Effect.fail(new Lost({ start: 1 })) : Effect.failCause(Cause.interrupt(7)),
          40
        ))
      )
      yield* inTime(Effect.exit(Stream.runDrain(Stamina.retryStream(stream, options)))).pipe(Effect.provide(layer))
      expect(events()).toEqual(["scheduled", "interrupted"])
      expect(told[1]?.[1]).toMatchObject({ attempts: 2, calls: 2, inAttempts: Duration.millis(80) })
    }))

  it.effect("is told where the hooks are the stream's own, however it ends", () =>
    Effect.gen(function*() {
      const { events, layer } = telling()
      const stream = Stamina.retryStream(endless(), options).pipe(Stream.provide(layer))
      yield* inTime(Stream.runDrain(Stream.take(stream, 3)))
      expect(events()).toEqual(["scheduled", "recovered"])
    }))

  it.effect("is told under the name of the span around", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      yield* inTime(Effect.exit(Stream.runDrain(Stamina.retryStream(flapping().stream, options)))).pipe(
        Effect.provide(layer),
        Effect.withSpan("feed")
      )
      expect(told.map(([, { name }]) => name)).toEqual(["feed", "feed", "feed"])
    }))

  it.effect("what a hook holds during a wait is released right before the restart", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const note = (entry: string) => Effect.sync(() => void log.push(entry))
      const hook = {
        onRetryScheduled: ({ retryNum }: RetryEvent.RetryScheduled) =>
          Effect.acquireRelease(note(`hold ${retryNum}`), () => note(`let go ${retryNum}`))
      }
      const { stream } = source((start) => Stream.fromEffectDrain(note(`start ${start}`)))
      yield* outcome(Stamina.retryStream(stream, options)).pipe(Effect.provide(Stamina.layerHooks([hook])))
      expect(log).toEqual(["start 1", "hold 1", "let go 1", "start 2", "hold 2", "let go 2", "start 3"])
    }))

  it.effect("is nothing of a stream that was never restarted", () =>
    Effect.gen(function*() {
      expect(yield* told(Stamina.retryStream(Stream.make(1), { on: () => true }), Stream.runDrain)).toEqual([])
      expect(yield* told(Stamina.retryStream(Stream.fail(new Fatal()), { on: () => false }), Stream.runDrain))
        .toEqual([])
    }))
})

describe("the scope of a start", () => {
  it.effect("is closed, to the end, before the wait and the next start begin", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const note = (entry: string) => Effect.map(Clock.currentTimeMillis, (now) => void log.push(`${entry} at ${now}`))
      let n = 0
      const stream = Stream.unwrap(Effect.gen(function*() {
        const id = ++n
        yield* Effect.acquireRelease(note(`open ${id}`), () => Effect.delay(note(`close ${id}`), 1000))
        return Stream.concat(Stream.make(id), id < 3 ? Stream.fail(new Lost({ start: id })) : Stream.empty)
      }))
      const { elements } = yield* outcome(stream.pipe(Stream.scoped, Stamina.retryStream(options)))
      expect(elements).toEqual([1, 2, 3])
      expect(log).toEqual([
        "open 1 at 0",
        "close 1 at 1000",
        "open 2 at 1100",
        "close 2 at 2100",
        "open 3 at 2300",
        "close 3 at 3300"
      ])
    }))

  it.effect("that dies in closing is not begun again, and both errors come out", () =>
    Effect.gen(function*() {
      let starts = 0
      const failing = Stream.fromEffect(Effect.suspend(() => Effect.fail(new Lost({ start: ++starts }))))
      const stream = Stream.transformPull(failing, (pull, scope) =>
        Effect.as(Scope.addFinalizer(scope, Effect.die("in closing")), pull))
      const { exit } = yield* outcome(Stamina.retryStream(stream, options))
      expect(starts).toBe(1)
      expect(
        Exit.isFailure(exit) && exit.cause.reasons.map((reason) =>
          reason._tag
        )
      ).toEqual(["Fail", "Die"])
    }))

  it.effect("is closed by an interruption", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const { stream } = source((start) =>
        Stream.ensuring(start === 1 ? Stream.empty : Stream.never, Effect.sync(() => void log.push(`close ${start}`)))
      )
      const fiber = yield* Effect.forkChild(Stream.runDrain(Stamina.retryStream(stream, options)))
      yield* TestClock.adjust(500)
      expect(log).toEqual(["close 1"])
      yield* Fiber.interrupt(fiber)
      expect(log).toEqual(["close 1", "close 2"])
    }))
})

describe("what Stamina.retryStream makes of a cause", () => {
  const lost = (start: number) => Cause.fail(new Lost({ start }))

  it.effect.each(
    [
      ["a defect", Cause.die("bug")],
      ["an interruption", Cause.interrupt(7)],
      ["a failure beside an interruption", Cause.combine(lost(1), Cause.interrupt(7))],
      ["a failure beside a defect", Cause.combine(lost(1), Cause.die("bug"))],
      ["two failures of which one must not be retried", Cause.combine(lost(1), Cause.fail(new Fatal()))],
      ["nothing at all", Cause.empty]
    ] as ReadonlyArray<readonly [string, Cause.Cause<Lost | Fatal>]>
  )("%s is passed on as it is, after one start", ([, cause]) =>
    Effect.gen(function*() {
      let starts = 0
      const stream = Stream.suspend(() => (starts++, Stream.concat(Stream.make("one"), Stream.failCause(cause))))
      const { elements, exit } = yield* outcome(Stamina.retryStream(stream, options))
      expect([starts, elements]).toEqual([1, ["one"]])
      expect(Exit.isFailure(exit) && exit.cause.reasons).toEqual(cause.reasons)
    }))

  it.effect("two failures that both may be retried are retried, and the last cause comes out whole", () =>
    Effect.gen(function*() {
      let starts = 0
      const stream = Stream.suspend(() => Stream.failCause(Cause.combine(lost(++starts), lost(-starts))))
      const { exit } = yield* outcome(Stamina.retryStream(stream, options))
      expect(Exit.isFailure(exit) && exit.cause.reasons.map((reason) => Cause.isFailReason(reason) && reason.error))
        .toEqual([3, -3].map((start) => new Lost({ start })))
    }))

  it.effect("a backoff hook says how long to wait", () =>
    Effect.gen(function*() {
      const { starts, stream } = flapping()
      yield* outcome(Stamina.retryStream(stream, { on: ({ start }) => Duration.seconds(start), attempts: 3 }))
      expect(starts).toEqual([0, 1000, 3000])
    }))
})

describe("a stream inside and outside of other bounds", () => {
  it.effect("a wait that would end at or past the deadline around is not begun, and the last error comes out", () =>
    Effect.gen(function*() {
      const { starts, stream } = source(() => lasting(100))
      const exit = yield* inTime(Effect.exit(
        Stream.runDrain(Stamina.retryStream(stream, { ...options, attempts: 10 })).pipe(
          Stamina.withDeadline("1 second")
        )
      ))
      expect(starts).toEqual([0, 200, 500])
      const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
      expect(error).toMatchObject({ _tag: "Lost", start: 3 })
      expect(reportOf(error).reason).toBe("WaitExceedsDeadline")
    }))

  it.effect("a start that still runs at the deadline is interrupted, and a DeadlineExceeded tells of the run", () =>
    Effect.gen(function*() {
      const { layer, told } = telling()
      const { errors, stream } = source((start) => start === 1 ? Stream.empty : Stream.never)
      const error = yield* inTime(
        Effect.flip(Stream.runDrain(Stamina.retryStream(stream, options)).pipe(Stamina.withDeadline("1 second")))
      ).pipe(Effect.provide(layer))
      expect(error).toMatchObject({ _tag: "DeadlineExceeded", cause: errors[0] })
      expect(told).toMatchObject([
        ["scheduled", { causedBy: errors[0] }],
        ["gave up", { reason: "DeadlineExceeded", attempts: 2, causedBy: errors[0] }]
      ])
      expect(reportOf(error)).toMatchObject({ reason: "DeadlineExceeded", attempts: 2, elapsed: Duration.seconds(1) })
    }))

  it.effect("a run inside that has given up counts, and is not repeated where nested is \"once\"", () =>
    Effect.gen(function*() {
      let calls = 0
      const inner = Effect.suspend(() => Effect.fail(new Lost({ start: ++calls }))).pipe(
        Stamina.retry({ ...options, attempts: 4 })
      )
      const { error } = yield* outcome(Stamina.retryStream(Stream.fromEffect(inner), options))
      expect(reportOf(error)).toMatchObject({ attempts: 3, calls: 12 })
      calls = 0
      const once = yield* outcome(Stamina.retryStream(Stream.fromEffect(inner), { ...options, nested: "once" }))
      expect(calls).toBe(4)
      expect(reportOf(once.error)).toMatchObject({ reason: "AlreadyRetried", attempts: 1, calls: 4 })
    }))

  it.effect("restarted streams nest, and each attempt of the report leads to the run inside", () =>
    Effect.gen(function*() {
      const { starts, stream } = flapping()
      const { error } = yield* outcome(
        stream.pipe(Stamina.retryStream({ ...options, attempts: 2 }), Stamina.retryStream(options))
      )
      expect(starts).toHaveLength(6)
      const { attempts, calls, history } = reportOf(error)
      expect([attempts, calls]).toEqual([3, 6])
      expect(history.map(({ inner }) => Option.getOrThrow(inner).attempts)).toEqual([2, 2, 2])
    }))

  it.effect("is begun once where retries are off, and as often as test mode says, without waits", () =>
    Effect.gen(function*() {
      const [inactive, testing] = [flapping(), flapping()]
      yield* Effect.exit(Stream.runDrain(Stamina.retryStream(inactive.stream, options))).pipe(
        Effect.provide(Stamina.layerInactive)
      )
      expect(inactive.starts).toEqual([0])
      yield* Effect.exit(Stream.runDrain(Stamina.retryStream(testing.stream, options))).pipe(
        Stamina.withTesting({ attempts: 5 })
      )
      expect(testing.starts).toEqual([0, 0, 0, 0, 0])
    }))
})

describe("a consumer that turns away in mid-wait", () => {
  it.effect("and asks again finds the wait where it would be, and a restart that counts once", () =>
    Effect.gen(function*() {
      const { events, layer } = telling()
      const { starts, stream } = flapping()
      const polls = yield* inTime(Effect.scoped(Effect.gen(function*() {
        const pull = yield* Stream.toPull(Stamina.retryStream(stream, options))
        const polls: Array<unknown> = []
        for (let poll = 0; poll < 4; poll++) {
          polls.push(Option.getOrUndefined(yield* Effect.timeoutOption(pull, 30)))
        }
        polls.push(yield* pull, yield* pull, yield* Effect.flip(pull))
        return polls
      }))).pipe(Effect.provide(layer))
      expect(starts).toEqual([0, 100, 300])
      expect(polls).toMatchObject([
        ["element 1"],
        undefined,
        undefined,
        undefined,
        ["element 2"],
        ["element 3"],
        { start: 3 }
      ])
      expect(events()).toEqual(["scheduled", "scheduled", "gave up"])
    }))
})

describe("the combinators of Stream around it", () => {
  const retried = () => {
    const one = flapping()
    return { ...one, stream: Stamina.retryStream(one.stream, options) }
  }

  it.effect("take ends it, without another start", () =>
    Effect.gen(function*() {
      const { starts, stream } = retried()
      expect((yield* outcome(Stream.take(stream, 2))).elements).toEqual(["element 1", "element 2"])
      expect(starts).toEqual([0, 100])
    }))

  it.effect("mapEffect below it fails for itself: the consumer's errors are not retried", () =>
    Effect.gen(function*() {
      const { starts, stream } = retried()
      const { error } = yield* outcome(Stream.mapEffect(stream, () => Effect.fail(new Lost({ start: 0 }))))
      expect([error?.start, starts]).toEqual([0, [0]])
    }))

  it.effect("merge goes on with the other stream while this one waits", () =>
    Effect.gen(function*() {
      const { stream } = retried()
      const ticks = Stream.tick(40).pipe(Stream.as("tick"), Stream.take(4))
      const { elements, error } = yield* outcome(Stream.merge(stream, ticks), inSteps)
      expect(elements.toSorted()).toEqual(["element 1", "element 2", "element 3", "tick", "tick", "tick", "tick"])
      expect(elements.indexOf("element 2")).toBeGreaterThan(elements.indexOf("tick"))
      expect(error).toMatchObject({ start: 3 })
    }))

  it.effect("concat, buffer, flatMap, zip and catchTag see one stream, whose limits hold", () =>
    Effect.gen(function*() {
      const all = ["element 1", "element 2", "element 3"]
      const caught = (self: Stream.Stream<string, Lost>) =>
        Stream.catchTag(self, "Lost", ({ start }) => Stream.make(`lost ${start}`))
      expect((yield* outcome(Stream.concat(caught(retried().stream), Stream.make("end")))).elements)
        .toEqual([...all, "lost 3", "end"])
      expect((yield* outcome(Stream.buffer(retried().stream, { capacity: 2 }))).elements).toEqual(all)
      expect((yield* outcome(Stream.zipWithIndex(retried().stream))).elements).toEqual(all.map((one, i) => [one, i]))
      const inner = [retried(), retried()] as const
      expect(
        (yield* outcome(Stream.flatMap(Stream.fromIterable(inner), ({ stream }) => caught(stream)))).elements
      ).toEqual([...all, "lost 3", ...all, "lost 3"])
    }))

  it.effect("a child that a start forks lives on with it", () =>
    Effect.gen(function*() {
      let starts = 0
      const beating = Stream.unwrap(Effect.gen(function*() {
        const id = ++starts
        let beats = 0
        yield* Effect.forkChild(Effect.forever(Effect.andThen(Effect.sleep(100), Effect.sync(() => beats++))))
        return Stream.tick("1 second").pipe(
          Stream.map(() => beats),
          Stream.concat(Stream.never),
          Stream.take(3),
          Stream.concat(id === 1 ? Stream.fail(new Lost({ start: id })) : Stream.empty)
        )
      }))
      const run = Stamina.retryStream(beating, options).pipe(Stream.runCollect, Stamina.withDeadline("1 minute"))
      const beats = yield* inTime(run)
      expect(starts).toBe(2)
      expect(beats.at(-1)).toBeGreaterThan(10)
    }))
})

describe("a stream that is restarted very often", () => {
  it.effect("grows neither stack nor memory in 10 000 restarts", () =>
    Effect.gen(function*() {
      setFlagsFromString("--expose-gc")
      const collect: () => void = runInNewContext("gc")
      const used = () => {
        collect()
        return process.memoryUsage().heapUsed
      }
      const heap: Array<number> = []
      let starts = 0
      // not an Error, whose stack trace costs more than the restart
      const failure = { _tag: "Lost" } as const
      const stream = Stream.suspend(() => {
        if (++starts === 5000 || starts === 15_000) heap.push(used())
        return Stream.concat(Stream.make(starts), starts > 15_000 ? Stream.empty : Stream.fail(failure))
      })
      const unlimited = { on: "Lost", attempts: Infinity, timeout: Duration.infinity, waitMax: 0 } as const
      yield* Stream.runDrain(Stamina.retryStream(stream, unlimited)).pipe(Effect.provide(Stamina.layerHooks([])))
      expect(starts).toBe(15_001)
      const [before = NaN, after = NaN] = heap
      // what is kept of a single restart, a finalizer or a closed scope, takes several times as much
      expect(after - before).toBeLessThan(10_000 * 40)
    }), 60_000)
})

describe("Stamina.retryStream makes the decisions of every other driver", () => {
  const combinator = drivers.find(({ name }) => name === "Stamina.retry")!
  /** Delivers something before each failure. */
  const delivering: Driver = {
    name: "Stamina.retryStream, delivering",
    build: (options, block) =>
      Stream.mkString(Stamina.retryStream(
        Stream.concat(Stream.make(""), Stream.fromEffect(Effect.suspend(() => block(undefined)))),
        // no start is so healthy that its failure is a new one
        { ...options, resetAfter: Duration.infinity }
      )),
    knowsAttempt: false
  }

  it.prop("whatever was delivered before the failure", [arbitraries.runs], ([c]) => {
    expectSame(replay(c, delivering).seen, replay(c, combinator).seen)
    expect(replay(c, delivering).sameErrors).toBe(true)
  }, { arbitrary: { runs: 300 } })

  it.each(cases.filter((c) => !hasInvalidOptions(c) && runs(c)))("in $id $note", (c) => {
    const { sameErrors, seen } = replay(c, delivering)
    expectSame(seen, replay(c, combinator).seen)
    expect(sameErrors).toBe(true)
  })
})

describe("Stamina.retryStream, given bad options, throws a RangeError when it is built", () => {
  const numbers = "an integer >= 1 or Infinity"
  const durations = "a duration > 0 or Duration.infinity"
  const stream = Stream.fail(new Lost({ start: 1 }))

  it.each(
    [
      ["attempts", numbers, 0, "0"],
      ["timeout", durations, 0, "0"],
      ["waitMax", "a finite duration >= 0", Infinity, "Infinity"],
      ["name", "a non-empty string", 7, "7"],
      ["nested", "\"allow\" or \"once\"", "twice", "\"twice\""],
      ["resetAfter", durations, 0, "0"],
      ["resetAfter", durations, -1, "-1"],
      ["resetAfter", durations, NaN, "NaN"],
      ["resetAfter", durations, "soon", "\"soon\""],
      ["resetAfter", durations, null, "null"],
      ["attemptsInAll", numbers, 0, "0"],
      ["attemptsInAll", numbers, 1.5, "1.5"],
      ["attemptsInAll", numbers, "7", "\"7\""],
      ["attemptsInAll", numbers, null, "null"]
    ] as const
  )("%s must be %s, got %s", (field, rule, value, printed) => {
    const bad: any = { on: "Lost", [field]: value }
    const message = new RangeError(`Stamina.retryStream: ${field} must be ${rule}, got ${printed}`)
    expect(() => Stamina.retryStream(bad)).toThrow(message)
    expect(() => Stamina.retryStream(stream, bad)).toThrow(message)
  })

  it("an unknown option, which a spread smuggles past the compiler", () => {
    const bad: any = { on: "Lost", reset: 7 }
    expect(() => Stamina.retryStream(bad)).toThrow(
      /^Stamina\.retryStream: unknown option "reset", known are on, .*resetAfter, attemptsInAll, budget, door$/
    )
  })

  it.each([undefined, null, "Lost", {}])("no options, or no on: %s", (bad: any) => {
    expect(() => Stamina.retryStream(bad)).toThrow(RangeError)
    expect(() => Stamina.retryStream(stream, bad)).toThrow(RangeError)
  })

  it("but takes infinities, and undefined for the defaults", () => {
    const build = (options: any) => Stamina.retryStream({ on: "Lost", ...options })
    expect(() => build({ resetAfter: Duration.infinity, attemptsInAll: Infinity })).not.toThrow()
    expect(() => build({ resetAfter: undefined, attemptsInAll: undefined })).not.toThrow()
  })
})

describe("in an editor, `on: \"` offers the stream's own tags", () => {
  const typetest = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "typetest")

  it.each(["feed.pipe(Stamina.retryStream({ on: \"\" }))", "Stamina.retryStream(feed, { on: \"\" })"])(
    "%s",
    async (expression) => {
      const lines = [
        "import { Stream } from \"effect\"",
        "import { Stamina } from \"effect-stamina\"",
        "import { program } from \"./errors.ts\"",
        "const feed = Stream.fromEffect(program)",
        `export const x = ${expression}`
      ]
      const character = lines[4]!.indexOf("on: \"") + "on: \"".length
      const offered = await completionsAt(typetest, join(typetest, "stream.ts"), lines.join("\n"), {
        line: 4,
        character
      })
      expect(offered.toSorted()).toEqual(["HttpError", "ParseError"])
    },
    60_000
  )
})
