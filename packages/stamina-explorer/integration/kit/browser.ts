/**
 * A real browser, and the page in it.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest"
import { serve, type Serving } from "../../../../scripts/lib/serving.ts"

/** Apart from `dist`, which others may be about to serve. */
export const builtTo = join(import.meta.dirname, "..", "..", ".tmp", "test")

export const executable = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

export const hasBrowser = existsSync(executable)

/** Opens the page with a hash. */
export type Open = (hash?: string, options?: OpenOptions) => Promise<Page>

export interface OpenOptions extends BrowserContextOptions {
  /** What is done to the page before it is loaded. */
  readonly before?: (page: Page) => Promise<void>
}

/**
 * Describes the page in a browser. When a test is over, no page may have asked another server for anything, nor have
 * thrown or complained.
 */
export const inBrowser = (name: string, tests: (open: Open) => void): void => {
  // oxlint-disable-next-line vitest/valid-title -- its callers say it
  describe.skipIf(!hasBrowser)(name, () => {
    let browser: Browser
    let server: Serving
    const complaints: Array<string> = []

    beforeAll(async () => {
      server = await serve(builtTo, "/explorer/")
      browser = await chromium.launch({ executablePath: executable, args: ["--no-sandbox"] })
    }, 60_000)

    afterEach(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()))
      expect(complaints.splice(0)).toEqual([])
    })

    afterAll(async () => {
      await browser?.close()
      await server?.stop()
    }, 60_000)

    tests(async (hash = "", { before, ...options } = {}) => {
      const context = await browser.newContext({ viewport: { width: 1300, height: 900 }, ...options })
      context.setDefaultTimeout(60_000)
      const page = await context.newPage()
      page.on("pageerror", ({ message }) => complaints.push(message))
      page.on("console", (message) => {
        if (message.type() !== "log" && message.type() !== "info") complaints.push(message.text())
      })
      page.on("request", (request) => {
        if (!request.url().startsWith(server.url)) complaints.push(`asks for ${request.url()}`)
      })
      page.on("requestfailed", (request) => complaints.push(`does not get ${request.url()}`))
      await before?.(page)
      await page.goto(`${server.url}${hash}`)
      return page
    })
  })
}
