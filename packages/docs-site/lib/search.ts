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
  return /(?:^|\/)api\//.test(env.relativePath) ? html.replace(structure, "") : html
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
        // These two run in the browser, as text: they can use nothing from here.
        // Who looks for "polling" means "poll" as well; words are looked for by their beginning.
        processTerm: (term: string) => {
          const word = term.toLowerCase()
          const stem = word.replace(/(?:ing|ed|s)$/, "")
          return stem === word || stem.length < 4 ? word : [word, stem]
        },
        // A guide explains, the reference names. Records of decisions mention everything, and explain it to few.
        // Pages about one client, or about every fault, mention what the guide to HTTP explains.
        boostDocument: (id: string) =>
          /\/api\//.test(id)
            ? 0.25
            : /\/(?:decisions|architecture|http-faults)\./.test(id)
            ? 0.3
            : /\/(?:ai|rpc)\./.test(id)
            ? 0.5
            : 1
      }
    }
  }
}
