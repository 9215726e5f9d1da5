/**
 * What tests of your own retries need: a clock that jumps, a recorder, assertions, and laws.
 *
 * @since 0.1.0
 */
export * as JumpingClock from "./JumpingClock.ts"
export * as RetryRecorder from "./RetryRecorder.ts"
export * as RetryTest from "./RetryTest.ts"
