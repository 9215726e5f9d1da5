/**
 * What somebody does with the page, and what they see of it.
 */
import type { Locator, Page } from "playwright-core"

/** The place of a field: of policy 0, or of 1. */
export const field = (page: Page, key: string, index = 0): Locator =>
  page.locator(`[data-field="${key}"]:visible`).and(page.locator("input, select")).nth(index)

/** What stands below a field. */
export const faultOf = (page: Page, key: string, index = 0): Locator =>
  page.locator(".entry").filter({ has: page.locator(`[data-field="${key}"]`) }).nth(index).locator(".fault")

/** Waits until what is shown is of what was typed last. */
export const settled = async (page: Page): Promise<void> => {
  await page.locator("section:not(.stale) .herd:visible").first().waitFor()
}

/** The cells of a table, row by row. */
export const cells = (table: Locator): Promise<ReadonlyArray<ReadonlyArray<string>>> =>
  table.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.children].map(({ textContent }) => textContent ?? ""))
  )

/** All that is said by the page about policies, as texts and as drawings. */
export const shown = (page: Page): Promise<ReadonlyArray<string>> =>
  page.locator(".instrument section").evaluateAll((sections) => sections.map((section) => section.innerHTML))
    .then((all) => all.map((html) => html.replaceAll(/ (?:id|for|aria-describedby)="[^"]*"/g, "")))
