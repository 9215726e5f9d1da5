/**
 * For everyone: without a mouse, without light, with a reader, on a phone.
 */
import axe from "axe-core"
import type { Page } from "playwright-core"
import { expect, it } from "vitest"
import { inBrowser } from "./kit/browser.ts"
import { field, settled } from "./kit/explorer.ts"

const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  // what the page is not allowed to run, the test may
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document)
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ""}`)
    )
  })
}

const sights = [
  ["two policies", "#compare=yes&b.backoff=equal&outage=20+seconds&clients=100"],
  ["findings", "#attempts=50&timeout=45&waitJitter=0&deadline=10+seconds"],
  ["mistakes", "#attempts=0&backoff=1,x&utilisation=7&clients=0"],
  ["a foreign link", "#foo=1&attempts=3"]
] as const

const looks = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["narrow", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }]
] as const

/** Waits until nothing moves any more. */
const still = async (page: Page): Promise<void> => {
  await page.locator(".progress[data-state=idle]").or(page.locator(".notice")).first().waitFor({ state: "attached" })
  await page.waitForFunction(() => document.getAnimations().length === 0)
}

inBrowser("access", (open) => {
  it.each(sights.flatMap(([sight, hash]) => looks.map(([look, options]) => [sight, look, hash, options] as const)))(
    "axe has nothing to say of %s, %s",
    async (_, look, hash, options) => {
      const page = await open(hash, options)
      if (hash.includes("foo")) await page.locator(".notice").waitFor()
      else if (hash.includes("attempts=0")) await page.getByText("Not simulated").waitFor()
      else await settled(page)
      await still(page)
      const closed = page.locator("details:not([open]) > summary:visible")
      while (await closed.count() > 0) await closed.first().click()
      expect(await violations(page)).toEqual([])
      if (look === "narrow") {
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
        // nothing stands out of the screen, but what scrolls by itself
        const outside = await page.locator("main *:visible").evaluateAll((all) =>
          all.filter((one) => one.getBoundingClientRect().right > 361 && one.closest(".scroll, pre, .unseen") === null)
            .map((one) => one.outerHTML.slice(0, 100))
        )
        expect(outside).toEqual([])
      }
    }
  )

  it("everything can be done on a phone", async () => {
    const page = await open("", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true })
    await page.getByLabel("Compare two policies").tap()
    await field(page, "backoff", 1).selectOption("equal")
    await page.getByRole("button", { name: /^Set .*backoff/ }).first().tap()
    await settled(page)
    expect(await page.getByText("Nothing to object to.").count()).toBe(2)
    for (const target of await page.locator("button:visible, select:visible, input[type=text]:visible").all()) {
      const box = await target.boundingBox()
      expect(box?.height).toBeGreaterThanOrEqual(24)
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= 360).toBe(true)
    }
  })

  it("everything can be done with the keyboard alone", async () => {
    const page = await open()
    await settled(page)
    const { keyboard } = page
    /** Goes on until the focus is on what has this name, and sees it marked on the way. */
    const tabTo = async (name: RegExp) => {
      for (let i = 0; i < 80; i++) {
        await keyboard.press("Tab")
        const { outline, text } = await page.evaluate(() => {
          const { activeElement: element } = document
          const text = element?.getAttribute("aria-label") ?? element?.textContent ?? ""
          return { text, outline: element === null ? "" : getComputedStyle(element).outlineStyle }
        })
        expect(outline).not.toBe("none")
        if (name.test(text)) return
      }
      throw new Error(`Nothing leads to ${name}`)
    }
    await tabTo(/^attempts$/)
    await keyboard.type("50")
    await tabTo(/^backoff$/)
    await keyboard.press("e")
    await page.waitForURL("**/#attempts=50&backoff=equal")
    await tabTo(/^Where it is used$/)
    await keyboard.press("Enter")
    await tabTo(/^deadline$/)
    await keyboard.type("1 second")
    await page.locator("[data-rule=beyond-deadline]").waitFor()
    await tabTo(/^Set attempts to \d+$/)
    await keyboard.press("Enter")
    await expect.poll(() => field(page, "attempts").inputValue()).not.toBe("50")
    // from where the button was, one goes on
    await tabTo(/^Ignore /)
    await keyboard.press("Space")
    await expect.poll(() => field(page, "ignore").inputValue()).not.toBe("")
    await tabTo(/^Copy JSON$/)
  })

  it("draws waits also where the colours are one's own", async () => {
    const page = await open("", { forcedColors: "active" })
    const colours = await page.locator(".bar").nth(2).evaluate((bar) =>
      [bar, ...bar.children].map((part) => getComputedStyle(part).backgroundColor)
    )
    expect(new Set(colours).size).toBe(3)
  })

  it("says what it needs where no script runs", async () => {
    const page = await open("", { javaScriptEnabled: false })
    expect(await page.locator("main").innerText()).toBe("This page runs the library, and needs JavaScript for it.")
  })

  it("follows the colours and the peace that one asks for", async () => {
    const light = await open("", { colorScheme: "light" })
    const dark = await open("", { colorScheme: "dark", reducedMotion: "reduce" })
    const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    expect(await background(light)).toBe("rgb(247, 247, 245)")
    expect(await background(dark)).toBe("rgb(18, 20, 22)")
    await settled(dark)
    const moves = (page: Page) =>
      page.locator(".about-ends").evaluate((element) => {
        element.classList.add("stale")
        return getComputedStyle(element).transitionDuration
      })
    expect(await moves(dark)).toBe("0s")
    expect(await moves(light)).not.toBe("0s")
  })
})
