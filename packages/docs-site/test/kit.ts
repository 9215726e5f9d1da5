/**
 * What the tests share: the site as it is built for them, a server for it, and a browser.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join } from "node:path"
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

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2"
}

export interface Served {
  /** The address of the home page. */
  readonly home: string
  readonly stop: () => void
}

/** Serves the site as a plain server of files does. */
export const serve = async (): Promise<Served> => {
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://localhost").pathname)
    const asked = path.startsWith(base) ? join(builtTo, path.slice(base.length)) : undefined
    const file = asked !== undefined && existsSync(asked) && statSync(asked).isDirectory()
      ? join(asked, "index.html")
      : asked
    if (file === undefined || !existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" })
    response.end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  // a server on a port has an address of this kind
  const { port } = server.address() as AddressInfo
  return {
    home: `http://127.0.0.1:${port}${base}`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}
