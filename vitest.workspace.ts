import { defineConfig } from "vitest/config"

// vitest 5 no longer looks for a file of this name, so scripts pass `--config vitest.workspace.ts`.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "stamina", root: "packages/stamina", include: ["test/**/*.test.ts"] } },
      {
        test: { name: "examples", root: "examples", include: ["**/*.test.ts"], exclude: ["**/node_modules", "**/.tmp"] }
      },
      { test: { name: "scripts", root: "scripts", include: ["**/*.test.ts"] } }
    ]
  }
})
