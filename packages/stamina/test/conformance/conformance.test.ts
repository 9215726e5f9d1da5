import { describe, expect, it } from "@effect/vitest"
import { type Case, cases, hasInvalidOptions, invalidTesting, optionsOf, replay, runs } from "../kit/conformance.ts"
import { type Driver, drivers } from "../kit/drivers.ts"
import { expectClose } from "../kit/expectations.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const conforms = (c: Case, driver: Driver, { nextWaits, sameErrors, seen }: ReturnType<typeof replay>) => {
  expect({ attempts: seen.attempts, final: seen.final }).toEqual({ attempts: c.expect.attempts, final: c.expect.final })
  expectClose(seen.waits, c.expect.waits)
  expectClose(seen.starts, c.expect.starts)
  expectClose([seen.elapsed], [c.expect.elapsed])
  const { details } = c.expect
  expect(seen.details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
    .toEqual(details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
  for (const field of ["waitFor", "waitedSoFar", "at"] as const) {
    expectClose(seen.details.map((d) => d[field]), details.map((d) => d[field]))
  }
  if (driver.knowsAttempt) expectClose(nextWaits, c.expect.nextWaits)
  expect(sameErrors).toBe(true)
}

describe("conformance with stamina 26.1.0", () => {
  it("holds all 282 recorded runs", () => {
    expect(cases).toHaveLength(282)
  })

  describe.each(drivers)("$name", (driver) => {
    it.each(cases)("$id $note", (c) => {
      for (const build of invalidTesting(c)) expect(build).toThrow(RangeError)
      if (hasInvalidOptions(c)) {
        expect(() =>
          driver.build(optionsOf(c, new VirtualTime(c.random)), () => {
            throw new Error("never called")
          })
        )
          .toThrow(RangeError)
      } else if (runs(c)) {
        conforms(c, driver, replay(c, driver))
      } else {
        expect(invalidTesting(c).length).toBeGreaterThan(0)
      }
    })
  })
})
