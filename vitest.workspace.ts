import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const setupFiles = [fileURLToPath(new URL("scripts/lib/quietTests.ts", import.meta.url))]

// what another program does may take a busy machine long
const patient = { poll: { timeout: 20_000 } }

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
          setupFiles,
          testTimeout: 60_000
        }
      },
      // runs the command line as it is built, as a process
      {
        test: {
          name: "stamina-lab",
          root: "packages/stamina-lab",
          include: ["test/**/*.test.ts"],
          globalSetup: "test/cli/build.ts",
          setupFiles,
          testTimeout: 60_000
        }
      },
      {
        test: {
          name: "stamina-explorer",
          root: "packages/stamina-explorer",
          include: ["test/**/*.test.ts"],
          setupFiles,
          testTimeout: 60_000
        }
      },
      {
        test: {
          name: "examples",
          root: "examples",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules", "**/.tmp"],
          setupFiles,
          testTimeout: 60_000
        }
      },
      // each runs a whole script or more
      {
        test: {
          name: "checks",
          root: "packages/stamina",
          include: ["checks/**/*.test.ts"],
          setupFiles,
          testTimeout: 60_000
        }
      },
      { test: { name: "scripts", root: "scripts", include: ["**/*.test.ts"], setupFiles, testTimeout: 60_000 } },
      // builds the whole site, and looks at it in a browser: by `pnpm check site` alone
      {
        test: {
          name: "site",
          root: "packages/docs-site",
          include: ["test/**/*.test.ts"],
          globalSetup: "test/build.ts",
          setupFiles,
          testTimeout: 30_000
        }
      },
      // against other programs, which have to be installed: by `pnpm test:integration` alone
      {
        test: {
          name: "integration",
          root: "packages/stamina",
          include: ["integration/**/*.test.ts"],
          setupFiles,
          testTimeout: 30_000,
          expect: patient
        }
      },
      // the page in a real browser, likewise
      {
        test: {
          name: "browser",
          root: "packages/stamina-explorer",
          include: ["integration/**/*.test.ts"],
          globalSetup: "integration/kit/setup.ts",
          setupFiles,
          testTimeout: 60_000,
          expect: patient
        }
      }
    ]
  }
})
