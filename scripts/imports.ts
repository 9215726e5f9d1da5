/**
 * Holds the direction of imports within the library: a module knows only what stands below it in this table. So there
 * are no cycles, types included, and only what stands above the drivers knows a driver. A new module needs a place.
 *
 * And it holds what the library may use of the world: of packages, `effect` alone; of clocks and chance, nothing but
 * the fiber's services.
 */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { report, root } from "./lib/run.ts"

const table: ReadonlyArray<readonly [what: string, modules: ReadonlyArray<string>]> = [
  ["the barrel, which nobody imports", ["index"]],
  ["what users call", ["Stamina", "HttpRetry", "SqlRetry"]],
  ["HTTP: one call", ["internal/http/Call"]],
  ["HTTP: options made ready", ["internal/http/options"]],
  ["HTTP: failures, hints, what may be sent twice", ["internal/http/*"]],
  ["SQL: errors of a lost connection kept", ["internal/sql/keepingErrors"]],
  ["SQL: what errors mean", ["internal/sql/classify"]],
  ["drivers", ["Retry", "RetrySchedule", "RetryStream"]],
  ["telling the hooks", ["internal/observe"]],
  ["which hooks run", ["RetryHooks"]],
  ["hooks", ["hooks/*"]],
  ["hooks that need nothing but the fiber", ["internal/plainHook"]],
  ["what a hook is", ["RetryHook"]],
  ["what became of an error", ["RetryReport"]],
  ["what hooks see of a run", ["internal/details"]],
  ["the steps of a run, which every driver takes", ["internal/steps"]],
  ["which run an error came out of", ["internal/runs"]],
  ["one run: what is known of it", ["internal/Run"]],
  ["why it gave up, as text", ["internal/giveUpText"]],
  ["what logs and spans say", ["internal/attributes"]],
  ["what hooks and blocks see", ["RetryDetails", "Attempt", "AttemptTimedOut"]],
  ["options made ready", ["internal/settings"]],
  ["options", ["RetryOptions"]],
  ["switches and bounds around", ["Activation", "Deadline", "Nesting"]],
  ["the decision", ["Decision"]],
  ["verdicts on causes", ["internal/judge"]],
  ["what to retry", ["RetryOn"]],
  ["how often, how long", ["RetryPolicy"]],
  ["a policy as JSON, configuration, text", ["internal/policySchema", "internal/policyConfig", "internal/policyText"]],
  ["the worst that a policy allows", ["internal/policyBounds"]],
  ["a policy's fields, spelt", ["internal/policyFields"]],
  ["wait shapes", ["Backoff"]],
  ["what a policy is", ["internal/policyModel"]],
  ["tools", ["internal/check", "internal/clock", "internal/errorType", "internal/history", "internal/words"]]
]

/** Parts of `effect` that only some modules may import, so that whoever does not use these does not load them. */
const reserved: Readonly<Record<string, RegExp>> = {
  "effect/http": /^(?:HttpRetry$|internal\/http\/)/,
  "effect/crypto": /^HttpRetry$/,
  "effect/sql": /^(?:SqlRetry$|internal\/sql\/)/
}

/** The fiber's `Clock` and `Random` are there for all of these; a date made of a number reads no clock. */
const forbidden =
  /\bDate\.now\b|\bnew Date\b(?!\([^)])|\bMath\.random\b|\bperformance\.now\b|\bset(?:Timeout|Interval)\b/g

const rank = (module: string): number =>
  table.findIndex(([, modules]) => modules.includes(module) || modules.includes(module.replace(/\/[^/]+$/, "/*")))

/** A source with spaces for its comments, so that lines stay where they are. Strings may hold what looks like one. */
const withoutComments = (source: string): string =>
  source.replaceAll(
    /\/\*[^]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g,
    (token) => token.startsWith("/") ? token.replaceAll(/[^\n]/g, " ") : token
  )

const folder = process.argv[2] ?? join(root, "packages", "stamina", "src")
const files = globSync("**/*.ts", { cwd: folder }).map((file) => file.replaceAll("\\", "/")).toSorted()
const problems: Array<string> = []

for (const file of files) {
  const module = file.replace(/\.ts$/, "")
  const code = withoutComments(readFileSync(join(folder, file), "utf8"))
  const complain = (index: number, text: string) =>
    problems.push(`packages/stamina/src/${file}:${code.slice(0, index).split("\n").length}: ${text}`)

  if (rank(module) < 0) complain(0, "has no place in the table of scripts/imports.ts")

  // `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`
  for (const { index, 1: target = "" } of code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
    if (!target.startsWith(".")) {
      if (!/^effect(\/|$)/.test(target)) complain(index, `imports ${target}; the library may import nothing but effect`)
      for (const [part, owner] of Object.entries(reserved)) {
        if ((target === part || target.startsWith(`${part}/`)) && !owner.test(module)) {
          complain(index, `imports ${target}, which only ${owner.source} may`)
        }
      }
      continue
    }
    const imported = new URL(target, `file:///${file}`).pathname.slice(1).replace(/\.ts$/, "")
    if (rank(imported) >= 0 && rank(imported) <= rank(module)) {
      complain(index, `imports ${imported} (${table[rank(imported)]?.[0]}), which does not stand below it`)
    }
  }

  for (const { 0: name, index } of code.matchAll(forbidden)) {
    complain(index, `uses ${name}; time and chance are the fiber's services`)
  }
}

report(problems, `${files.length} modules in their places`)
