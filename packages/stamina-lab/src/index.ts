/**
 * What is known of a retry policy before it runs: what may be wrong with it, what it does, and what becomes of calls.
 *
 * Everything here works with the decisions of `effect-stamina` itself. Nothing sleeps and nothing is called, so all of it
 * can run in tests, in builds and in a browser.
 *
 * @since 0.2.0
 */
export * as RetryExplanation from "./explain/RetryExplanation.ts"
export * as RetryLint from "./lint/RetryLint.ts"
export * as RetrySimulation from "./simulate/RetrySimulation.ts"
export * as Words from "./tools/Words.ts"
