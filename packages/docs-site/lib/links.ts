/**
 * Links as they stand in the files, which lead through the repository, made links that lead through the site.
 *
 * A link to a file that is a page leads to the page. Any other leads to the repository; where that has no address, the
 * text stays, and its path is shown to who points at it.
 */
import { posix } from "node:path"
import type { MarkdownRenderer } from "vitepress"
import { addressOfPage } from "./navigation.ts"
import { addressOf, isThere } from "./paths.ts"

/** The page that a file becomes, below the site: `docs/http.md` is `http.md`. Nothing where it is no page. */
export const pageOf = (file: string): string | undefined => {
  const [, page] = /^docs\/([^/]+)\.md$/.exec(file) ?? []
  if (page !== undefined) return `${addressOfPage(page)}.md`
  if (file === "packages/docs-site/home.md") return "index.md"
  return /^packages\/docs-site\/(api\/[^/]+\.md)$/.exec(file)?.[1]
}

export type Target =
  | { readonly kind: "as it is" }
  | { readonly kind: "page"; readonly link: string }
  | { readonly kind: "source"; readonly path: string; readonly link: string | undefined }
  | { readonly kind: "nothing"; readonly path: string }

/** Where a link leads that stands in a file of the repository. Paths are from its root. */
export const targetOf = (file: string, href: string): Target => {
  const [, path = "", hash = ""] = /^([^#]*)(.*)$/.exec(href) ?? []
  if (path === "" || path.startsWith("/") || /^[a-z][a-z+.-]*:/i.test(path)) return { kind: "as it is" }
  const target = posix.join(posix.dirname(file), decodeURI(path)).replace(/\/$/, "")
  if (!isThere(target)) return { kind: "nothing", path: target }
  const page = pageOf(target)
  if (page !== undefined) return { kind: "page", link: `/${page}${hash}` }
  const address = addressOf(target)
  return { kind: "source", path: target, link: address === undefined ? undefined : address + hash }
}

/** A plugin for VitePress' Markdown. `from` gives a file's path from the root of the repository. */
export const followLinks = (from: (file: string) => string) => (md: MarkdownRenderer): void => {
  md.core.ruler.push("links of the repository", ({ env, tokens }) => {
    const path = env.realPath ?? env.path
    if (path === undefined) return // a title, by itself
    const file = from(path)
    for (const { children } of tokens) {
      /** Whether the link that is open has become plain text. */
      let plain = false
      for (const token of children ?? []) {
        if (token.type === "link_close" && plain) token.tag = "span"
        if (token.type !== "link_open") continue
        plain = false
        const target = targetOf(file, token.attrGet("href") ?? "")
        if (target.kind === "nothing") throw new Error(`${file} has a link to ${target.path}, which does not exist`)
        if (target.kind === "as it is") continue
        if (target.link !== undefined) {
          token.attrSet("href", target.link)
          continue
        }
        plain = true
        token.tag = "span"
        token.attrs = [["title", `${target.kind === "source" ? target.path : ""} in the repository`]]
      }
    }
  })
}
