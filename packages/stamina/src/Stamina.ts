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
} from "./Activation.ts"
export { type Attempt, CurrentAttempt } from "./Attempt.ts"
export { AttemptTimedOut } from "./AttemptTimedOut.ts"
export { DeadlineExceeded, withDeadline } from "./Deadline.ts"
export { layerOnce } from "./Nesting.ts"
export { type Bound, retried, retry, retryContext } from "./Retry.ts"
export { defaultHooks, layerHook, layerHooks, layerLogs, layerMetrics, layerSpans } from "./RetryHooks.ts"
export type { RetryOptions, ScheduleOptions, StreamOptions } from "./RetryOptions.ts"
export { report } from "./RetryReport.ts"
export { make as schedule, type RetryProgress } from "./RetrySchedule.ts"
export { type BoundStream, retryStream } from "./RetryStream.ts"
