import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"

const { make, preview, shapeNames } = RetryPolicy

describe("RetryPolicy.preview", () => {
  it.each(shapeNames)("bounds what simulated runs do, with %s", (backoff) => {
    for (const overshoot of ["allow", "refuse"] as const) {
      const policy = make({ backoff, overshoot, timeout: "15 seconds" })
      const retries = preview(policy, { latency: 20 })
      for (const { attempts } of RetrySimulation.samples(policy, { latency: 20, runs: 200 })) {
        attempts.slice(1).forEach(({ begins }, i) => {
          assert.isAtLeast(begins, Duration.toMillis(retries[i]!.startsFrom) - 1e-6)
          assert.isAtMost(begins, Duration.toMillis(retries[i]!.startsTo) + 1e-6)
        })
      }
    }
  })
})
