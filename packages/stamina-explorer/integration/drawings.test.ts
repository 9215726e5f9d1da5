/**
 * What is drawn is what the library says, read by the marks of the axes as a person reads it.
 */
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type { Page } from "playwright-core"
import { expect, it } from "vitest"
import { encode } from "../src/model/policy.ts"
import { read } from "../src/model/setting.ts"
import { type Outcome, run } from "../src/work/job.ts"
import { inBrowser } from "./kit/browser.ts"
import { type Drawing, drawingsIn, settled } from "./kit/explorer.ts"

const { herd, use } = Result.getOrThrow(read({}))

/** What the worker finds of a policy. */
const outcomeOf = (policy: RetryPolicy.RetryPolicy): Outcome => {
  const [outcome] = run([{ policy: encode(policy), use, outage: undefined, herd }], () => {})
  if (outcome === undefined) throw new Error("one job has one outcome")
  return outcome
}

const units: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, m: 60_000, "%": 0.01 }

/** The value of a mark: `22.5s`, `1 000`, `5 %`. */
const valueOf = (mark: string): number => {
  const [, number = "", unit = ""] = /^([\d .]+?) ?(ms|s|m|%)?$/.exec(mark) ?? []
  return Number(number.replaceAll(" ", "")) * (units[unit] ?? Number.NaN)
}

/** From pixels to values, by the first and the last mark of an axis. */
const scaleOf = (marks: Drawing["xMarks"]): (at: number) => number => {
  const [first, last] = [marks[0], marks.at(-1)]
  if (first === undefined || last === undefined) throw new Error("an axis has marks")
  const [from, to] = [valueOf(first.text), valueOf(last.text)]
  return (at) => from + (at - first.at) / (last.at - first.at) * (to - from)
}

/** The points drawn that are more than a pixel and a half away from what they stand for. */
const astray = (
  { height, width, xMarks, yMarks }: Drawing,
  points: ReadonlyArray<readonly [number, number]> = [],
  values: ReadonlyArray<readonly [number, number]>
): ReadonlyArray<string> => {
  const [x, y] = [scaleOf(xMarks), scaleOf(yMarks)]
  // values grow to the right, and upwards, where pixels do not
  if (!(x(width) > x(0) && y(0) > y(height))) return ["an axis is upside down"]
  if (points.length !== values.length) return [`${points.length} points for ${values.length} values`]
  const near = [Math.abs(x(1.5) - x(0)), Math.abs(y(1.5) - y(0))] as const
  return points.flatMap(([px, py], i) => {
    const [vx, vy] = values[i] ?? [Number.NaN, Number.NaN]
    const isNear = Math.abs(x(px) - vx) <= near[0] && Math.abs(y(py) - vy) <= near[1]
    return isNear ? [] : [`${x(px)}, ${y(py)} for ${vx}, ${vy}`]
  })
}

const drawn = async (page: Page, section: string): Promise<ReadonlyArray<Drawing>> =>
  drawingsIn(page.locator(`.about-${section}`))

inBrowser("the drawings", (open) => {
  const policy = RetryPolicy.make({ attempts: 8 })

  it("of the ends show how many runs take how long, and the half of them", async () => {
    const { ends } = outcomeOf(policy)
    const page = await open("#attempts=8")
    await settled(page)
    const [drawing] = await drawn(page, "ends")
    if (drawing === undefined) throw new Error("there is one")
    const bins = ends.histogram.filter(({ count }) => count > 0)
    expect(astray(drawing, drawing.columns, bins.map(({ count, from }) => [from, count / ends.runs]))).toEqual([])
    expect(Math.abs(scaleOf(drawing.xMarks)(drawing.upright ?? Number.NaN) - ends.duration.p50)).toBeLessThan(50)
  })

  it("of outages show the share of the runs that outlast them, of each policy by its own line", async () => {
    const other = RetryPolicy.make({ attempts: 8, backoff: "full" })
    const curves = [policy, other].map((policy) =>
      outcomeOf(policy).ends.curve.map(({ outage, share }) => [outage, share] as const)
    )
    const page = await open("#attempts=8&compare=yes&b.attempts=8&b.backoff=full")
    await settled(page)
    const [drawing] = await drawn(page, "survival")
    if (drawing === undefined) throw new Error("there is one")
    const end = Math.max(...curves.flatMap((curve) => curve.map(([outage]) => outage)))
    for (const [i, name] of (["A", "B"] as const).entries()) {
      const curve = curves[i] ?? []
      const whole = (curve.at(-1)?.[0] ?? end) < end ? [...curve, [end, 0] as const] : curve
      expect(astray(drawing, drawing.lines[name], whole)).toEqual([])
    }
  })

  it("of a herd show attempts in each step, with jitter and without, and what the server can serve", async () => {
    const { herds } = outcomeOf(policy)
    const page = await open("#attempts=8")
    await settled(page)
    const drawings = await drawn(page, "herd")
    expect(drawings).toHaveLength(2)
    for (const [i, budget] of [false, true].entries()) {
      const drawing = drawings[i]
      if (drawing === undefined) throw new Error("there are two")
      for (const [name, jitter] of [["jitter", true], ["plain", false]] as const) {
        const { steps = [] } = herds.find(({ variant }) => variant.budget === budget && variant.jitter === jitter) ?? {}
        const outline = steps.flatMap(({ attempts, from }) => [[from, attempts], [from + 500, attempts]] as const)
        expect(outline.length).toBeGreaterThan(100)
        expect(astray(drawing, drawing.lines[name], outline)).toEqual([])
      }
      // 200 in a second, and steps of half a second
      expect(Math.abs(scaleOf(drawing.yMarks)(drawing.across ?? Number.NaN) - 100)).toBeLessThan(20)
    }
  })

  it("of waits end where the longest wait of all is, and divide where the shortest ends", async () => {
    const page = await open("#attempts=8")
    const retries = RetryPolicy.preview(policy)
    const longest = Math.max(...retries.map((retry) => Duration.toMillis(retry.longest)))
    const shares = await page.locator(".bar").evaluateAll((bars) =>
      bars.map((bar) =>
        [...bar.children].flatMap((part) => {
          const [whole, box] = [bar.getBoundingClientRect(), part.getBoundingClientRect()]
          return [(box.left - whole.left) / whole.width, (box.right - whole.left) / whole.width]
        })
      )
    )
    expect(shares).toHaveLength(retries.length)
    for (const [i, { longest: to, shortest }] of retries.entries()) {
      const [start, sure, maybe, end] = shares[i] ?? []
      const divide = Duration.toMillis(shortest) / longest
      expect(start).toBeCloseTo(0, 2)
      expect(sure).toBeCloseTo(divide, 2)
      expect(maybe).toBeCloseTo(divide, 2)
      expect(end).toBeCloseTo(Duration.toMillis(to) / longest, 2)
    }
  })
})
