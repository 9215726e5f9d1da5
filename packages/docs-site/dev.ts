/**
 * Serves the site while it is written. Pages are shown anew when they change, and the explorer when it does. The API
 * reference is made once, at the start.
 */
import { createServer } from "vitepress"
import { makeApi } from "./lib/api.ts"
import { explorerSources, makeExplorer } from "./lib/explorer.ts"
import { site } from "./lib/paths.ts"

await Promise.all([makeApi(), makeExplorer()])
const server = await createServer(site)
await server.listen()
server.printUrls()

let building = Promise.resolve()
let timer: NodeJS.Timeout | undefined
server.watcher.add(explorerSources)
server.watcher.on("all", (_, file) => {
  if (!file.startsWith(explorerSources)) return
  // editors write a file in several steps
  clearTimeout(timer)
  timer = setTimeout(() => {
    building = building.then(makeExplorer).then(
      () => server.ws.send({ type: "full-reload" }),
      (error: unknown) => console.error(error instanceof Error ? error.message : error)
    )
  }, 200)
})
