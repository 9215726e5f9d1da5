/**
 * The wait before each retry, as bars: what is sure, and what chance may add.
 */
import type * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import { range } from "../model/words.ts"
import { h, unseen } from "./dom.ts"
import { table } from "./table.ts"

export type Retries = ReadonlyArray<RetryPolicy.PreviewedRetry>

/** The longest wait of all, in milliseconds: the end of the bars. */
export const longestOf = (retries: Retries): number =>
  Math.max(0, ...retries.map(({ longest }) => Duration.toMillis(longest)))

export class Waits {
  readonly element = h("div", { class: "waits" })

  show(retries: Retries | undefined, hasMore: boolean, longest: number): void {
    if (retries === undefined || retries.length === 0) {
      this.element.replaceChildren(
        h("p", {}, retries === undefined ? "Not known: a field has to be mended first." : "There is no retry.")
      )
      return
    }
    const rows = retries.map(({ longest: most, retryNum, shortest, startsFrom, startsTo }) => {
      const [from, to] = [Duration.toMillis(shortest), Duration.toMillis(most)]
      return [
        String(retryNum),
        bar(from, to, longest),
        range(from, to),
        range(Duration.toMillis(startsFrom), Duration.toMillis(startsTo))
      ]
    })
    this.element.replaceChildren(
      table(
        "The wait before each retry, and when the retry begins",
        ["retry", unseen("drawn"), "wait", "begins at"],
        rows
      ),
      ...(hasMore ? [h("p", { class: "note" }, `More follow: these are the first ${retries.length}.`)] : [])
    )
  }
}

const bar = (from: number, to: number, longest: number): HTMLElement => {
  const part = (name: string, start: number, end: number) => {
    const element = h("span", { class: name })
    element.style.setProperty("left", `${100 * start / longest}%`)
    element.style.setProperty("width", `${100 * (end - start) / longest}%`)
    return element
  }
  return h(
    "span",
    { class: "bar", "aria-hidden": "true" },
    ...(longest > 0 ? [part("sure", 0, from), part("maybe", from, to)] : [])
  )
}
