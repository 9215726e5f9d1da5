/**
 * What happens to a fleet, counted by steps of time.
 */
import type { Step } from "./model.ts"

type Counts = { -readonly [K in keyof Step]: Step[K] }

export class Steps {
  private readonly all: Array<Counts>
  private readonly width: number

  constructor(lasts: number, width: number) {
    this.width = width
    this.all = Array.from({ length: Math.ceil(lasts / width) }, (_, i) => ({
      from: i * width,
      calls: 0,
      attempts: 0,
      succeeded: 0,
      gaveUp: 0,
      willSucceed: 0,
      open: 0,
      queue: 0
    }))
  }

  get list(): ReadonlyArray<Step> {
    return this.all
  }

  /** The step at a time within those that are looked at. */
  at(now: number): Counts {
    // the last step includes its end
    return this.all[Math.min(this.all.length - 1, Math.floor(now / this.width))] as Counts
  }

  sum(of: "calls" | "attempts" | "succeeded" | "gaveUp" | "open"): number {
    return this.all.reduce((sum, step) => sum + step[of], 0)
  }
}

/** From this share of successes on, calls succeed. */
const enough = 0.95

/** How the steps after a trouble went that ended at `end`. */
export const after = (
  steps: ReadonlyArray<Step>,
  end: number | undefined,
  width: number
): { readonly amplificationAfter: number; readonly recoveredAfter: number } => {
  if (end === undefined) return { amplificationAfter: NaN, recoveredAfter: 0 }
  const later = steps.filter((step) => step.from + width > end)
  const decided = later.slice(
    0,
    1 + later.findLastIndex((step) => step.calls > 0 && step.open <= (1 - enough) * step.calls)
  )
  const sum = (of: "calls" | "attempts") => decided.reduce((sum, step) => sum + step[of], 0)
  const lastBad = decided.findLastIndex((step) => step.willSucceed + step.open < enough * step.calls)
  return {
    amplificationAfter: sum("attempts") / sum("calls"),
    recoveredAfter: lastBad === -1
      ? later.some(({ calls }) => calls > 0) ? decided.length === 0 ? Infinity : 0 : NaN
      : lastBad === decided.length - 1
      ? Infinity
      : Math.max(0, (decided[lastBad]?.from ?? NaN) + width - end)
  }
}
