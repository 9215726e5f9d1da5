/**
 * A policy to take away: as code, as JSON and as environment variables.
 */
import type * as RetryPolicy from "effect-stamina/RetryPolicy"
import { code } from "../render/code.ts"
import { environment, prefix } from "../render/environment.ts"
import { json } from "../render/json.ts"
import { copyButton } from "./copy.ts"
import { h, say } from "./dom.ts"

const forms = [
  { name: "code", title: "Code", note: "", write: code },
  { name: "json", title: "JSON", note: "read by RetryPolicy.Schema", write: json },
  {
    name: "environment",
    title: "Environment",
    note: `read by RetryPolicy.config("${prefix}")`,
    write: environment
  }
] as const

export class Renderings {
  readonly element = h("div", { class: "renderings" })
  private readonly texts = new Map<string, HTMLElement>()

  constructor(said: (what: string) => void) {
    this.element.append(...forms.map(({ name, note, title }) => {
      const text = h("code")
      this.texts.set(name, text)
      return h(
        "div",
        { class: "rendering", "data-form": name },
        h(
          "div",
          { class: "bar-of-title" },
          h("span", { class: "title" }, title),
          h("span", { class: "note" }, note),
          copyButton(`Copy ${name === "json" ? "JSON" : name}`, () => text.textContent, said, text)
        ),
        h("pre", { tabindex: 0, role: "group", "aria-label": `The policy as ${title}` }, text)
      )
    }))
  }

  show(shortest: RetryPolicy.Encoded | undefined): void {
    this.element.hidden = shortest === undefined
    if (shortest === undefined) return
    for (const { name, write } of forms) {
      const text = this.texts.get(name)
      if (text !== undefined) say(text, write(shortest))
    }
  }
}
