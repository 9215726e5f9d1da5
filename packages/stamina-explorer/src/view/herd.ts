/**
 * A herd and its server over time, with and without jitter, with and without a budget.
 */
import { Figure } from "../chart/figure.ts"
import * as ticks from "../chart/ticks.ts"
import type { Herd as Setting } from "../model/setting.ts"
import { axisTime, count, percent, time } from "../model/words.ts"
import type { HerdOutcome } from "../work/job.ts"
import { h, unseen } from "./dom.ts"
import { table } from "./table.ts"

/** The most attempts in a step of time, over all that is drawn: the height of the figures. */
export const mostOf = (herds: ReadonlyArray<HerdOutcome>): number =>
  Math.max(1, ...herds.flatMap(({ steps }) => steps.map(({ attempts }) => attempts)))

const legends = [{ name: "plain", text: "without jitter" }, { name: "jitter", text: "as it is" }] as const

const numbersOf = (herds: ReadonlyArray<HerdOutcome>, setting: Setting): HTMLElement =>
  table(
    "What becomes of the herd",
    [
      unseen("retries"),
      "attempts per call",
      "most retries in a step",
      "calls that succeed",
      ...(herds.some(({ open }) => open > 0) ? ["calls that give up", "calls that are open"] : []),
      ...(canRecover(setting) ? ["well again after"] : [])
    ],
    herds.map((herd) => [
      nameOf(herd),
      count(herd.amplification),
      count(mostRetries(herd)),
      percent(herd.succeeded / herd.calls),
      ...(herds.some(({ open }) => open > 0)
        ? [percent(herd.gaveUp / herd.calls), percent(herd.open / herd.calls)]
        : []),
      ...(canRecover(setting) ? [Number.isNaN(herd.recoveredAfter) ? "not known" : time(herd.recoveredAfter)] : [])
    ])
  )

export class Herd {
  readonly element: HTMLElement
  private readonly figures = { without: new Figure(180), with: new Figure(180) }
  private readonly numbers = h("div")
  private readonly steps: HTMLDetailsElement
  private readonly words = h("p", { class: "note" })
  private herds: ReadonlyArray<HerdOutcome> = []

  constructor() {
    this.steps = h("details", { toggle: () => this.showSteps() }, h("summary", {}, "Step by step"))
    this.element = h(
      "div",
      { class: "herd" },
      this.figures.without.element,
      this.figures.with.element,
      this.numbers,
      this.words,
      this.steps
    )
  }

  show(herds: ReadonlyArray<HerdOutcome> | undefined, setting: Setting, most: number): void {
    this.element.hidden = herds === undefined
    this.herds = herds ?? []
    if (herds === undefined) return
    this.showFigure(this.figures.without, false, setting, most)
    this.showFigure(this.figures.with, true, setting, most)
    this.numbers.replaceChildren(numbersOf(herds, setting))
    this.words.textContent = [
      ...(!isTheSame(herds)
        ? []
        : herds.every(({ attempts, calls }) => attempts === calls)
        ? ["Nothing was retried: both lines are the same."]
        : ["Jitter made no difference here: both lines are the same."]),
      ...(herds.some(({ open }) => open > 0)
        ? ["Calls that are open had not ended when the simulation did: they neither succeeded nor gave up."]
        : [])
    ].join(" ")
    this.showSteps()
  }

  /** The attempts over time of the herds that have a budget, or of those that have none. */
  private showFigure(figure: Figure, budget: boolean, setting: Setting, most: number): void {
    const step = stepOf(this.herds)
    const served = setting.server.capacity * step / 1000
    const drawn = this.herds.filter(({ variant }) => variant.budget === budget)
    const end = (drawn[0]?.steps.at(-1)?.from ?? 0) + step
    figure.show(
      `attempts in ${time(step)}, ${budget ? "with" : "without"} a budget`,
      {
        x: { from: 0, to: end, ticks: ticks.ofTime, format: axisTime },
        y: { from: 0, to: most, ticks: ticks.ofNumber, format: count },
        marks: [
          ...(served <= most
            ? [{ kind: "across" as const, name: "capacity", y: served, text: "what the server can serve" }]
            : []),
          ...legends.map(({ name }) => ({
            kind: "line" as const,
            name,
            points: outline(drawn.find(({ variant }) => variant.jitter === (name === "jitter")), step)
          }))
        ],
        label: `Attempts over time, ${budget ? "with" : "without"} a budget: ${
          drawn.map((herd) => `${herd.variant.jitter ? "as it is" : "without jitter"}, ${summary(herd)}`).join("; ")
        }.`
      },
      legends
    )
  }

  /** All the numbers of the figures; made when somebody wants them. */
  private showSteps(): void {
    const [summary] = this.steps.children
    if (summary === undefined) return
    if (!this.steps.open) return this.steps.replaceChildren(summary)
    const [first] = this.herds
    this.steps.replaceChildren(
      summary,
      table(
        "Attempts in each step of time",
        ["from", ...this.herds.map(nameOf)],
        (first?.steps ?? []).map(({ from }, i) => [
          time(from),
          ...this.herds.map(({ steps }) => count(steps[i]?.attempts ?? 0))
        ])
      )
    )
  }
}

/** Whether calls go on after the trouble, so that one can see how they fare. */
const canRecover = ({ rate, trouble }: Setting): boolean => trouble !== undefined && rate !== "herd"

const nameOf = ({ variant: { budget, jitter } }: HerdOutcome): string =>
  `${jitter ? "as it is" : "without jitter"}${budget ? ", budget" : ""}`

const stepOf = ([herd]: ReadonlyArray<HerdOutcome>): number => herd?.step ?? 1000

const mostRetries = ({ steps }: HerdOutcome): number =>
  Math.max(...steps.map(({ attempts, calls }) => attempts - calls))

const summary = (herd: HerdOutcome): string =>
  `${count(herd.amplification)} attempts per call, ${percent(herd.succeeded / herd.calls)} succeed`

const isTheSame = ([one, other]: ReadonlyArray<HerdOutcome>): boolean =>
  JSON.stringify(one?.steps) === JSON.stringify(other?.steps)

/** A line with a level for each step. */
const outline = (herd: HerdOutcome | undefined, width: number): ReadonlyArray<readonly [number, number]> =>
  (herd?.steps ?? []).flatMap(({ attempts, from }) => [[from, attempts], [from + width, attempts]] as const)
