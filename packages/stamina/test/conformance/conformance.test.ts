import { describe, expect, it } from "@effect/vitest"
import { cases, expected, hasInvalidOptions, invalidTesting, optionsOf, replay, runs } from "../kit/conformance.ts"
import { drivers } from "../kit/drivers.ts"
import { expectConforms } from "../kit/expectations.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

describe("conformance with stamina 26.1.0", () => {
  it("holds all 282 recorded runs", () => {
    expect(cases).toHaveLength(282)
  })

  it("leaves it in four of them, where a wait that the hook chose would end at or past the timeout", () => {
    const different = cases.filter((c) => runs(c) && expected(c) !== c.expect)
    expect(different.map(({ id }) => id)).toEqual(["P103-hook-timeout", "P200", "P244", "P295"])
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
        expectConforms(c, driver, replay(c, driver))
      } else {
        expect(invalidTesting(c).length).toBeGreaterThan(0)
      }
    })
  })
})
