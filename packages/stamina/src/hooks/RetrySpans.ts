/**
 * Retries in traces: an event on the current span for each retry, and for how a run that needed one ended.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import { type Attributes, ofRetry, ofRun } from "../internal/attributes.ts"
import { errorType } from "../internal/errorType.ts"
import * as plainHook from "../internal/plainHook.ts"
import type { RetryHook } from "../RetryHook.ts"

const event = <Seen>(name: string, attributes: (seen: Seen) => Attributes): plainHook.Plain<Seen> => (seen, fiber) => {
  const { span } = fiber.cache
  if (span?._tag !== "Span") return
  const named = Object.entries(attributes(seen)).map(([key, value]) => [`stamina.${key}`, value])
  span.event(
    `stamina.${name}`,
    fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(),
    Object.fromEntries(named)
  )
}

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
 * @see the option `spans` of `Stamina.retry`, for a child span per attempt and per wait
 * @category hooks
 * @since 0.1.0
 */
export const hook: RetryHook = /*#__PURE__*/ plainHook.make("spans", {
  onRetryScheduled: event("retry_scheduled", (details) => ({
    ...ofRetry(details),
    error_type: errorType(details.causedBy)
  })),
  onRecovered: event("recovered", ofRun),
  onInterrupted: event("interrupted", ofRun),
  onGaveUp: event("gave_up", (run) => ({ ...ofRun(run), reason: run.reason, error_type: errorType(run.causedBy) }))
})
