import { defineConfig } from "vitest/config"

// The tests that mutants are run against: those of the decisions and their drivers, without the slow ones that look at
// other things (an editor, the recorded runs of drivers beyond the first).
export default defineConfig({
  test: {
    root: "packages/stamina",
    include: ["test/**/*.test.ts"],
    exclude: ["test/editor.test.ts", "test/http/**", "test/RetryPolicy*.test.ts"],
    testTimeout: 10_000
  }
})
