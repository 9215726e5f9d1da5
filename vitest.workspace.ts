import { defineConfig } from "vitest/config"

// vitest 5 no longer looks for a file of this name, so scripts pass `--config vitest.workspace.ts`.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "stamina", root: "packages/stamina", include: ["test/**/*.test.ts"] } },
      {
        test: { name: "examples", root: "examples", include: ["**/*.test.ts"], exclude: ["**/node_modules", "**/.tmp"] }
      },
      // each runs a whole script or more
      { test: { name: "checks", root: "packages/stamina", include: ["checks/**/*.test.ts"], testTimeout: 60_000 } },
      { test: { name: "scripts", root: "scripts", include: ["**/*.test.ts"], testTimeout: 60_000 } },
      // against other programs, which have to be installed: by `pnpm test:integration` alone
      { test: { name: "integration", root: "packages/stamina", include: ["integration/**/*.test.ts"] } }
    ]
  }
})
