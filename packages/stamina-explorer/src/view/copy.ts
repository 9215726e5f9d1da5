/**
 * A button that copies a text, and says so.
 */
import { h, say } from "./dom.ts"

/** `said` hears what came of it. */
export const copyButton = (label: string, text: () => string, said: (what: string) => void): HTMLButtonElement => {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text())
      said(`${label}: copied.`)
      button.classList.add("done")
    } catch (error) {
      said(`${label}: could not be copied: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const button = h("button", {
    type: "button",
    class: "copy",
    click: () => void copy(),
    blur: () => button.classList.remove("done")
  })
  say(button, label)
  return button
}
