/**
 * A process of its own for each measurement, so that none finds what another has left: code compiled for other types,
 * a heap that has grown. The file that runs prints its result as JSON, on the last line.
 */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

export const inChild = (file: URL, args: ReadonlyArray<string> = [], flags: ReadonlyArray<string> = []): unknown => {
  const output = execFileSync(process.execPath, ["--expose-gc", ...flags, fileURLToPath(file), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"]
  })
  return JSON.parse(output.trim().split("\n").at(-1) ?? "")
}

/** Empties the heap of what nobody holds, and says how much is left. */
export const heapUsed = (): number => {
  const { gc } = globalThis
  if (gc === undefined) throw new Error("needs node --expose-gc")
  // what the first collection finalizes, the second one frees
  gc()
  gc()
  return process.memoryUsage().heapUsed
}
