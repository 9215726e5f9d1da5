/**
 * What an operator would see, caught in a test: log lines, spans, the series of a registry.
 */
import { Duration, Effect, Logger, Metric, Option, References, Tracer } from "effect"
import type { RetryEvent, RetryHook } from "effect-stamina"

export interface Line {
  readonly level: string
  readonly message: unknown
  readonly annotations: Readonly<Record<string, unknown>>
}

/** Every log line, of whatever level; `text` is the same lines as each of Effect's formats writes them. */
export const recordLogs = () => {
  const lines: Array<Line> = []
  let text = ""
  const formats = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatJson]
  const recorder = Logger.make<unknown, void>((options) => {
    const message = Array.isArray(options.message) && options.message.length === 1
      ? options.message[0]
      : options.message
    lines.push({
      level: options.logLevel,
      message,
      annotations: options.fiber.getRef(References.CurrentLogAnnotations)
    })
    for (const format of formats) text += `${format.log(options)}\n`
  })
  return {
    lines,
    text: () => text,
    provide: <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      self.pipe(
        Effect.provideService(Logger.CurrentLoggers, new Set([recorder])),
        Effect.provideService(References.MinimumLogLevel, "All")
      )
  }
}

/** The lines of hooks and budgets: without those that say why a first failure is not retried, or may not be. */
export const withoutWhy = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> =>
  lines.filter(({ message }) => message !== "stamina.not_retried" && message !== "stamina.limits_conflict")

/** Every span, in the order in which they began. */
export const recordSpans = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return {
    spans,
    named: (name: string) => spans.filter((span) => span.name === name),
    provide: <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.provideService(self, Tracer.Tracer, tracer)
  }
}

/** A registry of its own, and what stands in it. */
export const freshRegistry = () => {
  const registry: Metric.MetricRegistry = new Map()
  const provide = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Metric.MetricRegistry, registry)
  const series = (id: string): ReadonlyArray<Metric.Metric.Snapshot> =>
    Effect.runSync(provide(Metric.snapshot)).filter((snapshot) => snapshot.id === id)
  return {
    registry,
    provide,
    series,
    /** Each series of a counter as `[labels, count]`. */
    counts: (id: string): ReadonlyArray<readonly [Metric.Metric.AttributeSet | undefined, number]> =>
      series(id).flatMap((one) => one.type === "Counter" ? [[one.attributes, Number(one.state.count)] as const] : []),
    /** All labels of all series. */
    labels: (): ReadonlyArray<readonly [string, string]> =>
      Effect.runSync(provide(Metric.snapshot)).flatMap(({ attributes }) => Object.entries(attributes ?? {}))
  }
}

/** What a hook may be told, for calling one by hand. */
export const gaveUp: RetryEvent.GaveUp = {
  _tag: "GaveUp",
  name: "fetch",
  attempts: 1,
  calls: 1,
  elapsed: Duration.zero,
  inAttempts: Duration.zero,
  waited: Duration.zero,
  attemptTook: Duration.zero,
  reason: "AttemptsExhausted",
  limits: { attempts: 1, timeout: Duration.infinity },
  refused: Option.none(),
  causedBy: "down"
}

/** Calls one listener of a hook by hand, in the fiber of the test. */
export const call = <Event, R>(
  listener: RetryHook.Listener<Event, R> | undefined,
  event: Event
): Effect.Effect<void, never, R> =>
  listener === undefined
    ? Effect.die("the hook does not listen to that")
    : Effect.withFiber((fiber) => listener(event, fiber) ?? Effect.void)
