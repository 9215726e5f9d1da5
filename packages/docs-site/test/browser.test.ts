import { globSync } from "node:fs"
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium as driver,
  type Page
} from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { serve, type Serving } from "../../../scripts/lib/serving.ts"
import { base, builtTo, chromium } from "./kit.ts"
import { words } from "./words.ts"

let site: Serving
let browser: Browser

const phone = { width: 390, height: 844 }

/** Opens a window; what it asks other hosts for is kept from it, and written down, as are errors of scripts. */
const open = async (options?: BrowserContextOptions) => {
  const context = await browser.newContext(options)
  const foreign: Array<string> = []
  const errors: Array<string> = []
  await context.route((url) => url.origin !== new URL(site.url).origin, (route) => {
    foreign.push(route.request().url())
    return route.abort()
  })
  const page = await context.newPage()
  page.on("pageerror", ({ message }) => errors.push(message))
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text())
  })
  return { context, errors, foreign, page }
}

const using = async (
  options: BrowserContextOptions | undefined,
  body: (page: Page, context: BrowserContext) => Promise<void>
): Promise<void> => {
  const { context, errors, foreign, page } = await open(options)
  try {
    await body(page, context)
    expect({ errors, foreign }).toEqual({ errors: [], foreign: [] })
  } finally {
    await context.close()
  }
}

/** The address of a page, below the site. */
const addressOf = (page: Page): string => new URL(page.url()).pathname.replace(base, "")

/** The key does nothing until the page's scripts have run, so it is pressed until it does. */
const openSearch = async (page: Page): Promise<void> => {
  const input = page.locator("#localsearch-input")
  while (!(await input.isVisible())) {
    await page.keyboard.press("Control+k")
    await input.waitFor({ timeout: 1000 }).catch(() => {})
  }
}

/** The pages of the first results, without `.html`. */
const find = async (page: Page, query: string): Promise<ReadonlyArray<string>> => {
  const input = page.locator("#localsearch-input")
  const results = page.locator("#localsearch-list a.result")
  // a word that nobody wrote: when its results are gone, those of the query are its own
  await input.fill("zzzzqqqq")
  await results.first().waitFor({ state: "detached" })
  await input.fill(query)
  await results.first().waitFor({ timeout: 20_000 }).catch(() => {})
  const links = await results.evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""))
  return links.map((link) => link.replace(base, "").replace(/(\.html)?(#.*)?$/, ""))
}

describe.skipIf(chromium === undefined)("the site in a browser", () => {
  beforeAll(async () => {
    site = await serve(builtTo, base)
    browser = await driver.launch({ executablePath: chromium ?? "", args: ["--no-sandbox"] })
  })

  afterAll(async () => {
    await browser?.close()
    await site?.stop()
  })

  it("shows code and a picture at the beginning, and leads to the tasks", () =>
    using(undefined, async (page) => {
      await page.goto(site.url)
      expect(await page.locator(".front pre .line").count()).toBeGreaterThan(9)
      const links = page.locator(".front-links a")
      expect(await links.allTextContents()).toEqual(["Start", "Choose a policy", "Try one in the explorer", "API"])
      await links.first().click()
      await page.waitForURL("**/start.html")
      await page.locator("h1", { hasText: "Start here" }).waitFor()
    }))

  it("leads from the bar at the top to each of its parts, also to the explorer", () =>
    using(undefined, async (page) => {
      await page.goto(site.url)
      const bar = page.locator(".VPNavBarMenu")
      await bar.getByText("Guides").click()
      await page.waitForURL("**/guides.html")
      await bar.getByText("Reference").hover()
      await bar.getByText("API").click()
      await page.waitForURL("**/api/")
      await page.locator(".VPSidebar").getByText("RetryPolicy", { exact: true }).click()
      await page.waitForURL("**/api/RetryPolicy.html")
      await page.locator("h1", { hasText: "RetryPolicy" }).waitFor()
      await bar.getByText("Explorer").click()
      await page.waitForURL("**/explorer/index.html")
      // it works from there, its worker included
      await page.locator("section:not(.stale) .herd:visible").waitFor()
      expect(await page.locator("p.sentence").textContent()).toMatch(/^At most 10 attempts/)
      await page.getByRole("link", { name: "effect-stamina: the docs" }).click()
      await page.waitForURL("**/effect-stamina/index.html")
      await page.locator("h1", { hasText: "Retries for Effect" }).waitFor()
    }))

  it("leads back from an address that is none of its own", () =>
    using(undefined, async (page) => {
      await page.goto(`${site.url}404.html`)
      expect(await page.locator("h1").textContent()).toBe("There is no such page")
      await page.getByRole("link", { name: "To the first page" }).click()
      await page.locator("h1", { hasText: "Retries for Effect" }).waitFor()
    }))

  it("keeps the lines of examples in the API, and breaks those of signatures", () =>
    using({ viewport: phone }, async (page) => {
      await page.goto(`${site.url}api/RetryPolicy.html`)
      const wraps = (code: string) =>
        page.locator(`${code} code`).first().evaluate((element) => getComputedStyle(element).whiteSpace)
      expect(await wraps("#make + [class*=language-]")).toBe("pre-wrap")
      expect(await wraps("p + [class*=language-]")).toBe("pre")
    }))

  it("colours examples as TypeScript", () =>
    using(undefined, async (page) => {
      await page.goto(`${site.url}api/RetryPolicy.html`)
      const colours = await page.locator(".language-ts .line span").evaluateAll((all) =>
        all.map((part) => getComputedStyle(part).color)
      )
      expect(new Set(colours).size).toBeGreaterThan(3)
    }))

  it.each(["light", "dark"] as const)(
    "shows the figures in %s",
    (colorScheme) =>
      using({ colorScheme }, async (page) => {
        for (const path of ["", "motivation.html", "budgets.html"]) {
          await page.goto(site.url + path, { waitUntil: "networkidle" })
          const figures = await page.locator(".vp-doc img").evaluateAll((all) =>
            all.map((image) => image instanceof HTMLImageElement ? [image.naturalWidth > 0, image.alt.length > 20] : [])
          )
          expect(figures.length).toBeGreaterThan(0)
          for (const figure of figures) expect(figure).toEqual([true, true])
        }
        expect(await page.evaluate(() => document.documentElement.classList.contains("dark"))).toBe(
          colorScheme === "dark"
        )
      })
  )

  it("fits a phone, every page of it", () =>
    using({ viewport: phone }, async (page) => {
      const pages = globSync("{*,api/*}.html", { cwd: builtTo }).filter((file) => file !== "404.html")
      expect(pages.length).toBeGreaterThan(50)
      const wide: Array<string> = []
      for (const path of pages) {
        await page.goto(site.url + path)
        const width = await page.evaluate(() => document.documentElement.scrollWidth)
        if (width > phone.width) wide.push(`${path}: ${width}`)
      }
      expect(wide).toEqual([])
    }), 60_000)

  describe("its search", () => {
    let page: Page
    let close = (): Promise<void> => Promise.resolve()

    beforeAll(async () => {
      const opened = await open()
      page = opened.page
      close = () => opened.context.close()
      await page.goto(`${site.url}start.html`)
      await openSearch(page)
    })

    afterAll(() => close())

    it.each(words)("finds %j first on the page %s, or on another that answers", async (query, ...pages) => {
      expect(pages).toContain((await find(page, query))[0])
    })

    it("finds nothing of the headings that all pages of the API have", async () => {
      for (const heading of ["Returns", "Type Parameters", "Call Signature"]) {
        await find(page, heading)
        const titles = await page.locator("#localsearch-list a.result .title:last-child").allTextContents()
        expect(titles.length).toBeGreaterThan(3)
        expect(titles.map((title) => title.trim())).not.toContain(heading)
      }
    })

    it("leads to the place that it found", async () => {
      await find(page, "TestClock")
      await page.keyboard.press("Enter")
      await page.waitForURL("**#testclock")
      expect(addressOf(page)).toBe("testing-your-retries.html")
      await page.locator("#testclock").waitFor()
    })
  })
})
