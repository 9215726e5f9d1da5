/**
 * The site: `docs/` as it is, the API reference, the explorer, and a home page.
 *
 * `build.ts` says where to, and under which path it is served.
 */
import { join, relative } from "node:path"
import { defineConfig, type Plugin } from "vitepress"
import { dropNames, nameOf } from "../lib/headings.ts"
import { followLinks, pageOf } from "../lib/links.ts"
import { nav, sidebar, unlisted } from "../lib/navigation.ts"
import { publicFolder, root, site } from "../lib/paths.ts"
import { search } from "../lib/search.ts"

const lost = unlisted()
if (lost.length > 0) {
  throw new Error(
    `lib/navigation.ts has to list each page of docs/ once: ${lost.map((page) => `${page}.md`).join(", ")}`
  )
}

const from = (file: string): string => relative(root, file).replaceAll("\\", "/")

/** Pages import Vue from where they stand, and `docs` is no package that could bring it. */
const vueFromHere: Plugin = {
  name: "vue-from-here",
  enforce: "pre",
  resolveId(id, importer) {
    if (!/^vue(?:$|\/)/.test(id) || !importer?.includes(".md")) return undefined
    return this.resolve(id, join(site, "package.json"), { skipSelf: true })
  }
}

export default defineConfig({
  title: "effect-stamina",
  description: "Production-grade retries for Effect, safe by default",
  lang: "en",
  srcDir: root,
  // pages stand in `docs`, in `api` and here, and nowhere else
  srcExclude: ["*.md", "!(docs|packages)/**", "docs/*/**", "packages/!(docs-site)/**", "packages/docs-site/README.md"],
  rewrites: (file) => pageOf(file) ?? file,
  cacheDir: join(site, ".tmp", "cache"),
  markdown: {
    anchor: { slugifyWithState: (title, { env }) => nameOf(title, env.realPath ?? env.path) },
    config: (md) => {
      followLinks(from)(md)
      dropNames(md)
    }
  },
  vite: {
    publicDir: publicFolder,
    plugins: [vueFromHere],
    build: { chunkSizeWarningLimit: 5000 }
  },
  themeConfig: {
    nav,
    sidebar,
    search,
    outline: [2, 3],
    notFound: {
      title: "There is no such page",
      quote: "It may have moved. The search at the top finds it by its words.",
      linkLabel: "To the first page",
      linkText: "To the first page"
    },
    externalLinkIcon: true,
    docFooter: { prev: "Before", next: "Next" }
  }
})
