import { defineConfig } from "vitest/config"

// The tests that mutants are run against: those of decisions, waits, verdicts, and of the drivers that are mutated.
// Properties run fewer times, since each mutant runs them anew.
process.env["PROPERTY_RUNS"] = "40"

export default defineConfig({
  test: {
    root: "packages/stamina",
    include: [
      "test/{Activation,Backoff,Deadline,Decision,Retry,RetryHook,RetryOn,RetryReport,RetrySchedule,RetrySpans}.test.ts",
      "test/{causes,conformance,laws,nesting,options,runs}.test.ts"
    ]
  }
})
