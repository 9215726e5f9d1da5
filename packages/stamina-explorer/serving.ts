/**
 * Serves the files of a folder on this machine.
 */
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join, normalize } from "node:path"

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml"
}

export interface Serving {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Serves a folder below `/explorer/`, as the site does. Port 0 is any that is free. */
export const serve = async (folder: string, port = 0): Promise<Serving> => {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const path = pathname.replace(/^\/explorer\//, "").replace(/^$/, "index.html")
    readFile(join(folder, normalize(path))).then(
      (content) => response.setHeader("content-type", types[extname(path)] ?? "text/plain").end(content),
      () => response.writeHead(404).end()
    )
  })
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  const { port: given } = server.address() as AddressInfo // it listens on a port, and not on a pipe
  return {
    url: `http://127.0.0.1:${given}/explorer/`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    }
  }
}
