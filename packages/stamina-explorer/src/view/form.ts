/**
 * The form: a row for each field, with a place to type for each policy.
 */
import type { Field } from "../model/fields.ts"
import { names } from "../model/state.ts"
import { h, newId } from "./dom.ts"
import { Entry } from "./entry.ts"

/** What the rows show. */
export interface Shown<Key extends string> {
  readonly texts: Readonly<Partial<Record<Key, string>>>
  readonly faults: Readonly<Partial<Record<Key, string>>>
  /** What empty fields stand for, if that is not what they always stand for. */
  readonly empty: Readonly<Partial<Record<Key, string>>>
}

export class Form<Key extends string> {
  readonly element: HTMLFieldSetElement
  private readonly heads = h("div", { class: "heads", "aria-hidden": "true" })
  private readonly rows: ReadonlyArray<Row<Key>>

  constructor(
    legend: string,
    fields: ReadonlyArray<Field<Key>>,
    typed: (index: number, key: Key, text: string) => void
  ) {
    this.rows = fields.map((field) => new Row(field, (index, text) => typed(index, field.key, text)))
    this.element = h("fieldset", {}, h("legend", {}, legend), this.heads, ...this.rows.map(({ element }) => element))
  }

  show(policies: ReadonlyArray<Shown<Key>>): void {
    const isPair = policies.length > 1
    this.heads.replaceChildren(
      ...(isPair ? policies.map((_, i) => h("span", { class: names[i] ?? "" }, names[i] ?? "")) : [])
    )
    this.element.classList.toggle("pair", isPair)
    for (const row of this.rows) row.show(policies)
  }

  /** Puts the cursor into the first field that has a fault. */
  focus(): void {
    this.element.querySelector<HTMLElement>("[aria-invalid=true]")?.focus()
  }
}

class Row<Key extends string> {
  readonly element: HTMLElement
  private readonly places = h("div", { class: "places" })
  private readonly hintId = newId()
  private readonly field: Field<Key>
  private readonly typed: (index: number, text: string) => void
  private entries: ReadonlyArray<Entry> = []
  private readonly label: HTMLElement

  constructor(field: Field<Key>, typed: (index: number, text: string) => void) {
    this.field = field
    this.typed = typed
    this.label = h("div", { class: "label" })
    this.element = h(
      "div",
      { class: "field" },
      h("div", { class: "about" }, this.label, h("p", { class: "hint", id: this.hintId }, field.hint)),
      this.places
    )
  }

  show(policies: ReadonlyArray<Shown<Key>>): void {
    const { empty, key, label } = this.field
    if (this.entries.length !== policies.length) {
      this.entries = policies.map((_, i) =>
        new Entry(
          this.field,
          this.hintId,
          policies.length > 1 ? `policy ${names[i] ?? ""}` : "",
          (text) => this.typed(i, text)
        )
      )
      this.places.replaceChildren(...this.entries.map(({ element }) => element))
      // the first of two is what a click on the name leads to; each place has a name of its own
      this.label.replaceChildren(h("label", { for: this.entries[0]?.id }, label))
    }
    policies.forEach(({ empty: now, faults, texts }, i) => {
      this.entries[i]?.show(texts[key] ?? "", now[key] ?? empty, faults[key] ?? "")
    })
  }
}
