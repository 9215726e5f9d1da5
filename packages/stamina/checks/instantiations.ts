/**
 * What a use costs the compiler: the type instantiations that it makes for one call, beside those for Effect's own
 * retries. Ours may come to one and a half times as many.
 *
 * The counts are the compiler's own, of a file with many uses less those of the same file without them, so they do not
 * depend on the machine. Each use has an effect with errors of its own: of types that it knows, the compiler would
 * answer from memory.
 *
 * What is measured against what, the strictest that is of the same kind:
 *
 * - A tag against `Effect.retry` with the plainest schedule. It is the cheapest form that there is, and cheaper than
 *   the options of `Effect.retry`, though it names no errors.
 * - The other forms of `on` against a `while`, which is how Effect chooses errors: a function, whose parameter the
 *   compiler has to find out too.
 * - With the effect first, a tag against the same. A function in `on` is not held to a `while` there, which is cheaper
 *   than any other use of `Effect.retry`; it costs less than the same use in a pipe.
 * - `($) => $(…)` against itself around a plain schedule: it costs more than twice the schedule whatever is in it.
 *
 * `node packages/stamina/checks/instantiations.ts --table` prints all of it; a folder as argument stands for the library's
 * sources.
 */
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { inParallel, report, root } from "../../../scripts/lib/run.ts"
import { emptyFolder, figureOf, program, uses, write } from "./uses.ts"

const plain = `Effect.retry(Schedule.recurs(9))`
const choosing = `Effect.retry({ while: (e) => e._tag === "HttpError", times: 3 })`
const building = `Effect.retry(($) => $(Schedule.recurs(9)))`
const plainFirst = `Effect.retry(effect, Schedule.recurs(9))`

const subjects: ReadonlyArray<readonly [call: string, yardstick?: string]> = [
  [plain],
  [`Effect.retry({ times: 3 })`],
  [choosing],
  [building],
  [plainFirst],
  [`Effect.retry(effect, { while: (e) => e._tag === "HttpError", times: 3 })`],
  [`Stamina.retry({ on: "HttpError", attempts: 3 })`, plain],
  [`Stamina.retry({ on: ["HttpError", "ParseError"], attempts: 3 })`, choosing],
  [`Stamina.retry({ on: ["HttpError", ParseError], attempts: 3 })`, choosing],
  [`Stamina.retry({ on: HttpError, attempts: 3 })`, choosing],
  [`Stamina.retry({ on: (e) => e._tag === "HttpError", attempts: 3 })`, choosing],
  [`Stamina.retry({ on: { HttpError: (e) => e.status >= 500 }, attempts: 3 })`, choosing],
  [`Stamina.retry(effect, { on: "HttpError", attempts: 3 })`, plainFirst],
  [`Stamina.retry(effect, { on: { HttpError: (e) => e.status >= 500 }, attempts: 3 })`],
  [`Effect.retry(staminaSchedule({ on: "HttpError" }))`, plain],
  [`Effect.retry(($) => $(staminaSchedule({ on: "HttpError" })))`, building]
]

/** How many times a yardstick's instantiations a use may make. */
const limit = 1.5

const { positionals: [given], values: { table } } = parseArgs({
  allowPositionals: true,
  options: { table: { type: "boolean" } }
})
const sources = resolve(given ?? join(root, "packages", "stamina", "src"))
const folder = emptyFolder("instantiations")

/** How many instantiations the compiler makes for a program. */
const count = async (name: string, source: string): Promise<number> => {
  write(folder, name, source, sources)
  return figureOf(folder, name, "Instantiations")
}

/** The instantiations that each call makes, by call. */
const measure = async (): Promise<ReadonlyMap<string, number>> => {
  const none = await count("none", program(undefined))
  const counts = await inParallel([...subjects.entries()], ([index, [call]]) => count(`use${index}`, program(call)))
  return new Map(subjects.map(([call], index) => [call, ((counts[index] ?? NaN) - none) / uses]))
}

try {
  const cost = await measure()
  const problems: Array<string> = []
  if (table) console.log("| use | instantiations | of the yardstick's |\n| --- | --: | --: |")
  for (const [call, yardstick] of subjects) {
    const own = cost.get(call) ?? NaN
    const ratio = yardstick === undefined ? undefined : own / (cost.get(yardstick) ?? NaN)
    if (table) {
      console.log(`| \`${call}\` | ${own.toFixed(0)} | ${ratio === undefined ? "" : `${ratio.toFixed(2)} ×`} |`)
    }
    // what cannot be compared is no less wrong
    if (ratio !== undefined && !(ratio <= limit)) {
      problems.push(`${call}: ${ratio.toFixed(2)} times the instantiations of ${yardstick}, and ${limit} are the limit`)
    }
  }
  report(problems, `${subjects.length} uses, none past ${limit} times Effect's own`)
} catch (error) {
  report([error instanceof Error ? error.message : String(error)], "")
}
