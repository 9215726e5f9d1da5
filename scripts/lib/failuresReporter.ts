/**
 * A reporter for vitest: each failure, once, and nothing else. Counts are left to the JSON reporter, next to this one.
 *
 * A test may have figures to show, which do not decide whether it passes: `await annotate("3 retries", "note")`.
 */
import type { TestAnnotation } from "vitest"
import { MinimalReporter, type TestCase, type TestModule, type Vitest } from "vitest/node"

export default class FailuresReporter extends MinimalReporter {
  override onInit(vitest: Vitest): void {
    this.ctx = vitest
    this.silent = "passed-only"
  }

  // the failures are shown at the end
  protected override printTestModule(): void {}

  override reportTestSummary(): void {}

  onTestCaseAnnotate(_: TestCase, { message, type }: TestAnnotation): void {
    if (type === "note") this.log(`note: ${message}`)
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module)
    if (process.env["SHOW_PROGRESS"]) this.log(`progress: ${module.relativeModuleId}`)
  }
}
