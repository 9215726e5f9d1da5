/**
 * Serves the files of a folder on this machine, as a plain server of files does.
 */
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join } from "node:path"

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2"
}

export interface Serving {
  /** The address of the folder. */
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Serves a folder below `base`, which begins and ends with a slash. Port 0 is any that is free. */
export const serve = async (folder: string, base: string, port = 0): Promise<Serving> => {
  const server = createServer((request, response) => {
    // a URL leads nowhere above its root
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname)
    const file = join(folder, path.slice(base.length), path.endsWith("/") ? "index.html" : "")
    const content = path.startsWith(base) ? readFile(file) : Promise.reject(new Error(`${path} is outside of ${base}`))
    content.then(
      (content) => response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream").end(content),
      () => response.writeHead(404).end()
    )
  })
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  const { port: given } = server.address() as AddressInfo // it listens on a port, and not on a pipe
  return {
    url: `http://127.0.0.1:${given}${base}`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    }
  }
}
