/**
 * The main entry: the namespaces, and `staminaSchedule` by itself.
 *
 * @since 0.1.0
 */
export * as Door from "./budget/Door.ts"
export * as RetryBudget from "./budget/RetryBudget.ts"
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
export * as RetryOn from "./verdict/RetryOn.ts"
