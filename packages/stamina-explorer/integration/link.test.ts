/**
 * Links: who follows one sees the same.
 */
import { RetryPolicy } from "effect-stamina"
import { expect, it } from "vitest"
import { inBrowser } from "./kit/browser.ts"
import { faultOf, field, settled, shown } from "./kit/explorer.ts"

inBrowser("a link", (open) => {
  it("shows the same to a colleague: both policies, the setting, figures", async () => {
    const page = await open("", { permissions: ["clipboard-read", "clipboard-write"] })
    await field(page, "attempts").fill("6")
    await page.getByLabel("Compare two policies").check()
    await field(page, "backoff", 1).selectOption("a list of waits")
    await field(page, "waitJitter", 1).fill("50%")
    await page.getByText("Where it is used", { exact: true }).first().click()
    await field(page, "latency").fill("30 millis")
    await field(page, "latencyP99").fill("1 second")
    await page.getByText("The herd and its server").first().click()
    await field(page, "trouble").selectOption("slow")
    await settled(page)
    await page.getByRole("button", { name: "Copy link" }).click()
    await page.getByText("Copy link: copied.").waitFor()
    const url = await page.evaluate(() => navigator.clipboard.readText())
    expect(url).toBe(page.url())

    const other = await open(new URL(url).hash)
    await settled(other)
    expect(await shown(other)).toEqual(await shown(page))
    const typed = (of: typeof page) =>
      of.locator("[data-field]").evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value))
    expect(await typed(other)).toEqual(await typed(page))
  })

  it("shows mistakes, too, beside their fields", async () => {
    const page = await open("#attempts=none&overshoot=maybe&backoff=sideways&utilisation=2")
    expect(await field(page, "attempts").inputValue()).toBe("none")
    expect(await faultOf(page, "attempts").textContent()).toContain("Expected an integer >= 1")
    expect(await field(page, "overshoot").inputValue()).toBe("maybe")
    expect(await faultOf(page, "overshoot").textContent()).toBe("Expected \"allow\" or \"refuse\", got \"maybe\"")
    expect(await page.locator("input[data-field=backoff]").inputValue()).toBe("sideways")
    expect(await faultOf(page, "backoff").textContent()).toContain("Expected one of additive, full")
    // the part of the form that holds a mistake is open
    expect(await field(page, "utilisation").isVisible()).toBe(true)
  })

  it("that is not of this page is refused, and nothing is shown in its place", async () => {
    const page = await open("#attempts=4&foo=1&attempts=5&%E0%A4%A&timeout")
    const alert = page.getByRole("alert").filter({ hasText: "This link cannot be read as a whole" })
    await alert.waitFor()
    expect(await alert.locator("li").allTextContents()).toEqual([
      "It holds \"%E0%A4%A\", which is not encoded as addresses are.",
      "It holds \"timeout\", where field=value should be.",
      "It names \"foo\", which is no field of this page.",
      "It says \"attempts\" more than once."
    ])
    expect(await page.locator(".instrument").isVisible()).toBe(false)
    expect(page.url()).toContain("foo=1")
    expect(await page.getByLabel("Compare two policies").isDisabled()).toBe(true)

    await page.getByRole("button", { name: "Keep the field that can be read" }).click()
    expect(await page.locator("p.sentence").textContent()).toBe(RetryPolicy.describe(RetryPolicy.make({ attempts: 4 })))
    expect(new URL(page.url()).hash).toBe("#attempts=4")
  })

  it("of which nothing can be read leads to the default policy, if one says so", async () => {
    const page = await open("#/some/route")
    expect(await page.locator(".instrument").isVisible()).toBe(false)
    expect(await page.getByRole("button", { name: /Keep/ }).count()).toBe(0)
    await page.getByRole("button", { name: "Start with the default policy" }).click()
    expect(await page.locator("p.sentence").textContent()).toBe(RetryPolicy.describe(RetryPolicy.defaults))
    expect(new URL(page.url()).hash).toBe("")
  })

  it("that is followed within the page is shown", async () => {
    const page = await open()
    await page.getByRole("link", { name: "a policy with mistakes" }).click()
    await page.locator("[data-rule=timeout-below-wait]").waitFor()
    expect(await field(page, "timeout").inputValue()).toBe("45")
    await page.goBack()
    await page.getByText(RetryPolicy.describe(RetryPolicy.defaults)).waitFor()
  })
})
