import { describe, expect, it } from "vitest"
import { isPast, type Ratio, ratio, written } from "../../bench/kit/result.ts"
import { figure } from "../../bench/kit/statistics.ts"

describe("the benchmarks' statistics", () => {
  it("are the median and the quarters around it", () => {
    expect(figure([9, 1, 3])).toEqual({ low: 2, median: 3, high: 6 })
    expect(figure([4])).toEqual({ low: 4, median: 4, high: 4 })
    expect(figure([]).median).toBeNaN()
  })

  it("are written with three or four digits", () => {
    expect(written(figure([0.12345, 0.2]))).toEqual(["0.162", "0.143 … 0.181"])
    expect(written(figure([1234.5]))).toEqual(["1235", "–"])
  })
})

describe("a ratio", () => {
  const of = (median: number, target?: number): Ratio => ratio("a / b", [median], target)

  it("is past its target by more than the margin", () => {
    expect([0.9, 1, 1.1].map((median) => isPast(of(median, 1)))).toEqual([false, false, false])
    expect(isPast(of(1.11, 1))).toBe(true)
  })

  it("is past any target where it is no number, and past none where there is none", () => {
    expect(isPast(of(Number.NaN, 1))).toBe(true)
    expect(isPast(ratio("a / b", [], 1))).toBe(true)
    expect(isPast(of(100))).toBe(false)
  })
})
