/**
 * Retries in traces: an event on the current span for each retry, and for how a run that needed one ended.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { errorType } from "../internal/errorType.ts"
import type { RetriedRun } from "../RetryDetails.ts"
import type { RetryHook } from "../RetryHook.ts"

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
export const hook: RetryHook = {
  name: "spans",
  onRetryScheduled: ({ causedBy, name, retryNum, waitedSoFar, waitFor }) =>
    event("stamina.retry_scheduled", {
      "stamina.callable": name,
      "stamina.retry_num": retryNum,
      "stamina.wait_for": Duration.toSeconds(waitFor),
      "stamina.waited_so_far": Duration.toSeconds(waitedSoFar),
      "stamina.error_type": errorType(causedBy)
    }),
  onRecovered: (run) => event("stamina.recovered", attributes(run)),
  onInterrupted: (run) => event("stamina.interrupted", attributes(run)),
  onGaveUp: (run) =>
    event("stamina.gave_up", {
      ...attributes(run),
      "stamina.reason": run.reason,
      "stamina.error_type": errorType(run.causedBy)
    })
}

const event = (name: string, attributes: Readonly<Record<string, string | number>>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const { span } = fiber.cache
    if (span?._tag === "Span") span.event(name, fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), attributes)
    return Effect.void
  })

const attributes = (run: RetriedRun) => ({
  "stamina.callable": run.name,
  "stamina.attempts": run.attempts,
  "stamina.elapsed": Duration.toSeconds(run.elapsed),
  "stamina.in_attempts": Duration.toSeconds(run.inAttempts),
  "stamina.waited": Duration.toSeconds(run.waited)
})
