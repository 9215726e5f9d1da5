/**
 * What the linter found, each with a button that mends it.
 */
import type { Finding, Fix, Rule } from "effect-stamina-lab/RetryLint"
import { count } from "../model/words.ts"
import { h, say } from "./dom.ts"

export interface FindingsActions {
  readonly fix: (fix: Fix, text: string) => void
  readonly ignore: (rule: Rule) => void
}

export class Findings {
  readonly element: HTMLElement
  private readonly summary = h("p", { class: "summary", role: "status" })
  private readonly list = h("ul", { class: "findings" })
  private shown = ""

  constructor() {
    this.element = h("div", {}, this.summary, this.list)
  }

  /** `fixText` says what a fix sets, as it is typed. */
  show(
    findings: ReadonlyArray<Finding> | undefined,
    fixText: (fix: Fix) => string,
    { fix: apply, ignore }: FindingsActions
  ): void {
    say(this.summary, summaryOf(findings))
    const now = JSON.stringify(findings)
    // a button that has the focus keeps it
    if (now === this.shown) return
    this.shown = now
    this.list.replaceChildren(...(findings ?? []).map(({ fix, message, rule, severity }) =>
      h(
        "li",
        { class: severity, "data-rule": rule },
        h("p", { class: "what" }, h("strong", { class: "severity" }, severity), " ", h("code", {}, rule)),
        h("p", {}, message),
        h(
          "p",
          { class: "actions" },
          ...(fix === undefined ? [] : [
            h("button", {
              type: "button",
              class: "fix",
              click: () => apply(fix, `Set ${fixText(fix)}.`)
            }, `Set ${fixText(fix)}`)
          ]),
          h("button", { type: "button", class: "quiet", click: () => ignore(rule) }, `Ignore ${rule}`)
        )
      )
    ))
  }
}

const summaryOf = (findings: ReadonlyArray<Finding> | undefined): string => {
  if (findings === undefined) return "Not checked: a field has to be mended first."
  if (findings.length === 0) return "Nothing to object to."
  const of = (severity: Finding["severity"], word: string) => {
    const found = findings.filter((finding) => finding.severity === severity).length
    return found === 0 ? [] : [`${count(found)} ${found === 1 ? word : `${word}s`}`]
  }
  return `${[...of("error", "error"), ...of("warning", "warning"), ...of("info", "remark")].join(", ")}.`
}
