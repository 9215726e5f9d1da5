/**
 * Retries in traces: an event on the current span for each retry, and for how a run that needed one ended.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import { found } from "../tools/getOrCreate.ts"
import * as RetryEvent from "./RetryEvent.ts"
import { forEvery, type RetryHook } from "./RetryHook.ts"

/**
 * How many retries a span gets events for, and how many ends of runs. Together they are 128, as many events as the SDKs of
 * OpenTelemetry keep of a span.
 *
 * @category limits
 * @since 0.1.0
 */
export const maxEvents = 64

/**
 * The hook that adds events to the current span, if there is one; among the default hooks.
 *
 * **Details**
 *
 * The span is the one *around* the retry: inside an attempt's own span, no later attempt could be seen. Each event's
 * attributes begin with `stamina.`, times are in seconds:
 *
 * - `stamina.retry_scheduled`: `callable`, `retry_num`, `wait_for`, `waited_so_far`, `error_type`
 * - `stamina.recovered`, `stamina.interrupted`: `callable`, `attempts`, `elapsed`, `in_attempts`, `waited`
 * - `stamina.gave_up`: the same, and `reason`, `error_type`
 *
 * Where runs inside had retried already, there is `attempts_inside` or `calls` as well, as in the log.
 *
 * A span that lives long gets events for its first 64 retries and the first 64 ends of runs. The attribute
 * `stamina.dropped_events` of the span counts the others.
 *
 * @see the option `spans` of `Stamina.retry`, for a child span per attempt and per wait
 * @category hooks
 * @since 0.1.0
 */
export const hook: RetryHook = /*#__PURE__*/ forEvery("spans", (event, fiber) => {
  const { span } = fiber.cache
  if (span?._tag !== "Span") return
  const told = found(spans, span, () => ({ retries: 0, ends: 0, dropped: 0 }))
  if (++told["retryNum" in event ? "retries" : "ends"] > maxEvents) {
    span.attribute("stamina.dropped_events", ++told.dropped)
    return
  }
  const attributes = Object.entries(RetryEvent.attributes(event))
  if ("causedBy" in event) attributes.push(["error_type", RetryEvent.errorType(event.causedBy)])
  span.event(
    RetryEvent.nameOf(event),
    fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(),
    Object.fromEntries(attributes.map(([name, value]) => [`stamina.${name}`, value]))
  )
})

/** How many events each span was to get, and how many it did not. */
const spans = /*#__PURE__*/ new WeakMap<object, { retries: number; ends: number; dropped: number }>()
