/**
 * Production-grade retries for Effect, safe by default.
 *
 * Everything that a program needs every day stands here; the modules beside this one hold the parts.
 *
 * @since 0.1.0
 */
export {
  Active,
  isActive,
  isTesting,
  layerInactive,
  layerTesting,
  setActive,
  setTesting,
  Testing,
  type TestingOptions,
  type TestMode,
  withTesting
} from "./ambient/activation.ts"
export { type Attempt, CurrentAttempt } from "./ambient/attempt.ts"
export { type DefaultOptions, layer as layerDefaults, type Nesting } from "./ambient/layerDefaults.ts"
export { DeadlineExceeded, timeLeft, withDeadline } from "./ambient/withDeadline.ts"
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
export { staminaSchedule as schedule } from "./drive/RetrySchedule.ts"
export { retryStream } from "./drive/stream.ts"
export {
  CurrentHooks,
  defaultHooks,
  layerAddHook,
  layerHooks,
  layerLogs,
  layerMetrics,
  layerSpans
} from "./telemetry/layers.ts"
export type { RetryScheduled as RetryDetails } from "./telemetry/RetryEvent.ts"
export type { RetryHook } from "./telemetry/RetryHook.ts"
export { report } from "./telemetry/RetryReport.ts"
export { AttemptTimedOut } from "./verdict/attemptTimedOut.ts"
