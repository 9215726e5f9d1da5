/**
 * (j) What the compiler takes for 200 uses, beside 200 of Effect's own.
 */
import { join } from "node:path"
import { root } from "../../../scripts/lib/run.ts"
import { emptyFolder, figureOf, program, uses, write } from "../checks/uses.ts"
import { ratio, type Result, written } from "./kit/result.ts"
import { figure } from "./kit/statistics.ts"

/** Each beside its yardstick, as `checks/instantiations.ts` has them. */
const pairs: ReadonlyArray<readonly [own: string, other: string]> = [
  [`Stamina.retry({ on: "HttpError", attempts: 3 })`, `Effect.retry(Schedule.recurs(9))`],
  [
    `Stamina.retry({ on: ["HttpError", ParseError], attempts: 3 })`,
    `Effect.retry({ while: (e) => e._tag === "HttpError", times: 3 })`
  ],
  [
    `Stamina.retry({ on: { HttpError: (e) => e.status >= 500 }, attempts: 3 })`,
    `Effect.retry({ while: (e) => e._tag === "HttpError", times: 3 })`
  ],
  [`Effect.retry(staminaSchedule({ on: "HttpError" }))`, `Effect.retry(Schedule.recurs(9))`]
]

const rounds = 15

const folder = emptyFolder("types")
const sources = join(root, "packages", "stamina", "src")
const calls = [...new Set(pairs.flat())]
for (const [i, call] of calls.entries()) write(folder, `use${i}`, program(call), sources)

const seconds = new Map(calls.map((call) => [call, new Array<number>()]))
for (let round = -1; round < rounds; round++) {
  for (const [i, call] of calls.entries()) {
    const taken = await figureOf(folder, `use${i}`, "Total time")
    // the first round fills the caches of the disk
    if (round >= 0) seconds.get(call)?.push(taken)
  }
}

const of = (call: string): ReadonlyArray<number> => seconds.get(call) ?? []

const result: Result = {
  title: `${uses} uses, for the compiler`,
  about: `Seconds that \`tsc\` takes in all for a program of ${uses} uses, each of an effect with errors of its own.`,
  columns: ["", "median", "quarters"],
  rows: calls.map((call) => [`\`${call}\``, ...written(figure(of(call)))]),
  ratios: pairs.map(([own, other]) =>
    ratio(`\`${own}\` / \`${other}\``, of(own).map((value, i) => value / (of(other)[i] ?? Number.NaN)), 1.2)
  )
}

console.log(JSON.stringify([result]))
