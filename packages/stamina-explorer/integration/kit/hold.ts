/**
 * A simulation that ends when a test wants it to, however fast the machine is.
 */
import type { Page } from "playwright-core"
import { expect } from "vitest"

/** Keeps what a worker has found from the page. Comes before the page is loaded. */
export const holdOutcomes = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    const held: Array<() => void> = []
    let isHeld = true
    class Holding extends Worker {
      override addEventListener(type: string, listener: EventListenerOrEventListenerObject | null): void {
        super.addEventListener(type, (event) => {
          const hear = () => typeof listener === "function" ? listener.call(this, event) : listener?.handleEvent(event)
          const isOutcome = event instanceof MessageEvent && event.data._tag === "Done"
          if (isOutcome && isHeld) held.push(hear)
          else hear()
        })
      }
    }
    Object.assign(window, {
      Worker: Holding,
      heldOutcomes: held,
      releaseOutcomes: () => {
        isHeld = false
        for (const hear of held.splice(0)) hear()
      }
    })
  })
}

/** Waits until a worker has found something, and lets the page hear it, and all that is found from now on. */
export const releaseOutcomes = async (page: Page): Promise<void> => {
  await expect.poll(() => page.evaluate("heldOutcomes.length")).toBe(1)
  await page.evaluate("releaseOutcomes()")
}
