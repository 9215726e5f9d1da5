/**
 * Metrics, logs and traces, exported with the OpenTelemetry protocol (OTLP) by `effect/observability`: what the library
 * tells of retries goes along without set-up. A collector of our own holds what arrives to what happened.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect, Layer } from "effect"
import { Stamina } from "effect-stamina"
import { Otlp } from "effect/observability"
import assert from "node:assert/strict"
import * as Collector from "./collector.ts"

class Unavailable extends Data.TaggedError("Unavailable")<{ readonly message: string }> {}

/** A dependency that fails so many times, and then answers. */
const dependency = (failures: number) =>
  Effect.suspend(() =>
    failures-- > 0 ? Effect.fail(new Unavailable({ message: "no answer from db://shop:pa55w0rd@db" })) : Effect.void
  )

const [users, cards, prices] = [dependency(2), dependency(3), dependency(0)]

const retry = Stamina.retry({ on: "Unavailable", attempts: 3, waitInitial: "20 millis", waitJitter: 0 })

// what is retried is called as the span that it is in
const fetchUser = Effect.fn("fetchUser")(() => users, retry)
const chargeCard = Effect.fn("chargeCard")(() => cards, retry)
const listPrices = Effect.fn("listPrices")(() => prices, retry)

const checkout = Effect.all([fetchUser(), listPrices(), Effect.ignore(chargeCard())]).pipe(Effect.withSpan("checkout"))

/** What an application puts around its program, once. */
const exported = (baseUrl: string) =>
  Otlp.layerJson({
    baseUrl,
    resource: { serviceName: "shop" },
    // in place of the console
    loggerMergeWithExisting: false
  }).pipe(
    Layer.provide(NodeHttpClient.layerNodeHttp)
  )

const program = Effect.gen(function*() {
  const collector = yield* Collector.make

  // what has not been exported by the end is so when the layer is closed
  yield* Effect.provide(checkout, exported(collector.url))

  assert.deepEqual(collector.refused, [])
  assert.deepEqual(collector.services, new Set(["shop"]))
  yield* checkMetrics(collector)
  yield* checkLogs(collector)
  yield* checkSpans(collector)
})

const checkMetrics = Effect.fnUntraced(function*({ metrics }: Collector.Collector) {
  yield* Console.log(
    metrics.map(({ name, sum }) => `${name}, a ${sum?.isMonotonic ? "counter" : "histogram"}`).join("\n")
  )
  // stamina_retries_total, a counter
  // stamina_scheduled_wait_seconds_total, a counter
  // stamina_runs_total, a counter
  // stamina_run_attempts, a histogram

  const points = metrics.map(({ histogram, sum }) =>
    [...sum?.dataPoints ?? [], ...histogram?.dataPoints ?? []]
      .map(({ attributes, ...values }) => ({ ...Collector.read(attributes), ...values }))
  )
  const [user, card, error_type] = [{ callable: "fetchUser" }, { callable: "chargeCard" }, "Unavailable"]
  assert.deepEqual(points, [
    [
      { ...user, retry_num: "1", error_type, asDouble: 1 },
      { ...user, retry_num: "2", error_type, asDouble: 1 },
      { ...card, retry_num: "1", error_type, asDouble: 1 },
      { ...card, retry_num: "2", error_type, asDouble: 1 }
    ],
    [{ ...user, asDouble: 0.06 }, { ...card, asDouble: 0.06 }],
    [{ ...user, outcome: "recovered", asDouble: 1 }, { ...card, outcome: "attempts_exhausted", asDouble: 1 }],
    [{ ...user, outcome: "recovered", count: 1, sum: 3 }, { ...card, outcome: "attempts_exhausted", count: 1, sum: 3 }]
  ])
})

const checkLogs = Effect.fnUntraced(function*({ logs, spans }: Collector.Collector) {
  for (const { body, severityText } of logs) yield* Console.log(`${severityText}: ${body.stringValue}`)
  // Warn: stamina.retry_scheduled
  // Warn: stamina.retry_scheduled
  // Info: stamina.recovered
  // Warn: stamina.retry_scheduled
  // Warn: stamina.retry_scheduled
  // Error: stamina.gave_up

  const [first, second, recovered, third, fourth, gaveUp] = logs.map(({ attributes }) => {
    const { "effect.fiberId": _, ...own } = Collector.read(attributes)
    return own
  })
  const retry = { caused_by: "Unavailable", retry_num: 1, wait_for: 0.02, waited_so_far: 0 }
  const again = { ...retry, retry_num: 2, wait_for: 0.04, waited_so_far: 0.02 }
  assert.deepEqual([first, second], [{ callable: "fetchUser", ...retry }, { callable: "fetchUser", ...again }])
  assert.deepEqual([third, fourth], [{ callable: "chargeCard", ...retry }, { callable: "chargeCard", ...again }])
  assert.deepEqual(withoutTimes(recovered, ""), { callable: "fetchUser", attempts: 3 })

  const { summary, ...rest } = withoutTimes(gaveUp, "")
  assert.deepEqual(rest, { callable: "chargeCard", attempts: 3, reason: "AttemptsExhausted", caused_by: "Unavailable" })
  assert.match(String(summary), /^gave up after 3 attempts, as many as allowed, in \S+s: \S+s of it inside attempts/)

  // each of them leads to its place in the trace, and none tells the message of an error
  const names = logs.map(({ spanId, traceId }) =>
    spans.find((span) => span.spanId === spanId && span.traceId === traceId)?.name
  )
  assert.deepEqual(names, ["fetchUser", "fetchUser", "fetchUser", "chargeCard", "chargeCard", "chargeCard"])
  assert.doesNotMatch(JSON.stringify(logs), /pa55w0rd/)
})

const checkSpans = Effect.fnUntraced(function*({ spans }: Collector.Collector) {
  for (const { events, name } of spans) yield* Console.log(`${name}: ${events.map(({ name }) => name).join(", ")}`)
  // fetchUser: stamina.retry_scheduled, stamina.retry_scheduled, stamina.recovered
  // listPrices:
  // chargeCard: stamina.retry_scheduled, stamina.retry_scheduled, stamina.gave_up, exception
  // checkout:

  for (const { endTimeUnixNano, events, name, startTimeUnixNano } of spans) {
    if (events.length === 0) continue
    const [first, second, end] = events.map(({ attributes }) => Collector.read(attributes))
    const error = { "stamina.callable": name, "stamina.error_type": "Unavailable" }
    assert.deepEqual(first, { ...error, "stamina.retry_num": 1, "stamina.wait_for": 0.02, "stamina.waited_so_far": 0 })
    assert.deepEqual(second, {
      ...error,
      "stamina.retry_num": 2,
      "stamina.wait_for": 0.04,
      "stamina.waited_so_far": 0.02
    })
    assert.deepEqual(
      withoutTimes(end, "stamina."),
      name === "fetchUser"
        ? { "stamina.callable": name, "stamina.attempts": 3 }
        : { ...error, "stamina.attempts": 3, "stamina.reason": "AttemptsExhausted" }
    )

    // one after the other within the span, and a wait after each retry
    const [t1 = 0n, t2 = 0n, t3 = 0n] = events.map(({ timeUnixNano }) => timeUnixNano)
    assert.ok(startTimeUnixNano <= t1 && t2 - t1 >= 18_000_000n && t3 - t2 >= 38_000_000n && t3 <= endTimeUnixNano)
  }
})

/** Looks at the times that tell of a run, all in seconds, and gives what else there is. */
const withoutTimes = (attributes: Collector.Attributes = {}, prefix: string): Collector.Attributes => {
  const { [`${prefix}elapsed`]: elapsed, [`${prefix}in_attempts`]: inAttempts, [`${prefix}waited`]: waited, ...rest } =
    attributes
  const [all, inside, between] = [Number(elapsed), Number(inAttempts), Number(waited)]
  assert.ok(between >= 0.058 && inside >= 0 && Math.abs(inside + between - all) < 1e-6 && all < 5, "implausible times")
  return rest
}

program.pipe(Effect.scoped, NodeRuntime.runMain)
