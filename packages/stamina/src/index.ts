/**
 * The main entry: the namespaces, and `staminaSchedule` by itself.
 *
 * @since 0.1.0
 */
export * as Activation from "./Activation.ts"
export * as Attempt from "./Attempt.ts"
export * as AttemptTimedOut from "./AttemptTimedOut.ts"
export * as Backoff from "./Backoff.ts"
export * as Deadline from "./Deadline.ts"
export * as Decision from "./Decision.ts"
export * as RetryLogs from "./hooks/RetryLogs.ts"
export * as RetryMetrics from "./hooks/RetryMetrics.ts"
export * as RetrySpans from "./hooks/RetrySpans.ts"
export * as Nesting from "./Nesting.ts"
export * as RetryDetails from "./RetryDetails.ts"
export * as RetryHook from "./RetryHook.ts"
export * as RetryHooks from "./RetryHooks.ts"
export * as RetryOn from "./RetryOn.ts"
export * as RetryOptions from "./RetryOptions.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export * as RetryReport from "./RetryReport.ts"
export * as RetrySchedule from "./RetrySchedule.ts"
export { make as staminaSchedule } from "./RetrySchedule.ts"
export * as Stamina from "./Stamina.ts"
