/**
 * A place to type, or to choose, with what is wrong with it below.
 */
import type { Field } from "../model/fields.ts"
import { h, newId, say } from "./dom.ts"

/** A fault quotes what was typed, which may have been pasted by mistake. */
const mostOfFault = 300

/** Stands for a text of one's own. */
const own = "own"

export class Entry {
  readonly element: HTMLElement
  readonly id = newId()
  private readonly field: Field
  private readonly input: HTMLInputElement
  private readonly select: HTMLSelectElement | undefined
  private readonly fault: HTMLElement

  constructor(field: Field, hintId: string, of: string, typed: (text: string) => void) {
    this.field = field
    const faultId = newId()
    const { choices } = field
    const name = of === "" ? field.label : `${field.label}, ${of}`
    const common = { "aria-describedby": `${hintId} ${faultId}`, "aria-label": name, "data-field": field.key }
    this.input = h("input", {
      ...common,
      id: choices === undefined ? this.id : newId(),
      ...(choices === undefined ? {} : { "aria-label": `${name}: ${field.own ?? ""}` }),
      type: "text",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      input: () => typed(this.input.value),
      blur: () => {
        if (this.isChoice(this.input.value)) this.choose(this.input.value)
      }
    })
    this.select = choices === undefined ? undefined : h("select", {
      ...common,
      id: this.id,
      change: () => {
        const value = this.select?.value ?? ""
        typed(value === own ? "1 second, 5 seconds" : value === field.empty ? "" : value)
        if (value === own) this.input.select()
      }
    })
    this.fault = h("p", { class: "fault", id: faultId, role: "alert" })
    this.element = h(
      "div",
      { class: "entry" },
      ...(this.select === undefined ? [] : [this.select]),
      this.input,
      this.fault
    )
  }

  /** Shows a text; what is being typed stays as it is. */
  show(text: string, empty: string, fault: string): void {
    const { input, select } = this
    this.choose(text)
    if (input.value !== text) input.value = text
    input.placeholder = empty
    for (const place of [input, select]) place?.setAttribute("aria-invalid", String(fault !== ""))
    say(this.fault, fault.length > mostOfFault ? `${fault.slice(0, mostOfFault)}…` : fault)
  }

  private isChoice(text: string): boolean {
    return text.trim() === "" || this.field.choices?.includes(text) === true
  }

  private choose(text: string): void {
    const { select } = this
    if (select === undefined) return
    const { choices = [], empty, own: ownLabel } = this.field
    const isChoice = this.isChoice(text)
    // a place stays as long as somebody types there, also when it is empty for a moment
    const isTypedHere = document.activeElement === this.input && !this.input.hidden
      && this.input.value.trim() === text.trim()
    const isOwn = ownLabel !== undefined && (!isChoice || isTypedHere)
    const options = [
      ...choices.map((choice) => [choice, choice] as const),
      ...(ownLabel === undefined ? [] : [[own, ownLabel] as const]),
      // who came with a link to a text that is none of these sees it, and what is wrong with it
      ...(isChoice || isOwn ? [] : [[text, text] as const])
    ]
    if (select.options.length !== options.length || select.options[options.length - 1]?.value !== options.at(-1)?.[0]) {
      select.replaceChildren(...options.map(([value, label]) => h("option", { value }, label)))
    }
    select.value = isOwn ? own : text === "" ? empty : text
    this.input.hidden = !isOwn
  }
}
