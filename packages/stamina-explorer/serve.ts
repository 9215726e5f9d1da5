/**
 * Builds the page whenever its source changes, and serves it on this machine: `pnpm dev`.
 */
import { watch } from "node:fs"
import { join } from "node:path"
import { serve } from "../../scripts/lib/serving.ts"
import { build } from "./build.ts"

const folder = join(import.meta.dirname, ".tmp", "dev")

let isBuilding = false
let isWanted = false
const rebuild = async (): Promise<void> => {
  isWanted = true
  if (isBuilding) return
  isBuilding = true
  while (isWanted) {
    isWanted = false
    await build(folder).then(() => console.log("built"), (error: unknown) => console.error(error))
  }
  isBuilding = false
}

await rebuild()
watch(join(import.meta.dirname, "src"), { recursive: true }, () => void rebuild())
const { url } = await serve(folder, "/explorer/", Number(process.env["PORT"] ?? 4173))
console.log(`The explorer is at ${url}`)
