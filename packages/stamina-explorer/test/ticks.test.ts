import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as ticks from "../src/chart/ticks.ts"

const number = Schema.Finite.check(Schema.isBetween({ minimum: 1e-3, maximum: 1e12 }))
const most = Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 12 }))

describe("the marks of an axis", () => {
  it("are round", () => {
    expect(ticks.ofTime(0, 28_000, 6)).toEqual([0, 5000, 10_000, 15_000, 20_000, 25_000])
    expect(ticks.ofTime(21_700, 26_800, 6)).toEqual([22_000, 23_000, 24_000, 25_000, 26_000])
    expect(ticks.ofTime(0, 60_000, 4)).toEqual([0, 15_000, 30_000, 45_000, 60_000])
    expect(ticks.ofNumber(0, 1, 4)).toEqual([0, 0.5, 1])
    expect(ticks.ofNumber(0, 3200, 4)).toEqual([0, 1000, 2000, 3000])
  })

  it.prop("are within it, few, and at least one", [number, most], ([to, most]) => {
    for (const marks of [ticks.ofTime(0, to, most), ticks.ofNumber(0, to, most)]) {
      expect(marks[0]).toBe(0)
      expect(marks.length).toBeLessThanOrEqual(most + 1)
      expect(marks.at(-1)).toBeLessThanOrEqual(to * (1 + 1e-8))
    }
  })

  it("of an axis without a length is one", () => {
    expect(ticks.ofNumber(3, 3, 4)).toEqual([3])
  })
})
