/**
 * A button that copies a text, and says so. A browser may refuse, above all if the page did not come by https.
 */
import { h, say } from "./dom.ts"

/** `said` is notified of the result. If the browser refuses, `place`, which shows the text, is selected to be copied by hand. */
export const copyButton = (
  label: string,
  text: () => string,
  said: (what: string) => void,
  place?: HTMLElement
): HTMLButtonElement => {
  const mark = (now: "done" | "failed" | undefined) => {
    for (const name of ["done", "failed"]) button.classList.toggle(name, name === now)
  }
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text())
      said(`${label}: copied.`)
      mark("done")
    } catch {
      if (place !== undefined) getSelection()?.selectAllChildren(place)
      said(
        `${label}: the browser does not allow it. ${
          place === undefined ? "The link is the address of this page." : "The text is selected, to be copied by hand."
        }`
      )
      mark("failed")
    }
  }
  const button = h("button", {
    type: "button",
    class: "copy",
    click: () => void copy(),
    blur: () => mark(undefined)
  })
  say(button, label)
  return button
}
