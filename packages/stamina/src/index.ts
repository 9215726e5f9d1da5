/**
 * The main entry: the namespaces, and `staminaSchedule` by itself.
 *
 * @since 0.1.0
 */
export * as Activation from "./ambient/Activation.ts"
export * as Attempt from "./ambient/Attempt.ts"
export * as Deadline from "./ambient/Deadline.ts"
export * as RetryDefaults from "./ambient/RetryDefaults.ts"
export * as Door from "./budget/Door.ts"
export * as RetryBudget from "./budget/RetryBudget.ts"
export * as RetryOptions from "./drive/RetryOptions.ts"
export * as RetrySchedule from "./drive/RetrySchedule.ts"
export { staminaSchedule } from "./drive/RetrySchedule.ts"
export * as Backoff from "./policy/Backoff.ts"
export * as RetryPolicy from "./policy/RetryPolicy.ts"
export * as Decision from "./run/Decision.ts"
export * as Stamina from "./Stamina.ts"
export * as RetryEvent from "./telemetry/RetryEvent.ts"
export * as RetryHook from "./telemetry/RetryHook.ts"
export * as RetryLogs from "./telemetry/RetryLogs.ts"
export * as RetryMetrics from "./telemetry/RetryMetrics.ts"
export * as RetryReport from "./telemetry/RetryReport.ts"
export * as RetrySpans from "./telemetry/RetrySpans.ts"
export * as RetryTelemetry from "./telemetry/RetryTelemetry.ts"
export * as AttemptTimedOut from "./verdict/AttemptTimedOut.ts"
export * as RetryOn from "./verdict/RetryOn.ts"
