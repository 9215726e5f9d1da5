/**
 * Typing, mistakes, and fixes.
 */
import { RetryPolicy } from "effect-stamina"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { expect, it } from "vitest"
import { policyFields } from "../src/model/fields.ts"
import { read } from "../src/model/policy.ts"
import { inBrowser } from "./kit/browser.ts"
import { faultOf, field, settled, shown } from "./kit/explorer.ts"

const sentenceOf = (input: RetryPolicy.Input): string => RetryPolicy.describe(RetryPolicy.make(input))

/** What the schema says of a single bad field. */
const messageOf = (json: unknown): string | undefined =>
  Result.match(Schema.decodeUnknownResult(RetryPolicy.Schema)(json), {
    onFailure: ({ message }) => message.split("\n")[0],
    onSuccess: () => undefined
  })

inBrowser("editing", (open) => {
  it("has a place for every field of a policy, and each changes the policy", async () => {
    const page = await open()
    const texts: Readonly<Record<keyof RetryPolicy.RetryPolicy, string>> = {
      attempts: "7",
      timeout: "1 minute",
      overshoot: "refuse",
      backoff: "linear",
      waitInitial: "250",
      waitExpBase: "3",
      waitJitter: "20%",
      waitMax: "8 seconds"
    }
    for (const { key } of policyFields) {
      const place = field(page, key)
      if (await place.evaluate((element) => element.tagName) === "SELECT") await place.selectOption(texts[key])
      else await place.fill(texts[key])
    }
    const policy = Result.getOrThrow(read(texts)).policy
    expect(await page.locator("p.sentence").textContent()).toBe(RetryPolicy.describe(policy))
    const json = await page.locator("[data-form=json] code").textContent()
    for (const [key, value] of Object.entries(Schema.encodeSync(RetryPolicy.Schema)(policy))) {
      expect(json).toContain(`"${key}": ${JSON.stringify(value)}`)
    }
  })

  it("takes a list of waits", async () => {
    const page = await open()
    await field(page, "backoff").selectOption("a list of waits")
    await page.locator("input[data-field=backoff]").fill("1 second, 5 seconds, 10")
    expect(await page.locator("p.sentence").textContent()).toBe(sentenceOf({ backoff: ["1 second", "5 seconds", 10] }))
    await field(page, "backoff").selectOption("full")
    expect(await page.locator("input[data-field=backoff]").isVisible()).toBe(false)
    expect(await page.locator("p.sentence").textContent()).toBe(sentenceOf({ backoff: "full" }))
  })

  it("shows what an empty field stands for, also where that follows another field", async () => {
    const page = await open()
    expect(await field(page, "waitMax").getAttribute("placeholder")).toBe("5 seconds")
    await field(page, "waitInitial").fill("12 seconds")
    expect(await field(page, "waitMax").getAttribute("placeholder")).toBe("12 seconds")
  })

  it("puts the schema's own message below each bad field, and shows nothing in its place", async () => {
    const page = await open()
    await settled(page)
    await field(page, "attempts").fill("0")
    await field(page, "timeout").fill("soon")
    expect(await faultOf(page, "attempts").textContent()).toBe(
      messageOf({ attempts: 0 })
    )
    expect(await faultOf(page, "timeout").textContent()).toBe(messageOf({ timeout: "soon" }))
    expect(await faultOf(page, "waitMax").textContent()).toBe("")
    expect(await field(page, "attempts").getAttribute("aria-invalid")).toBe("true")
    expect(await field(page, "attempts").getAttribute("aria-describedby")).toContain(
      await faultOf(page, "attempts").getAttribute("id")
    )
    expect(await faultOf(page, "attempts").getAttribute("role")).toBe("alert")
    expect(await page.locator("p.sentence").textContent()).toBe(
      "Nothing to show before this is mended: attempts, timeout."
    )
    await page.getByText("Not simulated: a field has to be mended first.").waitFor()
    expect(await page.locator("svg:visible, .waits table:visible, .findings li:visible, pre:visible").count()).toBe(0)

    await field(page, "attempts").fill("3")
    await field(page, "timeout").fill("")
    expect(await faultOf(page, "attempts").textContent()).toBe("")
    expect(await page.locator("p.sentence").textContent()).toBe(sentenceOf({ attempts: 3 }))
    await settled(page)
  })

  it("puts the linter's and the simulator's own messages below fields of the setting", async () => {
    const page = await open()
    await page.getByText("Where it is used", { exact: true }).first().click()
    await page.getByText("The herd and its server").first().click()
    const cases = [
      ["utilisation", "7", "utilisation must be a number from 0 to 1, got 7"],
      ["deadline", "soon", "deadline must be a duration > 0 or Duration.infinity, got \"soon\""],
      ["ignore", "no-such-rule", "ignore must be an array of rules, got \"no-such-rule\""],
      ["runs", "20000000", "runs must be an integer >= 1 and <= 10000000, got 20000000"],
      ["clients", "1.5", "clients must be an integer >= 1 and <= 10000000, got 1.5"],
      ["capacity", "0", "server.capacity must be a number > 0, got 0"]
    ] as const
    for (const [key, text, message] of cases) {
      await field(page, key).fill(text)
      expect(await faultOf(page, key).textContent()).toBe(message)
    }
    for (const [key] of cases) await field(page, key).fill("")
    await settled(page)
    for (const [key] of cases) expect(await faultOf(page, key).textContent()).toBe("")
  })

  it("applies a fix, which silences its rule", async () => {
    const page = await open("#attempts=50&waitInitial=1+second&backoff=equal")
    const rule = page.locator("[data-rule=attempts-unreachable]")
    await rule.getByRole("button", { name: "Set attempts to 21" }).click()
    expect(await rule.count()).toBe(0)
    expect(await field(page, "attempts").inputValue()).toBe("21")
    expect(await page.locator("p.sentence").textContent()).toBe(
      sentenceOf({ attempts: 21, waitInitial: "1 second", backoff: "equal" })
    )
    // the button is gone, and the keyboard is where it was
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("findings")
    await page.getByText("Set attempts to 21.", { exact: true }).waitFor()
  })

  it("shows two policies side by side, each by itself", async () => {
    const page = await open("#attempts=4")
    await page.getByLabel("Compare two policies").check()
    await field(page, "attempts", 1).fill("8")
    await field(page, "backoff", 1).selectOption("full")
    expect(await page.locator("p.sentence").allTextContents()).toEqual([
      sentenceOf({ attempts: 4 }),
      sentenceOf({ attempts: 8, backoff: "full" })
    ])
    await settled(page)
    expect(await page.locator(".about-survival path.line").count()).toBe(2)
    expect(await page.locator(".herd table:visible").count()).toBe(2)
    // what is wrong with one leaves the sentence of the other
    await field(page, "attempts", 1).fill("none")
    expect(await page.locator("p.sentence").first().textContent()).toBe(sentenceOf({ attempts: 4 }))
    expect(await faultOf(page, "attempts", 0).textContent()).toBe("")
    expect(await faultOf(page, "attempts", 1).textContent()).toContain("Expected an integer")

    await page.getByLabel("Compare two policies").uncheck()
    await settled(page)
    expect(await page.locator("p.sentence").allTextContents()).toEqual([sentenceOf({ attempts: 4 })])
  })

  it("copies code, JSON and variables", async () => {
    const page = await open("#attempts=4&waitJitter=20%25", { permissions: ["clipboard-read", "clipboard-write"] })
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    await page.getByRole("button", { name: "Copy code" }).click()
    await page.getByText("Copy code: copied.").waitFor()
    expect(await copied()).toContain("RetryPolicy.make({\n  attempts: 4,\n  waitJitter: \"20%\"\n})")
    await page.getByRole("button", { name: "Copy JSON" }).click()
    await page.getByText("Copy JSON: copied.").waitFor()
    expect(JSON.parse(await copied())).toEqual({ attempts: 4, waitJitter: "20%" })
    await page.getByRole("button", { name: "Copy environment" }).click()
    await page.getByText("Copy environment: copied.").waitFor()
    expect(await copied()).toBe("RETRY_ATTEMPTS=4\nRETRY_WAIT_JITTER=\"20%\"\n")
  })

  it.each(["refused", "not there"])("says so where copying is %s, and selects the text", async (how) => {
    const page = await open("#attempts=4")
    await page.evaluate((how) => {
      if (how === "refused") navigator.clipboard.writeText = () => Promise.reject(new Error("not here"))
      // as where the page does not come by https
      else Object.defineProperty(navigator, "clipboard", { value: undefined })
    }, how)
    const said = page.locator(".said")
    await page.getByRole("button", { name: "Copy JSON" }).click()
    await expect.poll(() => said.textContent()).toBe(
      "Copy JSON: the browser does not allow it. The text is selected, to be copied by hand."
    )
    expect(await page.evaluate(() => getSelection()?.toString().trim())).toBe("{\n  \"attempts\": 4\n}")
    await page.getByRole("button", { name: "Copy link" }).click()
    await expect.poll(() => said.textContent()).toBe(
      "Copy link: the browser does not allow it. The link is the address of this page."
    )
  })

  it("takes back with the browser's way back what a click did at once", async () => {
    const page = await open("#attempts=50&waitInitial=1+second&backoff=equal")
    await page.getByRole("button", { name: "Set attempts to 21" }).click()
    expect(await field(page, "attempts").inputValue()).toBe("21")
    await page.goBack()
    await expect.poll(() => field(page, "attempts").inputValue()).toBe("50")
    expect(await page.locator(".said").textContent()).toBe("")
    await page.goForward()
    await expect.poll(() => field(page, "attempts").inputValue()).toBe("21")

    // from the default policy, whose address has no hash
    await page.getByRole("link", { name: "the default policy" }).click()
    await page.getByRole("button", { name: /^Ignore / }).click()
    await page.getByText("Nothing to object to.").waitFor()
    await page.goBack()
    await page.locator("[data-rule]").waitFor()

    await page.getByLabel("Compare two policies").check()
    await field(page, "attempts", 1).fill("8")
    await page.getByLabel("Compare two policies").uncheck()
    await page.goBack()
    await expect.poll(() => field(page, "attempts", 1).inputValue()).toBe("8")
  })

  it("keeps the place of a list while somebody types there", async () => {
    const page = await open()
    await field(page, "backoff").selectOption("a list of waits")
    const list = page.locator("input[data-field=backoff]")
    await list.fill("")
    // on the way to another list it is empty, and may be a word that is a choice
    await page.keyboard.type("full")
    expect(await list.inputValue()).toBe("full")
    expect(await list.evaluate((element) => element === document.activeElement)).toBe(true)
    await list.fill("2 seconds, 3 seconds")
    expect(await page.locator("p.sentence").textContent()).toBe(sentenceOf({ backoff: ["2 seconds", "3 seconds"] }))
    await list.fill("")
    await page.keyboard.press("Tab")
    expect(await list.isVisible()).toBe(false)
    expect(await field(page, "backoff").inputValue()).toBe("additive")
  })

  it("says where the list of waits is not all", async () => {
    const page = await open("#attempts=21")
    const more = page.getByText("More follow: these are the first 20.")
    expect(await page.locator(".waits tbody tr").count()).toBe(14)
    expect(await more.count()).toBe(0)
    await field(page, "timeout").fill("unlimited")
    expect(await page.locator(".waits tbody tr").count()).toBe(20)
    expect(await more.count()).toBe(0)
    await field(page, "attempts").fill("22")
    expect(await page.locator(".waits tbody tr").count()).toBe(20)
    await more.waitFor()
  })

  it("quotes no more of a long text than one can read", async () => {
    const page = await open()
    await field(page, "attempts").fill("x".repeat(10_000))
    const fault = await faultOf(page, "attempts").textContent()
    expect(fault).toMatch(/^Expected an integer >= 1 .*x…$/)
    expect(fault?.length).toBe(301)
  })

  it("is the same after the way there and back", async () => {
    const page = await open()
    await settled(page)
    const before = await shown(page)
    await field(page, "attempts").fill("3")
    await settled(page)
    expect(await shown(page)).not.toEqual(before)
    await field(page, "attempts").fill("")
    await settled(page)
    expect(await shown(page)).toEqual(before)
  })
})
