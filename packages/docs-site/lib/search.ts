/**
 * The search of the site: what its index holds, and how it ranks.
 */
import type { DefaultTheme } from "vitepress"

/** Headings that every page of the API has, and that nobody looks for. */
const structure =
  /<h(\d)[^>]*>(?:Call Signature|Type Parameters|Parameters|Returns|Properties|Since|Extends|References)\b.*?<\/h\1>/g

/** What the index holds of a page. */
const render: DefaultTheme.LocalSearchOptions["_render"] = (source, env, md) => {
  const html = md.render(source, env)
  if (env.frontmatter?.["search"] === false) return ""
  return env.relativePath.startsWith("api/") ? html.replace(structure, "") : html
}

export const search: { readonly provider: "local"; readonly options: DefaultTheme.LocalSearchOptions } = {
  provider: "local",
  options: {
    _render: render,
    miniSearch: {
      searchOptions: {
        prefix: true,
        fuzzy: 0.2,
        boost: { title: 4, titles: 2, text: 1 },
        // It runs in the browser, as text: it can use nothing from here.
        // A guide explains, the reference names; records of decisions mention everything, and explain it to few.
        boostDocument: (id: string) => /\/api\//.test(id) ? 0.4 : /\/(?:decisions|architecture)\./.test(id) ? 0.3 : 1
      }
    }
  }
}
