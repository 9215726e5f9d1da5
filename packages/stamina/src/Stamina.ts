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
} from "./ambient/Activation.ts"
export { type Attempt, CurrentAttempt } from "./ambient/Attempt.ts"
export { DeadlineExceeded, withDeadline } from "./ambient/Deadline.ts"
export { type DefaultOptions, layer as layerDefaults } from "./ambient/RetryDefaults.ts"
export { make, retried, retry, retryContext } from "./drive/combinators.ts"
export type {
  AdmittedOptions,
  AttemptsOptions,
  CommonAdmittedOptions,
  CommonOptions,
  CommonRetryOptions,
  DoorOptions,
  EffectFunction,
  Retried,
  RetryCombinator,
  RetryOptions,
  ScheduleOptions,
  StreamCombinator,
  StreamOptions,
  TimedOut
} from "./drive/model.ts"
export { type RetryProgress, staminaSchedule as schedule } from "./drive/RetrySchedule.ts"
export { retryStream } from "./drive/stream.ts"
export type { RetryScheduled as RetryDetails } from "./telemetry/RetryEvent.ts"
export type { RetryHook } from "./telemetry/RetryHook.ts"
export { report } from "./telemetry/RetryReport.ts"
export {
  defaultHooks,
  layerAddHook,
  layerHooks,
  layerLogs,
  layerMetrics,
  layerSpans
} from "./telemetry/RetryTelemetry.ts"
export { AttemptTimedOut } from "./verdict/AttemptTimedOut.ts"
