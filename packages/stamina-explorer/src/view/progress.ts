/**
 * How far the simulation is, and the button that ends it.
 */
import { h, say } from "./dom.ts"

export interface ProgressActions {
  readonly cancel: () => void
  readonly again: () => void
}

export class Progress {
  readonly element: HTMLElement
  private readonly words = h("span", { role: "status" })
  private readonly bar = h("progress", { max: 1, value: 0, "aria-label": "How much is simulated" })
  private readonly share = h("span", { class: "share", "aria-hidden": "true" })
  private readonly cancel: HTMLButtonElement
  private readonly again: HTMLButtonElement

  constructor({ again, cancel }: ProgressActions) {
    this.cancel = h("button", { type: "button", click: cancel }, "Cancel")
    this.again = h("button", { type: "button", click: again }, "Simulate again")
    this.element = h(
      "div",
      { class: "progress", tabindex: -1 },
      this.words,
      this.bar,
      this.share,
      this.cancel,
      this.again
    )
    this.idle("", false)
  }

  /** How much is done, from 0 to 1. */
  running(share: number): void {
    say(this.words, "Simulating")
    this.bar.value = share
    say(this.share, `${(100 * share).toFixed(1)} %`)
    this.show(true, false)
  }

  idle(words: string, canGoOn: boolean): void {
    say(this.words, words)
    this.show(false, canGoOn)
  }

  private show(isRunning: boolean, canGoOn: boolean): void {
    // a button that vanishes takes the focus with it, and the keyboard back to where the page begins
    const hadFocus = [this.cancel, this.again].some((button) => button === document.activeElement)
    this.element.dataset["state"] = isRunning ? "running" : canGoOn ? "stopped" : "idle"
    for (const element of [this.bar, this.share, this.cancel]) element.hidden = !isRunning
    this.again.hidden = !canGoOn
    if (hadFocus) (isRunning ? this.cancel : canGoOn ? this.again : this.element).focus()
  }
}
