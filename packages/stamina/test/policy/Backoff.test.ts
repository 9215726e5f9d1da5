import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { Backoff, RetryPolicy } from "effect-stamina"
import * as arbitraries from "../kit/arbitraries.ts"

const base: Backoff.Backoff = { shape: "additive", initial: 100, max: 5000, jitter: 1000, base: 2 }
const almost1 = 1 - 2 ** -53

const named = RetryPolicy.shapeNames
const list = [700, 100, 6000, 50]
const shapes: ReadonlyArray<Backoff.Shape> = [...named, list]

/** The waits before retries 1 to 8, each told of the one before. */
const waits = (backoff: Backoff.Backoff, u: number): ReadonlyArray<number> => {
  const seen: Array<number> = []
  for (let n = 1; n <= 8; n++) seen.push(Backoff.wait(backoff, n, () => u, seen.at(-1)))
  return seen
}

/** How many numbers a wait draws. */
const draws = (backoff: Backoff.Backoff, retryNum: number): number => {
  let count = 0
  Backoff.wait(backoff, retryNum, () => ++count / 10)
  return count
}

describe("Backoff.wait", () => {
  // reckoned by hand: 100 ms, doubled, at most 5 s, up to 1 s of jitter
  it.each<readonly [shape: Backoff.Shape, u: number, waits: ReadonlyArray<number>]>([
    ["additive", 0, [100, 200, 400, 800, 1600, 3200, 5000, 5000]],
    ["additive", 0.5, [600, 700, 900, 1300, 2100, 3700, 5000, 5000]],
    ["additive", 0.75, [850, 950, 1150, 1550, 2350, 3950, 5000, 5000]],
    ["full", 0, [0, 0, 0, 0, 0, 0, 0, 0]],
    ["full", 0.25, [25, 50, 100, 200, 400, 800, 1250, 1250]],
    ["full", 0.5, [50, 100, 200, 400, 800, 1600, 2500, 2500]],
    ["full", 0.75, [75, 150, 300, 600, 1200, 2400, 3750, 3750]],
    ["equal", 0, [50, 100, 200, 400, 800, 1600, 2500, 2500]],
    ["equal", 0.5, [75, 150, 300, 600, 1200, 2400, 3750, 3750]],
    ["equal", 0.75, [87.5, 175, 350, 700, 1400, 2800, 4375, 4375]],
    ["decorrelated", 0, [100, 100, 100, 100, 100, 100, 100, 100]],
    [
      "decorrelated",
      0.25,
      [150, 187.5, 215.625, 236.71875, 252.5390625, 264.404296875, 273.30322265625, 279.9774169921875]
    ],
    ["decorrelated", 0.5, [200, 350, 575, 912.5, 1418.75, 2178.125, 2550, 2550]],
    ["constant", 0, [100, 100, 100, 100, 100, 100, 100, 100]],
    ["constant", 0.5, [600, 600, 600, 600, 600, 600, 600, 600]],
    ["linear", 0, [100, 200, 300, 400, 500, 600, 700, 800]],
    ["linear", 0.5, [600, 700, 800, 900, 1000, 1100, 1200, 1300]],
    ["fibonacci", 0, [100, 100, 200, 300, 500, 800, 1300, 2100]],
    ["fibonacci", 0.5, [600, 600, 700, 800, 1000, 1300, 1800, 2600]],
    [list, 0, [700, 100, 5000, 50, 50, 50, 50, 50]],
    [list, 0.5, [1200, 600, 5000, 550, 550, 550, 550, 550]],
    [[250], 0.25, [500, 500, 500, 500, 500, 500, 500, 500]]
  ])("follows the formula of %j where u is %d", (shape, u, expected) => {
    expect(waits({ ...base, shape }, u)).toEqual(expected)
  })

  it.each<readonly [what: string, backoff: Partial<Backoff.Backoff>, u: number, waits: ReadonlyArray<number>]>([
    ["additive, base 3", { base: 3 }, 0, [100, 300, 900, 2700, 5000, 5000, 5000, 5000]],
    ["full, base 1/2", { shape: "full", base: 0.5 }, 0.5, [50, 25, 12.5, 6.25, 3.125, 1.5625, 0.78125, 0.390625]],
    ["equal, base 0", { shape: "equal", base: 0 }, 0.5, [75, 0, 0, 0, 0, 0, 0, 0]],
    ["constant, whatever the base", { shape: "constant", base: 3 }, 0, [100, 100, 100, 100, 100, 100, 100, 100]],
    ["linear, up to the cap", { shape: "linear", initial: 900 }, 0, [900, 1800, 2700, 3600, 4500, 5000, 5000, 5000]],
    ["fibonacci, up to the cap", { shape: "fibonacci", initial: 700 }, 0, [
      700,
      700,
      1400,
      2100,
      3500,
      5000,
      5000,
      5000
    ]],
    ["a list, whatever the initial wait", { shape: [1, 2], initial: 9000 }, 0, [1, 2, 2, 2, 2, 2, 2, 2]]
  ])("follows the formula: %s", (_, backoff, u, expected) => {
    expect(waits({ ...base, ...backoff }, u)).toEqual(expected)
  })

  it.each(shapes)("%j adds jitter, or has no use for it", (shape) => {
    const { isRandom } = Backoff.traitsOf(shape)
    const [with1s, without] = [1000, 0].map((jitter) => waits({ ...base, shape, jitter, max: 1e6 }, 0.5))
    expect(with1s).toEqual(without?.map((wait) => isRandom ? wait : wait + 500))
  })

  it.each(shapes)("%j draws one number where the wait depends on it, and none where it does not", (shape) => {
    for (const jitter of [0, 1000]) {
      for (const initial of [0, 100, 1e6]) {
        for (const n of [1, 2, 9, 10_000]) {
          const backoff = { ...base, shape, jitter, initial }
          const { isRandom } = Backoff.traitsOf(shape)
          // added jitter is drawn at the cap too, where it no longer shows
          const varies = isRandom ? Backoff.shortest(backoff, n) < Backoff.longest(backoff, n) : jitter > 0
          expect(draws(backoff, n)).toBe(varies ? 1 : 0)
        }
      }
    }
  })

  it.each(
    [
      ["full, with nothing to draw from", { shape: "full", initial: 0 }],
      ["equal, with nothing to draw from", { shape: "equal", max: 0 }],
      ["decorrelated, at the cap from the first", { shape: "decorrelated", initial: 60_000 }],
      ["decorrelated, with an initial wait of 0", { shape: "decorrelated", initial: 0 }]
    ] as const
  )("draws nothing for %s", (_, backoff) => {
    expect(draws({ ...base, ...backoff }, 2)).toBe(0)
  })

  it.each([10_000, 1e6, Number.MAX_SAFE_INTEGER])("saturates at retry %d", (n) => {
    const at = (backoff: Partial<Backoff.Backoff>, u = 0) =>
      Backoff.wait({ ...base, jitter: 0, ...backoff }, n, () => u)
    expect(at({})).toBe(5000)
    expect(at({ jitter: 1000 }, almost1)).toBe(5000)
    expect(at({ shape: "full" }, 0.5)).toBe(2500)
    expect(at({ shape: "equal" }, 0.5)).toBe(3750)
    expect(at({ shape: "constant" })).toBe(100)
    expect(at({ shape: "linear" })).toBe(5000)
    expect(at({ shape: "linear", initial: 1e300, max: 1e301 })).toBe(1e301)
    expect(at({ shape: "fibonacci" })).toBe(5000)
    expect(at({ shape: "fibonacci", initial: 1e-6, max: 1e303 })).toBe(1e303)
    expect(at({ shape: list })).toBe(50)
    expect(Backoff.longest({ ...base, shape: "decorrelated" }, n)).toBe(5000)
  })

  it.each(named.filter((name) => Backoff.traitsOf(name).isRandom))(
    "%s still varies once waits have come to the cap",
    (shape) => {
      const at = (u: number) => Backoff.wait({ ...base, shape }, 1000, () => u, 5000)
      expect(at(almost1)).toBeGreaterThan(4999)
      expect(new Set([0, 0.25, 0.5, 0.75, almost1].map(at)).size).toBe(5)
    }
  )

  it.each(["additive", "linear", "fibonacci", [9000]] as const)("%j no longer varies at the cap", (shape) => {
    const at = (u: number) => Backoff.wait({ ...base, shape }, 1000, () => u)
    expect(new Set([0, 0.5, almost1].map(at))).toEqual(new Set([5000]))
  })

  it.each(shapes)("%j starts at the cap where the initial wait is longer", (shape) => {
    const at = (u: number) => Backoff.wait({ ...base, shape, initial: 60_000, jitter: 0 }, 1, () => u)
    if (shape === "full") expect([at(0), at(0.5)]).toEqual([0, 2500])
    else if (shape === "equal") expect([at(0), at(0.5)]).toEqual([2500, 3750])
    else if (shape === list) expect(at(0)).toBe(700)
    else expect([at(0), at(0.5), at(almost1)]).toEqual([5000, 5000, 5000])
  })

  it.each(named)("%s, with an initial wait of 0, waits for nothing but jitter", (shape) => {
    const { isRandom } = Backoff.traitsOf(shape)
    expect(waits({ ...base, shape, initial: 0 }, 0.5)).toEqual(Array.from({ length: 8 }, () => isRandom ? 0 : 500))
    expect(waits({ ...base, shape, initial: 0, jitter: 0 }, 0.5)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  it("with an initial wait of 0 takes a power that overflows for the cap, as stamina does, and nothing else", () => {
    const at = (shape: Backoff.Shape) => Backoff.wait({ ...base, shape, initial: 0, jitter: 0 }, 10_000, () => 0.5)
    expect(named.map(at)).toEqual([5000, 2500, 3750, 0, 0, 0, 0])
  })

  it.each(shapes)("%j never waits where the longest wait is 0", (shape) => {
    for (const n of [1, 5, 10_000]) expect(Backoff.wait({ ...base, shape, max: 0 }, n, () => 0.9, 700)).toBe(0)
  })

  it("follows the wait before where waits are decorrelated, whoever asked for that one", () => {
    const after = (previous: number | undefined, u: number) =>
      Backoff.wait({ ...base, shape: "decorrelated" }, 2, () => u, previous)
    expect(after(undefined, 0.5)).toBe(200) // the first: between 100 and 300
    expect(after(1000, 0.5)).toBe(1550) // between 100 and 3000
    expect(after(60_000, 0.5)).toBe(2550) // between 100 and 5000
    expect(after(0, 0.5)).toBe(100) // between 100 and 100
    expect(after(Number.MAX_VALUE, 0)).toBe(100)
  })

  it.prop("decorrelated lies between the initial wait and three times the wait before, within the cap", [
    arbitraries.numberBelow1,
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e6 })),
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e6 })),
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e6 }))
  ], ([u, initial, max, previous]) => {
    const floor = Math.min(initial, max)
    const wait = Backoff.wait({ ...base, shape: "decorrelated", initial, max }, 2, () => u, previous)
    expect(wait).toBeGreaterThanOrEqual(floor)
    expect(wait).toBeLessThanOrEqual(Math.max(floor, Math.min(max, 3 * previous)))
  }, { arbitrary: { runs: 1000 } })

  it("has the exact Fibonacci numbers, for as long as numbers are exact", () => {
    let [a, b] = [1n, 1n]
    for (let n = 1; n <= 78; n++) {
      const wait = Backoff.wait({ ...base, shape: "fibonacci", initial: 1, max: 1e300, jitter: 0 }, n, () => 0)
      expect(BigInt(wait)).toBe(a)
      ;[a, b] = [b, a + b]
    }
  })
})

describe("Backoff.shortest and Backoff.longest", () => {
  it.each<readonly [shape: Backoff.Shape, shortest: ReadonlyArray<number>, longest: ReadonlyArray<number>]>([
    ["additive", [100, 200, 400], [1100, 1200, 1400]],
    ["full", [0, 0, 0], [100, 200, 400]],
    ["equal", [50, 100, 200], [100, 200, 400]],
    ["decorrelated", [100, 100, 100], [300, 900, 2700]],
    ["constant", [100, 100, 100], [1100, 1100, 1100]],
    ["linear", [100, 200, 300], [1100, 1200, 1300]],
    ["fibonacci", [100, 100, 200], [1100, 1100, 1200]],
    [list, [700, 100, 5000], [1700, 1100, 5000]]
  ])("are those of %j", (shape, shortest, longest) => {
    const backoff = { ...base, shape }
    expect([1, 2, 3].map((n) => Backoff.shortest(backoff, n))).toEqual(shortest)
    expect([1, 2, 3].map((n) => Backoff.longest(backoff, n))).toEqual(longest)
  })

  it("of decorrelated waits, tripled, come to the cap and stay there", () => {
    const backoff = { ...base, shape: "decorrelated" } as const
    expect([4, 5, 1e6].map((n) => Backoff.longest(backoff, n))).toEqual([5000, 5000, 5000])
    expect(Backoff.longest({ ...backoff, initial: 0 }, 1e6)).toBe(0)
    expect(Backoff.longest({ ...backoff, initial: 9000 }, 1)).toBe(5000)
  })
})

describe("Backoff.traitsOf", () => {
  const backoff = { ...base, jitter: 0, max: 1e6 }

  it.each(named)("knows whether waits of %s are random by themselves", (shape) => {
    const varies = Backoff.shortest({ ...backoff, shape }, 3) < Backoff.longest({ ...backoff, shape }, 3)
    expect(Backoff.traitsOf(shape).isRandom).toBe(varies)
  })

  it.each(named)("knows whether waits of %s depend on the base", (shape) => {
    const [one, other] = [2, 3].map((base) => Backoff.longest({ ...backoff, shape, base }, 3))
    expect(Backoff.traitsOf(shape).usesBase).toBe(one !== other)
  })

  it.each(named)("knows the waits below which %s draws", (shape) => {
    const { backoff: steady = shape, waitExpBase = backoff.base } = Backoff.traitsOf(shape).withoutChance
    const bare = { ...backoff, shape: steady, base: waitExpBase }
    expect(Backoff.traitsOf(steady).isRandom).toBe(false)
    // a decorrelated wait is at most thrice the one before, so it is a step ahead of the powers of three
    const ahead = waitExpBase === backoff.base ? 0 : 1
    for (const n of [1, 2, 3]) {
      expect(Backoff.wait(bare, n + ahead, () => 0.5)).toBe(Backoff.longest({ ...backoff, shape }, n))
    }
  })

  it("takes a list for constant waits", () => {
    expect(Backoff.traitsOf([1, 2])).toEqual(Backoff.traitsOf("constant"))
  })
})

describe("Backoff.fromPolicy", () => {
  it("takes the numbers out of a policy, in milliseconds", () => {
    expect(Backoff.fromPolicy(RetryPolicy.defaults)).toEqual(base)
    expect(Backoff.fromPolicy(RetryPolicy.make({ backoff: ["1 second", 250], waitMax: "1 minute" }))).toEqual({
      ...base,
      shape: [1000, 250],
      max: 60_000
    })
    expect(Backoff.fromPolicy(RetryPolicy.make({ waitJitter: "20%" }))).toEqual({ ...base, jitter: 0, spread: 0.2 })
  })
})
