/**
 * A policy in a sentence, with its worst case.
 */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type { Page } from "../model/page.ts"
import { count, time } from "../model/words.ts"
import { h, say } from "./dom.ts"

export class Readout {
  readonly element: HTMLElement
  private readonly sentence = h("p", { class: "sentence", "aria-live": "polite" })
  private readonly calls = h("dd")
  private readonly waits = h("dd")
  private readonly numbers = h(
    "dl",
    { class: "numbers" },
    h("div", {}, h("dt", {}, "calls, at most"), this.calls),
    h("div", {}, h("dt", {}, "waiting, at most"), this.waits)
  )

  constructor() {
    this.element = h("div", { class: "readout" }, this.sentence, this.numbers)
  }

  show(policy: Page["policies"][number]): void {
    this.numbers.hidden = Result.isFailure(policy)
    this.element.classList.toggle("faulty", Result.isFailure(policy))
    if (Result.isFailure(policy)) {
      return say(this.sentence, `Nothing to show before this is mended: ${Object.keys(policy.failure).join(", ")}.`)
    }
    const { bounds, sentence } = policy.success
    say(this.sentence, sentence)
    say(this.calls, bounds.attempts === Infinity ? "unlimited" : count(bounds.attempts))
    say(this.waits, Duration.isFinite(bounds.totalWait) ? time(Duration.toMillis(bounds.totalWait)) : "unlimited")
  }
}
