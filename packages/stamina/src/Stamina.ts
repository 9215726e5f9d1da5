/**
 * Production-grade retries for Effect, safe by default.
 *
 * Everything that a program needs every day stands here; the modules beside this one hold the parts.
 *
 * @since 0.1.0
 */
export {
  isActive,
  isTesting,
  layerInactive,
  layerTesting,
  setActive,
  setTesting,
  type TestingOptions,
  withTesting
} from "./around/Activation.ts"
export { type Attempt, CurrentAttempt } from "./around/Attempt.ts"
export { AttemptTimedOut } from "./drive/AttemptTimedOut.ts"
export { DeadlineExceeded, withDeadline } from "./around/Deadline.ts"
export { layerOnce } from "./around/Nesting.ts"
export { type Bound, retried, retry, retryContext } from "./drive/Retry.ts"
export { defaultHooks, layerHook, layerHooks, layerLogs, layerMetrics, layerSpans } from "./telemetry/RetryHooks.ts"
export type { RetryOptions, ScheduleOptions, StreamOptions } from "./drive/RetryOptions.ts"
export { report } from "./telemetry/RetryReport.ts"
export { make as schedule, type RetryProgress } from "./drive/RetrySchedule.ts"
export { type BoundStream, retryStream } from "./drive/RetryStream.ts"
