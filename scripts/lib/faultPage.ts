/**
 * The page of faults by platform, written from what the suite of faults saw.
 */
import { markdownTable } from "markdown-table"
import { faults } from "../../packages/stamina/test/kit/faults/faults.ts"
import type { Sight } from "../../packages/stamina/test/kit/faults/probe.ts"

/** What stands between these two is written by `pnpm runtimes --update`. */
const begin = "<!-- written by scripts/runtimes.ts -->\n"
const end = "<!-- end -->\n"

/** Writes what was seen into the text of the page. */
export const withSights = (page: string, sights: ReadonlyArray<Sight>): string => {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error("docs/http-faults.md has no place for what was seen")
  return `${page.slice(0, from + begin.length)}\n${written(sights)}\n${page.slice(to)}`
}

const written = (sights: ReadonlyArray<Sight>): string => {
  const subjects = [...new Map(sights.map(({ subject, version }) => [subject, version]))]
  const sightOf = (fault: string, subject: string): Sight | undefined =>
    sights.find((sight) => sight.fault === fault && sight.subject === subject)

  const outcome = (sight: Sight | undefined): string =>
    sight === undefined ? "" : sight.looks === undefined ? "no fault" : sight.retried ? "retried" : "final"
  const table = markdownTable([
    ["fault", ...subjects.map(([subject]) => subject)],
    ...faults.map(({ name, what }) => [what, ...subjects.map(([subject]) => outcome(sightOf(name, subject)))])
  ])

  const sections = subjects.map(([subject, version]) => {
    const lines = faults.flatMap(({ name, what }) => {
      const sight = sightOf(name, subject)
      return sight?.looks === undefined ? [] : `- ${what}, ${outcome(sight)}: ${code(sight.looks)}`
    })
    return `## ${subject} (${version})\n\n${lines.join("\n")}\n`
  })
  return `## At a glance\n\n${table}\n\n${sections.join("\n")}`
}

/** Text that is shown as it is, which may hold a backtick. */
const code = (text: string): string => text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``
