/**
 * Builds the program once, before the tests run it.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { builtTo } from "./kit.ts"

export const setup = (): void => {
  execFileSync(process.execPath, [join(import.meta.dirname, "..", "..", "build.ts"), builtTo])
}
