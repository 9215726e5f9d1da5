/**
 * A section with a column for each policy.
 */
import { names } from "../model/state.ts"
import { h } from "./dom.ts"

export interface View {
  readonly element: HTMLElement
}

export class Columns<V extends View> {
  readonly element: HTMLElement
  private views: ReadonlyArray<V> = []
  private readonly grid = h("div", { class: "columns" })
  private readonly make: () => V
  private readonly title: string

  constructor(id: string, title: string, intro: string, make: () => V) {
    this.make = make
    this.title = title
    this.element = h(
      "section",
      { "aria-labelledby": id, class: `about-${id}` },
      h("h2", { id, tabindex: -1 }, title),
      h("p", { class: "intro" }, intro),
      this.grid
    )
  }

  /** As many as there are policies. */
  of(count: number): ReadonlyArray<V> {
    if (this.views.length === count) return this.views
    this.views = Array.from({ length: count }, () => this.make())
    this.grid.replaceChildren(...this.views.map((view, i) =>
      h(
        "div",
        {
          class: `column ${names[i] ?? ""}`,
          ...(count === 1 ? {} : { role: "group", "aria-label": `${this.title}, policy ${names[i] ?? ""}` })
        },
        ...(count === 1 ? [] : [h("h3", {}, `Policy ${names[i] ?? ""}`)]),
        view.element
      )
    ))
    return this.views
  }
}
