/**
 * Builds the page once, before the tests open it; says where there is no browser to open it with.
 */
import { build } from "../../build.ts"
import { builtTo, executable, hasBrowser } from "./browser.ts"

export const setup = async (): Promise<void> => {
  if (hasBrowser) await build(builtTo)
  else console.log(`skipped: the explorer in a browser: there is no ${executable}; on Debian: .ci/install chromium`)
}
