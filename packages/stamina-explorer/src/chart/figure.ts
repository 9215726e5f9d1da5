/**
 * A plot that has the width of its place, drawn anew when that changes.
 */
import { h } from "../view/dom.ts"
import { draw, type Plot } from "./plot.ts"

export interface Legend {
  readonly name: string
  readonly text: string
}

export class Figure {
  readonly element: HTMLElement
  private readonly place: HTMLElement
  private readonly caption: HTMLElement
  private plot: Plot | undefined
  private width = 0
  private readonly height: number

  constructor(height: number) {
    this.height = height
    this.place = h("div", { class: "plot" })
    this.caption = h("figcaption")
    this.element = h("figure", {}, this.caption, this.place)
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0)
      if (width === this.width) return
      this.width = width
      this.draw()
    }).observe(this.place)
  }

  show(title: string, plot: Plot | undefined, legends: ReadonlyArray<Legend> = []): void {
    this.plot = plot
    this.element.hidden = plot === undefined
    this.caption.replaceChildren(
      h("span", { class: "title" }, title),
      ...legends.map(({ name, text }) => h("span", { class: `legend ${name}` }, text))
    )
    this.draw()
  }

  private draw(): void {
    this.place.replaceChildren(
      ...(this.plot === undefined || this.width === 0 ? [] : [draw(this.plot, this.width, this.height)])
    )
  }
}
