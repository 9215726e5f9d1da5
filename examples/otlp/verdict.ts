/**
 * Did everything arrive, and nothing else? What the collector has is compared with what the program did.
 */
import assert from "node:assert/strict"
import { type Attributes, type Collector, read } from "./collector.ts"

export const verify = (collector: Collector): void => {
  assert.deepEqual(collector.refused, [])
  assert.deepEqual(collector.services, new Set(["shop"]))
  verifyMetrics(collector)
  verifyLogs(collector)
  verifySpans(collector)
}

const verifyMetrics = ({ metrics }: Collector): void => {
  const found = metrics.map(({ histogram, name, sum }) => ({
    name,
    type: sum === undefined ? "histogram" : sum.isMonotonic ? "counter" : "gauge",
    points: [...sum?.dataPoints ?? [], ...histogram?.dataPoints ?? []]
      .map(({ attributes, ...values }) => ({ ...read(attributes), ...values }))
  }))
  const [user, card, error_type] = [{ callable: "fetchUser" }, { callable: "chargeCard" }, "Unavailable"]
  const [recovered, exhausted] = [{ ...user, outcome: "recovered" }, { ...card, outcome: "attempts_exhausted" }]
  assert.deepEqual(found, [
    {
      name: "stamina_scheduled_wait_seconds_total",
      type: "counter",
      points: [{ ...user, asDouble: 0.06 }, { ...card, asDouble: 0.06 }]
    },
    {
      name: "stamina_retries_total",
      type: "counter",
      points: [
        { ...user, retry_num: "1", error_type, asDouble: 1 },
        { ...user, retry_num: "2", error_type, asDouble: 1 },
        { ...card, retry_num: "1", error_type, asDouble: 1 },
        { ...card, retry_num: "2", error_type, asDouble: 1 }
      ]
    },
    {
      name: "stamina_runs_total",
      type: "counter",
      points: [{ ...recovered, asDouble: 1 }, { ...exhausted, asDouble: 1 }]
    },
    {
      name: "stamina_run_attempts",
      type: "histogram",
      points: [{ ...recovered, count: 1, sum: 3 }, { ...exhausted, count: 1, sum: 3 }]
    }
  ])
}

const verifyLogs = ({ logs, spans }: Collector): void => {
  const found = logs.map(({ attributes, body, severityText, spanId, traceId }) => {
    const { "effect.fiberId": _, summary, ...own } = read(attributes)
    // the place in the trace that it leads to
    const span = spans.find((span) => span.spanId === spanId && span.traceId === traceId)?.name
    if (body.stringValue === "stamina.gave_up") {
      assert.match(
        String(summary),
        /^attempts exhausted after 3 attempts in \S+s: \S+s of it inside attempts/
      )
    }
    return { severity: severityText, message: body.stringValue, span, ...withoutTimes(own, "") }
  })
  const retry = { severity: "Warn", message: "stamina.retry_scheduled", caused_by: "Unavailable" }
  const first = { ...retry, retry_num: 1, wait_for: 0.02, waited_so_far: 0 }
  const second = { ...retry, retry_num: 2, wait_for: 0.04, waited_so_far: 0.02 }
  const recovered = { severity: "Info", message: "stamina.recovered", attempts: 3 }
  const gaveUp = { ...retry, severity: "Error", message: "stamina.gave_up", attempts: 3, reason: "AttemptsExhausted" }
  assert.deepEqual(found, [
    ...[first, second, recovered].map((log) => ({ ...log, span: "fetchUser", callable: "fetchUser" })),
    ...[first, second, gaveUp].map((log) => ({ ...log, span: "chargeCard", callable: "chargeCard" }))
  ])
  assert.doesNotMatch(JSON.stringify(logs), /pa55w0rd/)
}

const verifySpans = ({ spans }: Collector): void => {
  const found = spans.map((span) => {
    // what the tracer itself makes of a failure is its own affair
    const events = span.events.filter(({ name }) => name !== "exception")
    // one after the other within the span, and a wait after each retry
    const [t1, t2, t3] = events.map(({ timeUnixNano }) => timeUnixNano)
    if (t1 && t2 && t3) {
      const { endTimeUnixNano: end, startTimeUnixNano: start } = span
      assert.ok(start <= t1 && t2 - t1 >= 18_000_000n && t3 - t2 >= 38_000_000n && t3 <= end, "events out of time")
    }
    return {
      span: span.name,
      events: events.map(({ attributes, name }) => ({ name, ...withoutTimes(read(attributes), "stamina.") }))
    }
  })
  const retry = { "name": "stamina.retry_scheduled", "stamina.error_type": "Unavailable" }
  const first = { ...retry, "stamina.retry_num": 1, "stamina.wait_for": 0.02, "stamina.waited_so_far": 0 }
  const second = { ...retry, "stamina.retry_num": 2, "stamina.wait_for": 0.04, "stamina.waited_so_far": 0.02 }
  const recovered = { "name": "stamina.recovered", "stamina.attempts": 3 }
  const gaveUp = { ...retry, ...recovered, "name": "stamina.gave_up", "stamina.reason": "AttemptsExhausted" }
  assert.deepEqual(found, [
    {
      span: "fetchUser",
      events: [first, second, recovered].map((one) => ({ ...one, "stamina.callable": "fetchUser" }))
    },
    { span: "listPrices", events: [] },
    {
      span: "chargeCard",
      events: [first, second, gaveUp].map((one) => ({ ...one, "stamina.callable": "chargeCard" }))
    },
    { span: "checkout", events: [] }
  ])
}

/** Looks at the times of a run that has ended, all in seconds and there if `attempts` is, and gives what else there is. */
const withoutTimes = (attributes: Attributes, prefix: string): Attributes => {
  const { [`${prefix}elapsed`]: elapsed, [`${prefix}in_attempts`]: inAttempts, [`${prefix}waited`]: waited, ...rest } =
    attributes
  if (`${prefix}attempts` in rest) {
    const [all, inside, between] = [Number(elapsed), Number(inAttempts), Number(waited)]
    assert.ok(
      between >= 0.058 && inside >= 0 && Math.abs(inside + between - all) < 1e-6 && all < 5,
      "implausible times"
    )
  }
  return rest
}
