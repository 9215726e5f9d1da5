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
export { type Bound, retried, retry, retryContext } from "./Retry.ts"
export { defaultHooks, layerHooks } from "./RetryHook.ts"
export type { RetryOptions } from "./RetryOptions.ts"
export { make as schedule, type RetryProgress } from "./RetrySchedule.ts"
