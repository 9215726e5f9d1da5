/**
 * Simulations that take long: how far they are, and how one ends them.
 */
import { expect, it } from "vitest"
import { inBrowser } from "./kit/browser.ts"
import { field, settled } from "./kit/explorer.ts"
import { holdOutcomes, releaseOutcomes } from "./kit/hold.ts"

inBrowser("a long simulation", (open) => {
  it("shows how far it is, leaves the page usable, and can be cancelled and begun again", async () => {
    const page = await open("#runs=10000000&clients=100000")
    const bar = page.getByRole("progressbar")
    const shares: Array<number> = []
    const share = () => bar.evaluate((element: HTMLProgressElement) => element.value)
    while (shares.length < 4) {
      const now = await share()
      if (now > (shares.at(-1) ?? 0)) shares.push(now)
    }
    expect(shares.every((value) => value > 0 && value < 1)).toBe(true)
    expect(await page.getByText(/^\d+\.\d %$/).first().isVisible()).toBe(true)
    expect(page.workers()).toHaveLength(1)
    // what came of another policy is not shown as if it were of this one
    expect(await page.locator(".ends:visible, .herd:visible").count()).toBe(0)

    await page.getByRole("button", { name: "Cancel" }).click()
    await page.getByText("Cancelled.").waitFor()
    expect(await bar.isVisible()).toBe(false)
    // a thread that does not listen is given two seconds by the browser
    await expect.poll(() => page.workers()).toHaveLength(0)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Simulate again")
    expect(await page.locator(".ends:visible, .herd:visible").count()).toBe(0)

    await page.getByRole("button", { name: "Simulate again" }).click()
    await bar.waitFor()
    await expect.poll(() => page.workers()).toHaveLength(1)

    // who types gets what was typed, and does not wait for what was typed before
    await field(page, "runs").fill("100")
    await field(page, "clients").fill("10")
    await settled(page)
    await expect.poll(() => page.workers()).toHaveLength(1)
    expect(await page.locator(".progress").getAttribute("data-state")).toBe("idle")
  })

  it("leaves figures pale while they are of what was typed before", async () => {
    const page = await open()
    await settled(page)
    await page.getByText("Where it is used", { exact: true }).first().click()
    await field(page, "runs").fill("10000000")
    await page.getByRole("progressbar").waitFor()
    expect(await page.locator(".about-ends").getAttribute("aria-busy")).toBe("true")
    expect(await page.locator(".about-ends.stale .ends").isVisible()).toBe(true)
    await page.getByRole("button", { name: "Cancel" }).click()
    expect(await page.locator(".ends:visible").count()).toBe(0)
  })

  it("that ends after somebody has typed is not taken for what was typed", async () => {
    const page = await open("", { before: holdOutcomes })
    await page.getByRole("progressbar").waitFor()
    // holds the pause after the last key for as long as the test wants
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(10_000)
    await field(page, "attempts").fill("7")
    await releaseOutcomes(page)
    expect(await page.locator(".about-ends.stale").count()).toBe(1)
    expect(await page.locator(".ends:visible").count()).toBe(0)
    await page.clock.runFor(300)
    await settled(page)
    expect(await page.locator(".ends tbody tr").last().innerText()).toBe("attempts\t7\t7\t7\t7")
  })

  it("that cannot be done says why, and can be tried again", async () => {
    const page = await open("#runs=10000000")
    await page.getByRole("progressbar").waitFor()
    await page.route(
      "**/worker.js",
      (route) => route.fulfill({ contentType: "text/javascript", body: "throw new Error('not today')" })
    )
    await field(page, "runs").fill("100")
    await page.getByText("Not simulated: Uncaught Error: not today").waitFor()
    await page.unroute("**/worker.js")
    await page.getByRole("button", { name: "Simulate again" }).click()
    await settled(page)
    expect(await page.locator(".ends table").isVisible()).toBe(true)
  })
})
