import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

// No test's own deadline is what it asserts: these only end what hangs, and leave a busy machine its time.
const patient = {
  setupFiles: [fileURLToPath(new URL("scripts/lib/quietTests.ts", import.meta.url))],
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } }
}

// vitest 5 no longer looks for a file of this name, so scripts pass `--config vitest.workspace.ts`.
export default defineConfig({
  test: {
    reporters: process.stdout.isTTY ? ["default"] : ["minimal"],
    // a failure leads to the test, and not through all of Effect
    onStackTrace: (_, { file }) => !file.includes("/node_modules/"),
    projects: [
      {
        test: {
          name: "stamina",
          root: "packages/stamina",
          include: ["test/**/*.test.ts"],
          ...patient
        }
      },
      // runs the command line as it is built, as a process
      {
        test: {
          name: "stamina-lab",
          root: "packages/stamina-lab",
          include: ["test/**/*.test.ts"],
          globalSetup: "test/cli/build.ts",
          ...patient
        }
      },
      {
        test: {
          name: "stamina-explorer",
          root: "packages/stamina-explorer",
          include: ["test/**/*.test.ts"],
          ...patient
        }
      },
      {
        test: {
          name: "examples",
          root: "examples",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules", "**/.tmp"],
          ...patient
        }
      },
      // each runs a whole script or more
      {
        test: {
          name: "checks",
          root: "packages/stamina",
          include: ["checks/**/*.test.ts"],
          ...patient
        }
      },
      { test: { name: "scripts", root: "scripts", include: ["**/*.test.ts"], ...patient } },
      // builds the whole site, and looks at it in a browser: by `pnpm check site` alone
      {
        test: {
          name: "site",
          root: "packages/docs-site",
          include: ["test/**/*.test.ts"],
          globalSetup: "test/build.ts",
          ...patient
        }
      },
      // against other programs, which have to be installed: by `pnpm test:integration` alone
      {
        test: {
          name: "integration",
          root: "packages/stamina",
          include: ["integration/**/*.test.ts"],
          ...patient
        }
      },
      // the page in a real browser, likewise
      {
        test: {
          name: "browser",
          root: "packages/stamina-explorer",
          include: ["integration/**/*.test.ts"],
          globalSetup: "integration/kit/setup.ts",
          ...patient
        }
      }
    ]
  }
})
