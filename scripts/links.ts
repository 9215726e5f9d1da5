/**
 * Follows every link of the Markdown files that leads to a file here: the file has to exist, and a heading for its
 * anchor. So do pages that a comment or a text names by their path from the root.
 *
 * The pages of docs/ have duties of their own: each says in its first paragraph which question it answers, the index
 * leads to each, and each figure has a text in its place.
 */
import GithubSlugger from "github-slugger"
import { lexer, type Token, type Tokens, walkTokens } from "marked"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { report, root } from "./lib/run.ts"

// the README of the library is a copy of the root's, made when it is packed; what is only on the site, its build checks,
// and its tests name pages that there are not
const made = ["**/node_modules/**", "**/dist/**", "**/.tmp/**", "packages/*/api/**", "packages/stamina/README.md"]
const skipped = made.concat("packages/docs-site/home.md", "packages/docs-site/test/**")

const filesOf = (...patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  globSync(patterns, { cwd: root, exclude: skipped }).map((file) => file.replaceAll("\\", "/")).toSorted()

const textOf = (file: string): string => readFileSync(join(root, file), "utf8")

/** What a token shows: its text without its markup. */
const shown = (token: Token): string =>
  "tokens" in token && token.tokens !== undefined && token.tokens.length > 0
    ? token.tokens.map(shown).join("")
    : "text" in token && typeof token.text === "string"
    ? token.text
    : ""

interface Page {
  readonly file: string
  readonly anchors: ReadonlySet<string>
  readonly links: ReadonlyArray<string>
  readonly figures: ReadonlyArray<{ readonly href: string; readonly text: string }>
  readonly begin: string
}

/** Reads a page as GitHub does, which also gives the headings their anchors. */
const read = (file: string): Page => {
  const tokens = lexer(textOf(file))
  const slugger = new GithubSlugger()
  const anchors = new Set<string>()
  const links: Array<string> = []
  const figures: Array<{ href: string; text: string }> = []
  void walkTokens(tokens, (token) => {
    if (token.type === "heading") anchors.add(slugger.slug(shown(token)))
    // casts: marked's union is open for extensions, so its type does not narrow
    if (token.type === "link") links.push((token as Tokens.Link).href)
    if (token.type === "image") figures.push(token as Tokens.Image)
  })
  const first = tokens.find((token) => token.type === "paragraph")
  return { file, anchors, links, figures, begin: first === undefined ? "" : shown(first) }
}

const pages = new Map(filesOf("**/*.md", ".changeset/*.md").map((file) => [file, read(file)]))
const problems: Array<string> = []
let followed = 0

/** Where a link leads, if it leads to a file: its path from the root, and the anchor. */
const target = (from: string, href: string): { readonly path: string; readonly anchor: string } | undefined => {
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return undefined
  const [path = "", anchor = ""] = decodeURI(href).split("#")
  return { path: path === "" ? from : posix.normalize(posix.join(dirname(from), path)), anchor }
}

for (const { figures, file, links } of pages.values()) {
  for (const href of [...links, ...figures.map(({ href }) => href)]) {
    const to = target(file, href)
    if (to === undefined) continue
    followed++
    if (to.path.startsWith("..") || !existsSync(join(root, to.path))) {
      problems.push(`${file}: ${href} leads to no file`)
    } else if (to.anchor !== "" && pages.get(to.path)?.anchors.has(to.anchor) !== true) {
      problems.push(`${file}: ${href} leads to no heading`)
    }
  }
}

// names of pages in comments and in text
for (const file of [...pages.keys(), ...filesOf("{packages,examples,scripts,docs}/**/*.ts")]) {
  for (const [name, page, anchor] of textOf(file).matchAll(/(?<![\w/-])docs\/((?:[\w-]+\/)*[\w-]+\.md)(#[\w-]+)?/g)) {
    followed++
    const found = pages.get(`docs/${page}`)
    const leads = found !== undefined && (anchor === undefined || found.anchors.has(anchor.slice(1)))
    if (!leads) problems.push(`${file}: there is no ${name}`)
  }
}

const index = "docs/README.md"
const listed = new Set(pages.get(index)?.links.map((href) => target(index, href)?.path))
for (const { begin, figures, file } of pages.values()) {
  if (!file.startsWith("docs/")) continue
  if (!begin.startsWith("This page answers: ")) problems.push(`${file}: does not begin with "This page answers: "`)
  if (file !== index && !listed.has(file)) problems.push(`${file}: ${index} does not lead to it`)
  for (const { href, text } of figures) {
    if (text.trim() === "") problems.push(`${file}: ${href} has no text in its place`)
  }
}

report(problems, `${followed} links in ${pages.size} Markdown files and in comments`)
