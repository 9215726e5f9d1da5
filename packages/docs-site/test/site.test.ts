import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { checkLinks } from "../lib/checkLinks.ts"
import { targetOf } from "../lib/links.ts"
import { modules } from "../lib/modules.ts"
import { unlisted } from "../lib/navigation.ts"
import { base, builtTo, repository } from "./kit.ts"

const page = (path: string): string => readFileSync(join(builtTo, path), "utf8")

/** The text of a page, without tags. */
const textOf = (html: string): string =>
  html.replaceAll(/<[^>]*>/g, "").replaceAll("&quot;", "\"").replaceAll("&#39;", "'")

const linksOf = (html: string): ReadonlyArray<string> => html.match(/(?<= href=")[^"]+/g) ?? []

describe("a page of the API reference", () => {
  it.each(modules)("$name says what the module is for, and how to import it", ({ name, specifier }) => {
    const text = textOf(page(`api/${name}.html`))
    expect(text).toContain(`from "${specifier}"`)
    expect(textOf(page("api/index.html"))).toMatch(new RegExp(`^.*${name}: \\S.*$`, "m"))
  })

  it("has the description, the examples and the types of its functions", () => {
    const html = page("api/RetryPolicy.html")
    expect(textOf(html)).toContain("function make(input?: Input, base?: RetryPolicy): RetryPolicy;")
    expect(textOf(html)).toContain("console.log(patient.attempts, Duration.format(patient.timeout)) // 20 5m")
    expect(html).toContain("language-ts")
  })

  it("says in a sentence what is there and lives elsewhere, and leads to it", () => {
    const html = page("api/Stamina.html")
    expect(textOf(html)).toMatch(/RetryHook\s*​?\s*Hears .*\s*Re-exports RetryHook/)
    expect(linksOf(html)).toContain(`${base}api/RetryHook.html#retryhook`)
  })

  it("has nothing that is internal", () => {
    const internal = modules.flatMap(({ file, name }) =>
      Array.from(
        readFileSync(file, "utf8").matchAll(/@internal\n \*\/\nexport (?:const|interface|type) (\w+)/g),
        ([, exported = ""]) => ({ exported, ids: page(`api/${name}.html`).match(/(?<=<h3 id=")[^"]+/g) ?? [] })
      )
    )
    expect(internal.length).toBeGreaterThan(3)
    for (const { exported, ids } of internal) expect(ids).not.toContain(exported.toLowerCase())
  })

  it("leads to the source", () => {
    expect(linksOf(page("api/RetryPolicy.html"))).toContainEqual(
      expect.stringMatching(`^${repository}/blob/main/packages/stamina/src/policy/RetryPolicy.ts#L\\d+$`)
    )
  })

  it("warns where a module is unstable", () => {
    expect(textOf(page("api/HttpRetry.html"))).toContain("This module may change in a minor release.")
    expect(textOf(page("api/RetryPolicy.html"))).not.toContain("may change in a minor release")
  })
})

describe("a link in docs", () => {
  it("to another page leads to that page", () => {
    expect(targetOf("docs/http.md", "./sql.md#a-transaction")).toEqual({ kind: "page", link: "/sql.md#a-transaction" })
    expect(targetOf("docs/http.md", "README.md")).toEqual({ kind: "page", link: "/guides.md" })
  })

  it("out of docs leads to the repository", () => {
    const links = linksOf(page("architecture.html"))
    expect(links).toContain(`${repository}/blob/main/packages/stamina/checks/rooms.oxlint.json`)
    expect(links).toContain(`${repository}/tree/main/packages/stamina/api`)
  })

  it("elsewhere stays as it is", () => {
    for (const href of ["https://effect.website", "#a-place", "/explorer/index.html", "mailto:a@b.example"]) {
      expect(targetOf("docs/http.md", href)).toEqual({ kind: "as it is" })
    }
  })

  it("to nothing is found, inside of docs and outside", () => {
    expect(targetOf("docs/http.md", "./figures/gone.svg")).toEqual({ kind: "nothing", path: "docs/figures/gone.svg" })
    expect(targetOf("docs/http.md", "../examples/gone")).toEqual({ kind: "nothing", path: "examples/gone" })
  })
})

describe("the sidebar", () => {
  it("has each page of docs once", () => {
    expect(unlisted()).toEqual([])
  })

  it("misses a page that nobody listed", () => {
    expect(unlisted(["http", "written-today"])).toEqual(["written-today"])
  })
})

describe("checkLinks", () => {
  let folder = ""
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const problemsOf = (files: Readonly<Record<string, string>>): ReadonlyArray<string> => {
    folder = mkdtempSync(join(tmpdir(), "effect-stamina-site-"))
    for (const [file, html] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), html)
    }
    return checkLinks(folder, base).problems
  }

  it("finds pages, files and places that are not there", () => {
    expect(problemsOf({
      "index.html": "<a href=gone.html></a><a href=#here></a><a href=api/a.html#there></a><img src=./gone.svg>",
      "api/a.html": "<a href=../index.html></a><a href=a.html#a></a><p id=b>"
    })).toEqual([
      "index.html: gone.html leads to nothing",
      "index.html: #here leads to a place that is not on that page",
      "index.html: api/a.html#there leads to a place that is not on that page",
      "index.html: ./gone.svg leads to nothing",
      "api/a.html: a.html#a leads to a place that is not on that page"
    ])
  })

  it("finds what does not move with the site", () => {
    expect(problemsOf({ "index.html": "<a href=/index.html></a>" }))
      .toEqual([`index.html: /index.html is outside of ${base}`])
  })

  it("takes folders, encoded names and other sites for what they are", () => {
    expect(problemsOf({
      "index.html":
        `<a href=${base}></a><a href=./api/></a><a href=a%20b.html#%C3%A9></a><a href=https://a.example></a>`,
      "api/index.html": "",
      "a b.html": "<p id=é>"
    })).toEqual([])
  })
})
