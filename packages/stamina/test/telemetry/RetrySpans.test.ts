import { describe, expect, it } from "@effect/vitest"
import { Clock, Data, Effect, Exit, Fiber, Option, Tracer } from "effect"
import { RetrySpans, Stamina, staminaSchedule } from "effect-stamina"
import { TestClock } from "effect/testing"
import { drivers } from "../kit/drivers.ts"
import { inTime } from "../kit/inTime.ts"
import { call, freshRegistry, gaveUp, recordLogs, recordSpans } from "../kit/telemetry.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

class HttpError extends Data.TaggedError("HttpError")<{ readonly message: string }> {}

const options = { on: "HttpError", waitJitter: 0, waitInitial: 100, attempts: 3, name: "fetch" } as const

/** Fails as often as told, then succeeds; takes 50 ms each time. */
const failing = (times: number): Effect.Effect<string, HttpError> => {
  let calls = 0
  return Effect.andThen(
    Effect.sleep(50),
    Effect.suspend(() => ++calls <= times ? Effect.fail(new HttpError({ message: "secret" })) : Effect.succeed("ok"))
  )
}

const millis = (nanos: bigint) => Number(nanos) / 1_000_000

const eventsOf = (span: Tracer.NativeSpan | undefined) =>
  span?.events.map(([name, at, attributes]) => [name, millis(at), attributes])

const hooked = drivers.filter(({ name }) => !name.startsWith("the blocks"))
const seeing = hooked.filter(({ name }) => !name.startsWith("Effect.retry"))
/** What makes each attempt itself, and so can put a span around it. */
const spanning = seeing.filter(({ name }) => name !== "Stamina.retryStream")
const names = (list: typeof drivers) => list.map((driver) => [driver.name, driver] as const)

describe.each(names(hooked))("the span around, driven by %s", (_, driver) => {
  it.effect("gets an event for each retry, when it is decided, and one for giving up", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      yield* TestClock.adjust("1 second")
      const shared = failing(9)
      yield* provide(inTime(driver.build(options, () => shared).pipe(Effect.exit, Effect.withSpan("around"))))
      expect(spans.map(({ name }) => name)).toEqual(["around"])
      expect(eventsOf(spans[0])).toEqual([
        ["stamina.retry_scheduled", 1050, {
          "stamina.callable": "fetch",
          "stamina.retry_num": 1,
          "stamina.wait_for": 0.1,
          "stamina.waited_so_far": 0,
          "stamina.error_type": "HttpError"
        }],
        ["stamina.retry_scheduled", 1200, {
          "stamina.callable": "fetch",
          "stamina.retry_num": 2,
          "stamina.wait_for": 0.2,
          "stamina.waited_so_far": 0.1,
          "stamina.error_type": "HttpError"
        }],
        ["stamina.gave_up", 1450, {
          "stamina.callable": "fetch",
          "stamina.attempts": 3,
          "stamina.elapsed": 0.45,
          "stamina.in_attempts": 0.15,
          "stamina.waited": 0.3,
          "stamina.reason": "AttemptsExhausted",
          "stamina.error_type": "HttpError"
        }]
      ])
    }))

  it.effect("gets none for a run that succeeds at once, is not to be retried, or may not be", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      yield* provide(inTime(Effect.withSpan(driver.build(options, () => failing(0)), "a")))
      yield* provide(
        inTime(Effect.withSpan(Effect.exit(driver.build({ ...options, on: "Other" }, () => failing(9))), "b"))
      )
      yield* provide(inTime(Effect.withSpan(Effect.exit(driver.build(options, () => failing(9))), "c"))).pipe(
        Effect.provide(Stamina.layerInactive)
      )
      expect(spans.map((span) => [span.name, span.events])).toEqual([["a", []], ["b", []], ["c", []]])
    }))

  it.effect("gets the events, not the spans that an attempt opens for itself", () =>
    Effect.gen(function*() {
      const { named, provide } = recordSpans()
      const shared = Effect.withSpan(failing(9), "inside")
      yield* provide(inTime(driver.build(options, () => shared).pipe(Effect.exit, Effect.withSpan("around"))))
      expect(named("inside").map(({ events }) => events)).toEqual([[], [], []])
      expect(named("around").map(({ events }) => events.length)).toEqual([3])
    }))

  it.effect("is not opened where there is none", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const exit = yield* provide(inTime(Effect.exit(driver.build(options, () => failing(9)))))
      expect(Exit.isFailure(exit)).toBe(true)
      expect(spans).toEqual([])
    }))

  it.effect("may be one of another process, which nothing can be added to", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const elsewhere = Tracer.externalSpan({ spanId: "1", traceId: "2" })
      const shared = failing(9)
      const error = yield* driver.build({ ...options, name: undefined }, () => shared).pipe(
        Effect.flip,
        Effect.withParentSpan(elsewhere),
        inTime,
        provide
      )
      expect(error).toBeInstanceOf(HttpError)
      // a hook that died would be among these
      expect(lines.map(({ annotations, message }) => [message, annotations["callable"]])).toEqual([
        ["stamina.retry_scheduled", "<unnamed>"],
        ["stamina.retry_scheduled", "<unnamed>"],
        ["stamina.gave_up", "<unnamed>"]
      ])
    }))

  it.effect("gives the run its name", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const shared = failing(9)
      const fetchUser = Effect.fn("fetchUser")(function*() {
        return yield* driver.build({ ...options, name: undefined }, () => shared)
      })
      yield* provide(inTime(Effect.exit(fetchUser())))
      expect(spans.flatMap(({ events }) => events.map(([, , attributes]) => attributes["stamina.callable"])))
        .toEqual(["fetchUser", "fetchUser", "fetchUser"])
    }))
})

describe.each(names(hooked))("a span that lives long, driven by %s", (_, driver) => {
  const forLong = { ...options, waitInitial: 0, timeout: "1 day" } as const
  const droppedBy = (span: Tracer.NativeSpan | undefined) => span?.attributes.get("stamina.dropped_events")
  const countOf = (span: Tracer.NativeSpan | undefined, event: string) =>
    span?.events.filter(([name]) => name === event).length

  it.effect("gets events for its first retries and for the end of the run, and counts the others", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const run = driver.build({ ...forLong, attempts: 101 }, () => failing(999))
      yield* provide(inTime(run.pipe(Effect.exit, Effect.withSpan("around"))))
      expect(countOf(spans[0], "stamina.retry_scheduled")).toBe(RetrySpans.maxEvents)
      expect(spans[0]?.events[63]?.[2]["stamina.retry_num"]).toBe(64)
      expect(countOf(spans[0], "stamina.gave_up")).toBe(1)
      expect(droppedBy(spans[0])).toBe(100 - 64)
    }))

  it.effect("gets events for the ends of its first runs, however many runs there are", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const run = Effect.exit(driver.build({ ...forLong, attempts: 2 }, () => failing(999)))
      const all = Effect.forEach(Array.from({ length: 300 }), () => run)
      yield* provide(inTime(Effect.withSpan(all, "around")))
      yield* provide(inTime(Effect.withSpan(run, "next")))
      expect(countOf(spans[0], "stamina.retry_scheduled")).toBe(64)
      expect(countOf(spans[0], "stamina.gave_up")).toBe(64)
      expect(droppedBy(spans[0])).toBe(2 * (300 - 64))
      // another span begins anew
      expect(spans[1]?.events.map(([name]) => name)).toEqual(["stamina.retry_scheduled", "stamina.gave_up"])
      expect(droppedBy(spans[1])).toBeUndefined()
    }))
})

describe.each(names(seeing))("the span around, driven by %s, which sees how a run ends", (_, driver) => {
  it.effect("gets an event for a recovery", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const shared = failing(1)
      yield* provide(inTime(Effect.withSpan(driver.build(options, () => shared), "around")))
      expect(eventsOf(spans[0])?.slice(1)).toEqual([
        ["stamina.recovered", 200, {
          "stamina.callable": "fetch",
          "stamina.attempts": 2,
          "stamina.elapsed": 0.2,
          "stamina.in_attempts": 0.1,
          "stamina.waited": 0.1
        }]
      ])
    }))

  it.effect("gets an event for an interruption, before it ends", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const shared = failing(9)
      const fiber = yield* Effect.forkChild(provide(Effect.withSpan(driver.build(options, () => shared), "around")))
      yield* TestClock.adjust(170)
      yield* Fiber.interrupt(fiber)
      expect(eventsOf(spans[0])?.slice(1)).toEqual([
        ["stamina.interrupted", 170, {
          "stamina.callable": "fetch",
          "stamina.attempts": 2,
          "stamina.elapsed": 0.17,
          "stamina.in_attempts": 0.07,
          "stamina.waited": 0.1
        }]
      ])
    }))
})

describe.each(names(spanning))("the span around, driven by %s, which can have spans for attempts", (_, driver) => {
  const spansOf = (self: Effect.Effect<unknown, unknown>) =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      yield* provide(inTime(Effect.withSpan(self, "around")))
      const around = spans[0]
      return spans.slice(1).map((span) => {
        expect(span.parent).toEqual(Option.some(around))
        const { status } = span
        return [
          span.name,
          Object.fromEntries(span.attributes),
          millis(status.startTime),
          status._tag === "Ended" ? millis(status.endTime - status.startTime) : status._tag,
          status._tag === "Ended" && Exit.isFailure(status.exit) ? "failed" : "ok"
        ]
      })
    })

  it.effect("gets a child for each attempt and each wait, when asked", () =>
    Effect.gen(function*() {
      const shared = failing(2)
      expect(yield* spansOf(driver.build({ ...options, spans: true }, () => shared))).toEqual([
        ["stamina.attempt", { "stamina.attempt": 1 }, 0, 50, "failed"],
        ["stamina.wait", { "stamina.wait_for": 0.1 }, 50, 100, "ok"],
        ["stamina.attempt", { "stamina.attempt": 2 }, 150, 50, "failed"],
        ["stamina.wait", { "stamina.wait_for": 0.2 }, 200, 200, "ok"],
        ["stamina.attempt", { "stamina.attempt": 3 }, 400, 50, "ok"]
      ])
    }))

  it.effect("gets no child when not asked", () =>
    Effect.gen(function*() {
      for (const spans of [undefined, false]) {
        const shared = failing(2)
        expect(yield* spansOf(driver.build({ ...options, spans }, () => shared))).toEqual([])
      }
    }))

  it.effect("gets one child for a run that succeeds at once", () =>
    Effect.gen(function*() {
      const shared = failing(0)
      expect(yield* spansOf(driver.build({ ...options, spans: true }, () => shared)))
        .toEqual([["stamina.attempt", { "stamina.attempt": 1 }, 0, 50, "ok"]])
    }))

  it.effect("has its children ended by an interruption, in an attempt and in a wait", () =>
    Effect.gen(function*() {
      const ended = (at: number) =>
        Effect.gen(function*() {
          const { provide, spans } = recordSpans()
          const shared = failing(9)
          const began = yield* Clock.currentTimeMillis
          const fiber = yield* Effect.forkChild(provide(driver.build({ ...options, spans: true }, () => shared)))
          yield* TestClock.adjust(at)
          yield* Fiber.interrupt(fiber)
          return spans.map(({ name, status }) => [
            name,
            status._tag === "Ended" ? millis(status.endTime) - began : status._tag,
            status._tag === "Ended" && Exit.hasInterrupts(status.exit)
          ])
        })
      expect(yield* ended(20)).toEqual([["stamina.attempt", 20, true]])
      expect(yield* ended(80)).toEqual([["stamina.attempt", 50, false], ["stamina.wait", 80, true]])
    }))

  it.effect("keeps the events when attempts have spans of their own, and its name is the run's", () =>
    Effect.gen(function*() {
      const { named, provide } = recordSpans()
      const shared = failing(1)
      yield* provide(
        inTime(Effect.withSpan(driver.build({ ...options, name: undefined, spans: true }, () => shared), "around"))
      )
      expect(named("around")[0]?.events.map(([name]) => name)).toEqual(["stamina.retry_scheduled", "stamina.recovered"])
      for (const { events } of named("stamina.attempt")) expect(events).toEqual([])
      expect(named("around")[0]?.events.map(([, , attributes]) => attributes["stamina.callable"]))
        .toEqual(["around", "around"])
    }))

  it.effect("may be one of another process: the children are below it all the same", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const elsewhere = Tracer.externalSpan({ spanId: "1", traceId: "2" })
      const shared = failing(1)
      yield* provide(
        inTime(Effect.withParentSpan(driver.build({ ...options, spans: true }, () => shared), elsewhere))
      )
      expect(spans.map(({ name, parent, traceId }) => [name, Option.getOrUndefined(parent), traceId])).toEqual([
        ["stamina.attempt", elsewhere, "2"],
        ["stamina.wait", elsewhere, "2"],
        ["stamina.attempt", elsewhere, "2"]
      ])
    }))
})

describe("the option spans", () => {
  it("is refused where nothing can stand around an attempt, and unless it is a boolean", () => {
    const asked = { ...options, spans: true } as Stamina.ScheduleOptions<"HttpError">
    expect(() => staminaSchedule(asked)).toThrow(RangeError)
    expect(() => Stamina.retry(failing(0), { on: "HttpError", spans: "yes" as never })).toThrow(
      new RangeError("Stamina.retry: spans must be true or false, got \"yes\"")
    )
  })

  it.effect("does not give its name to a run inside an attempt", () =>
    Effect.gen(function*() {
      const { counts, provide } = freshRegistry()
      const inner = Stamina.retry(failing(1), { ...options, name: undefined })
      yield* inTime(Stamina.retry(inner, { ...options, spans: true })).pipe(Effect.withSpan("around"), provide)
      expect(counts("stamina_retries_total")).toMatchObject([[{ callable: "around" }, 1]])
    }))
})

describe("RetrySpans.hook", () => {
  it.effect("stamps events with the wall clock, as the spans around them are", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      const time = new VirtualTime([])
      time.passUnsafe(7000)
      Object.assign(time.clock, { monotonicTimeNanosUnsafe: () => 1n })
      yield* call(RetrySpans.hook.onGaveUp, gaveUp).pipe(
        Effect.withSpan("around"),
        time.provide,
        provide
      )
      expect(eventsOf(spans[0])?.map(([name, at]) => [name, at])).toEqual([["stamina.gave_up", 7000]])
    }))

  it.effect("tells no message", () =>
    Effect.gen(function*() {
      const { provide, spans } = recordSpans()
      yield* provide(inTime(Effect.withSpan(Effect.exit(Stamina.retry(failing(9), options)), "around")))
      expect(spans[0]?.events).toHaveLength(3)
      expect(JSON.stringify(spans[0]?.events.map(([name, , attributes]) => [name, attributes]))).not.toContain("secret")
    }))
})
