/**
 * What the tests share: the site as it is built for them, and a browser.
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { site } from "../lib/paths.ts"

/** The site is built to be served from below a path, as GitHub Pages does. */
export const base = "/effect-stamina/"

export const builtTo: string = join(site, ".tmp", "site")

/** Stands for the repository that the workflow builds. */
export const repository = "https://repository.invalid/owner/effect-stamina"

/** The program of Debian and of GitHub's machines, or nothing. */
export const chromium: string | undefined = ["chromium", "google-chrome"]
  .map((program) => spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim())
  .find((path) => path !== "")
