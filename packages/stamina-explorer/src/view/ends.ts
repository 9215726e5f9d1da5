/**
 * How runs end where every attempt fails: when, after how many attempts, and why.
 */
import type { Quantiles } from "effect-stamina-lab/RetrySimulation"
import { Figure } from "../chart/figure.ts"
import * as ticks from "../chart/ticks.ts"
import { axisTime, count, percent, time } from "../model/words.ts"
import type { Ends as Outcome } from "../work/job.ts"
import { h, unseen } from "./dom.ts"
import { table } from "./table.ts"

/** From when to when runs end, over all policies. */
export const spanOf = (ends: ReadonlyArray<Outcome>): readonly [number, number] => {
  const from = Math.min(...ends.map(({ histogram }) => histogram[0]?.from ?? 0))
  const to = Math.max(...ends.map(({ duration }) => duration.max))
  return from === to ? [0, 2 * to || 1] : [from, to]
}

export class Ends {
  readonly element: HTMLElement
  private readonly figure = new Figure(180)
  private readonly words = h("p", { class: "note" })
  private readonly numbers = h("div")

  constructor() {
    this.element = h("div", { class: "ends" }, this.figure.element, this.numbers, this.words)
  }

  show(ends: Outcome | undefined, [from, to]: readonly [number, number]): void {
    this.element.hidden = ends === undefined
    if (ends === undefined) return
    const { attempts, duration, histogram, reasons, runs, unfinished } = ends
    const isKnown = unfinished === 0
    const most = Math.max(...histogram.map(({ count }) => count / runs))
    this.figure.show(
      "share of the runs that take so long",
      isKnown
        ? {
          x: { from, to, ticks: ticks.ofTime, format: axisTime },
          y: { from: 0, to: 1.2 * most, ticks: ticks.ofNumber, format: percent },
          marks: [
            {
              kind: "columns",
              name: "runs",
              columns: histogram.map(({ count, from, to }) => ({ from, to, value: count / runs }))
            },
            { kind: "upright", name: "median", x: duration.p50, text: "half" }
          ],
          label: `Histogram: half of the runs end within ${time(duration.p50)}, 99 % within ${time(duration.p99)}.`
        }
        : undefined
    )
    this.numbers.replaceChildren(
      ...(isKnown
        ? [table("How long runs take, and how many attempts they make", [unseen("of a run"), ...Object.values(heads)], [
          row("time", duration, time),
          row("attempts", attempts, count)
        ])]
        : [])
    )
    this.words.textContent = [
      ...Object.entries(reasons).map(([reason, given]) => `${percent(given / runs)} of the runs end with ${reason}.`),
      ...(isKnown ? [] : [
        `${percent(unfinished / runs)} go on after 1000 attempts, and what becomes of them is not known.`
      ])
    ].join(" ")
  }
}

const heads = { p50: "half", p90: "90 %", p99: "99 %", max: "longest seen" } as const

const row = (name: string, quantiles: Quantiles, words: (value: number) => string): ReadonlyArray<string> => [
  name,
  // the keys of `heads` are those of quantiles
  ...(Object.keys(heads) as Array<keyof typeof heads>).map((key) => words(quantiles[key]))
]
