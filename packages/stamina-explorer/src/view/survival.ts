/**
 * Which outages runs outlast, as a curve for each policy.
 */
import { Figure } from "../chart/figure.ts"
import * as ticks from "../chart/ticks.ts"
import { names } from "../model/state.ts"
import { axisTime, percent, time } from "../model/words.ts"
import type { Ends } from "../work/job.ts"
import { h } from "./dom.ts"
import { table } from "./table.ts"

export class Survival {
  readonly element: HTMLElement
  private readonly figure = new Figure(220)
  private readonly numbers = h("div")

  constructor() {
    this.element = h(
      "section",
      { "aria-labelledby": "survival", class: "about-survival" },
      h("h2", { id: "survival", tabindex: -1 }, "Outages it outlasts"),
      h(
        "p",
        { class: "intro" },
        "The outage begins with the call. A run outlasts it if an attempt still begins when the outage is over."
      ),
      h("div", { class: "column" }, this.figure.element, this.numbers)
    )
  }

  show(all: ReadonlyArray<Ends>, outage: number | undefined): void {
    this.element.hidden = all.length === 0
    if (all.length === 0) return
    const isPair = all.length > 1
    const name = (i: number) => isPair ? `policy ${names[i] ?? ""}` : "runs"
    const known = all.filter(({ curve }) => curve.length > 1)
    const end = Math.max(1, ...known.map(({ curve }) => curve.at(-1)?.outage ?? 0), outage ?? 0)
    this.figure.show(
      "share of the runs that outlast an outage so long",
      known.length === 0 ? undefined : {
        x: { from: 0, to: end, ticks: ticks.ofTime, format: axisTime },
        y: { from: 0, to: 1, ticks: ticks.ofNumber, format: percent },
        marks: [
          ...all.map(({ curve, unfinished }, i) => ({
            kind: "line" as const,
            name: names[i] ?? "",
            points: [
              ...curve.map(({ outage, share }) => [outage, share] as const),
              // past its last attempt, no run outlasts anything
              ...(unfinished === 0 && (curve.at(-1)?.outage ?? end) < end ? [[end, 0] as const] : [])
            ]
          })),
          ...(outage === undefined ? [] : [{ kind: "upright" as const, name: "asked", x: outage, text: "outage" }])
        ],
        label: `Curve: ${
          all.map(({ outlasts }, i) =>
            `${name(i)}: ${outlasts.map(({ outage, share }) => `${percent(share)} at ${time(outage)}`).join(", ")}`
          ).join("; ")
        }.`
      },
      isPair ? all.map((_, i) => ({ name: names[i] ?? "", text: `Policy ${names[i] ?? ""}` })) : []
    )
    const outages = [...new Set(all.flatMap(({ outlasts }) => outlasts.map(({ outage }) => outage)))]
      .toSorted((a, b) => a - b)
    this.numbers.replaceChildren(
      table(
        "The share of the runs that outlast an outage",
        ["outage", ...outages.map(time)],
        all.map(({ outlasts }, i) => [
          name(i),
          ...outages.map((at) => {
            const share = outlasts.find(({ outage }) => outage === at)?.share
            return share === undefined ? "not known" : percent(share)
          })
        ])
      )
    )
  }
}
