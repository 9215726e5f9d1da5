import { defineConfig } from "vitest/config"

// The tests that mutants are run against: those of the rooms that are mutated, and of the rooms above that watch them.
// Properties run fewer times, since each mutant runs them anew.
process.env["PROPERTY_RUNS"] = "40"

export default defineConfig({
  test: {
    root: "packages/stamina",
    // mutants in the code make it slow; one that makes it endless is for Stryker to end
    testTimeout: 60_000,
    include: ["test/{policy,verdict,run,around,telemetry,drive,conformance}/**/*.test.ts"],
    // asks a language server what it completes, of which no mutant knows
    exclude: ["test/drive/editor.test.ts"]
  }
})
