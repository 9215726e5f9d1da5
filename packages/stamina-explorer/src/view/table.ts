/**
 * A table of texts.
 */
import { type Child, h } from "./dom.ts"

/** The first column heads the rows. The table scrolls by itself where its place is too narrow. */
export const table = (
  caption: string,
  head: ReadonlyArray<Child>,
  rows: ReadonlyArray<ReadonlyArray<Child>>
): HTMLElement =>
  h(
    "div",
    { class: "scroll", role: "group", tabindex: 0, "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        {},
        ...rows.map(([first = "", ...cells]) =>
          h("tr", {}, h("th", { scope: "row" }, first), ...cells.map((cell) => h("td", {}, cell)))
        )
      )
    )
  )
