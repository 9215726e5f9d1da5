/**
 * What somebody does with the page, and what they see of it.
 */
import type { Locator, Page } from "playwright-core"

/** The place of a field: of policy 0, or of 1. */
export const field = (page: Page, key: string, index = 0): Locator =>
  page.locator(`[data-field="${key}"]:visible`).and(page.locator("input, select")).nth(index)

/** What stands below a field. */
export const faultOf = (page: Page, key: string, index = 0): Locator =>
  page.locator(".entry").filter({ has: page.locator(`[data-field="${key}"]`) }).nth(index).locator(".fault")

/** Waits until what is shown is of what was typed last. */
export const settled = async (page: Page): Promise<void> => {
  await page.locator("section:not(.stale) .herd:visible").first().waitFor()
}

/** The cells of a table, row by row. */
export const cells = (table: Locator): Promise<ReadonlyArray<ReadonlyArray<string>>> =>
  table.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.children].map(({ textContent }) => textContent ?? ""))
  )

/** All that is said by the page about policies, as texts and as drawings. */
export const shown = (page: Page): Promise<ReadonlyArray<string>> =>
  page.locator(".instrument section").evaluateAll((sections) => sections.map((section) => section.innerHTML))
    .then((all) => all.map((html) => html.replaceAll(/ (?:id|for|aria-describedby)="[^"]*"/g, "")))

/** A plot as it is drawn, in pixels from the corner between its axes' ends at the top left. */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** The marks of the axes: their texts, and where they stand. */
  readonly xMarks: ReadonlyArray<{ readonly text: string; readonly at: number }>
  readonly yMarks: ReadonlyArray<{ readonly text: string; readonly at: number }>
  readonly lines: Readonly<Record<string, ReadonlyArray<readonly [x: number, y: number]>>>
  /** The upper left corners of columns. */
  readonly columns: ReadonlyArray<readonly [x: number, y: number]>
  /** Where a rule stands across the plot, and upright. */
  readonly across: number | undefined
  readonly upright: number | undefined
}

/** The plots within some place, one after the other. */
export const drawingsIn = (place: Locator): Promise<ReadonlyArray<Drawing>> =>
  place.locator("svg:visible").evaluateAll((all) =>
    all.map((plot) => {
      const number = (element: Element, name: string) => Number(element.getAttribute(name))
      const marks = (isY: boolean) =>
        [...plot.querySelectorAll(".axis text")]
          .filter((text) => (text.getAttribute("text-anchor") === "end") === isY)
          .map((text) => ({ text: text.textContent ?? "", at: number(text, isY ? "y" : "x") }))
      const base = plot.querySelector(".base")
      const rules = [...plot.querySelectorAll(".rule line")]
      const across = rules.find((rule) => number(rule, "y1") === number(rule, "y2"))
      const upright = rules.find((rule) => number(rule, "x1") === number(rule, "x2"))
      return {
        width: base === null ? 0 : number(base, "x2"),
        height: base === null ? 0 : number(base, "y1"),
        xMarks: marks(false),
        yMarks: marks(true),
        lines: Object.fromEntries(
          [...plot.querySelectorAll("path.line")].map((line) => [
            [...line.classList].at(-1) ?? "",
            (line.getAttribute("d") ?? "").split(/[ML]/).slice(1).map((point): readonly [number, number] => {
              const [x, y] = point.split(" ")
              return [Number(x), Number(y)]
            })
          ])
        ),
        columns: [...plot.querySelectorAll(".columns rect")].map((rect): readonly [number, number] => [
          number(rect, "x"),
          number(rect, "y")
        ]),
        across: across && number(across, "y1"),
        upright: upright && number(upright, "x1")
      }
    })
  )
