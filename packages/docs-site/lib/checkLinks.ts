/**
 * Looks at the site as it is built: whether each link, image and script leads to a file of it, and each anchor to a
 * place on a page. VitePress looks at links between pages only.
 */
import { Parser } from "htmlparser2"
import { existsSync, globSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

interface Page {
  readonly ids: ReadonlySet<string>
  readonly links: ReadonlySet<string>
}

const read = (html: string): Page => {
  const ids = new Set<string>()
  const links = new Set<string>()
  const parser = new Parser({
    onopentag: (_, { href, id, src }) => {
      if (id !== undefined) ids.add(id)
      for (const link of [href, src]) if (link !== undefined) links.add(link)
    }
  })
  parser.end(html)
  return { ids, links }
}

export interface Findings {
  readonly pages: number
  readonly links: number
  readonly problems: ReadonlyArray<string>
  /** The hosts that links lead to. What a page fetches by itself must be none of them: a browser test sees to it. */
  readonly hosts: ReadonlyArray<string>
}

/** `base` is the path that the site is served under, with a slash at both ends. */
export const checkLinks = (folder: string, base: string): Findings => {
  const pages = new Map(
    globSync("**/*.html", { cwd: folder }).map((
      file
    ) => [file.replaceAll("\\", "/"), read(readFileSync(join(folder, file), "utf8"))])
  )
  const site = "https://site.invalid"
  const problems: Array<string> = []
  const hosts = new Set<string>()
  let count = 0
  for (const [file, { links }] of pages) {
    for (const link of links) {
      const url = new URL(link, `${site}${base}${file}`)
      if (url.origin !== site) {
        hosts.add(url.host)
        continue
      }
      count++
      const problem = problemOf(url)
      if (problem !== undefined) problems.push(`${file}: ${link} ${problem}`)
    }
  }
  return { pages: pages.size, links: count, problems, hosts: [...hosts].toSorted() }

  function problemOf({ hash, pathname }: URL): string | undefined {
    if (!pathname.startsWith(base)) return `is outside of ${base}`
    const path = decodeURIComponent(pathname.slice(base.length))
    const target = path === "" || path.endsWith("/") ? `${path}index.html` : path
    const page = pages.get(target)
    if (page === undefined) {
      const found = join(folder, target)
      return existsSync(found) && statSync(found).isFile() ? undefined : "leads to nothing"
    }
    const id = decodeURIComponent(hash.slice(1))
    return id === "" || page.ids.has(id) ? undefined : "leads to a place that is not on that page"
  }
}
