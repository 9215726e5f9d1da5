/**
 * What headings are called in addresses.
 */
import { slug } from "github-slugger"
import type { MarkdownRenderer } from "vitepress"
import { api } from "./paths.ts"

/**
 * A heading of `docs` is called what GitHub calls it, so that one link fits both. In the API members have names of their
 * own (`useCustomAnchors`), which the headings between them must not take.
 */
export const nameOf = (title: string, file: string | undefined): string =>
  file?.startsWith(api) === true ? `section-${slug(title)}` : slug(title)

/** Takes `{#name}` off the text of a heading, which is read out as the label of its link. VitePress has the name by then. */
export const dropNames = (md: MarkdownRenderer): void => {
  md.core.ruler.before("anchor", "names of headings", ({ tokens }) => {
    for (const [index, { type }] of tokens.entries()) {
      const text = type === "heading_open" ? tokens[index + 1] : undefined
      if (text !== undefined) text.content = text.content.replace(/\s*\{#[^}]*\}$/, "")
    }
  })
}
