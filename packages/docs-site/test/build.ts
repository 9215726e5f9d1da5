/**
 * Builds the site once, before the tests look at it.
 */
import { join } from "node:path"
import { run } from "../../../scripts/lib/run.ts"
import { site } from "../lib/paths.ts"
import { base, builtTo, chromium, repository } from "./kit.ts"

export const setup = async (): Promise<void> => {
  if (chromium === undefined) console.log("skipped: the tests of the site in a browser; .ci/install chromium")
  const { origin, pathname } = new URL(repository)
  const { end, ok, output } = await run(process.execPath, [join(site, "build.ts")], {
    env: {
      ...process.env,
      SITE_BASE: base,
      SITE_OUT: builtTo,
      GITHUB_SERVER_URL: origin,
      GITHUB_REPOSITORY: pathname.slice(1)
    }
  })
  if (!ok) throw new Error(`The site was not built: ${end}\n${output}`)
  for (const line of output.split("\n")) if (line.startsWith("note: ")) console.log(line)
}
