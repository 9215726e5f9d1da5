/**
 * What is wrong with the link that somebody came with. Until they choose, nothing is shown in its place.
 */
import type { Found } from "../model/link.ts"
import { count } from "../model/words.ts"
import { h } from "./dom.ts"

export interface NoticeActions {
  readonly keep: () => void
  readonly anew: () => void
}

export const notice = ({ fields, problems }: Found, { anew, keep }: NoticeActions): HTMLElement =>
  h(
    "section",
    { class: "notice", role: "alert" },
    h("h2", { tabindex: -1 }, "This link cannot be read as a whole"),
    h("ul", {}, ...problems.map((problem) => h("li", {}, problem))),
    h(
      "p",
      { class: "actions" },
      ...(fields === 0 ? [] : [
        h(
          "button",
          { type: "button", click: keep },
          `Keep the ${fields === 1 ? "field" : `${count(fields)} fields`} that can be read`
        )
      ]),
      h("button", { type: "button", click: anew }, "Start with the default policy")
    )
  )
