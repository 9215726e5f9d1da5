import { describe, expect, it } from "@effect/vitest"
import { type Case, cases, hasInvalidOptions, invalidTesting, optionsOf, replay, runs } from "./kit/conformance.ts"
import { drivers } from "./kit/drivers.ts"
import { VirtualTime } from "./kit/VirtualTime.ts"

const close = (seen: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
  expect(seen).toHaveLength(expected.length)
  expected.forEach((value, i) => expect(Math.abs(seen[i]! - value)).toBeLessThanOrEqual(0.001))
}

const conforms = (c: Case, { nextWaits, sameErrors, seen }: ReturnType<typeof replay>, knowsAttempt: boolean) => {
  expect({ attempts: seen.attempts, final: seen.final }).toEqual({ attempts: c.expect.attempts, final: c.expect.final })
  close(seen.waits, c.expect.waits)
  close(seen.starts, c.expect.starts)
  close([seen.elapsed], [c.expect.elapsed])
  expect(seen.details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
    .toEqual(c.expect.details.map(({ causedBy, retryNum }) => [retryNum, causedBy]))
  for (const field of ["waitFor", "waitedSoFar", "at"] as const) {
    close(seen.details.map((d) => d[field]), c.expect.details.map((d) => d[field]))
  }
  if (knowsAttempt) close(nextWaits, c.expect.nextWaits)
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
        conforms(c, replay(c, driver), driver.knowsAttempt)
      } else {
        expect(invalidTesting(c).length).toBeGreaterThan(0)
      }
    })
  })
})
