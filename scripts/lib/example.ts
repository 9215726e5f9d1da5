/**
 * Running a piece of code that readers see, and holding it to what it claims to print.
 *
 * What a `console.log` prints is claimed in a comment behind it, or in comment lines of their own right below it:
 *
 *     console.log(policy.attempts) // 10
 *
 *     Effect.runPromise(program).then(console.log)
 *     // { id: 1,
 *     //   name: 'Ada' }
 *
 * Code that claims anything must claim all that it prints, in order. Effect's log records are not counted.
 */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { root, run } from "./run.ts"

/** The lines that a piece of code claims to print. */
export const claims = (code: string): ReadonlyArray<string> => {
  const lines = code.split("\n")
  const found: Array<string> = []
  for (let i = 0; i < lines.length; i++) {
    const at = lines[i]!.search(/\b[cC]onsole\.log\b/)
    if (at < 0 || isComment(lines[i]!)) continue
    i = endOfCall(lines, i, at)
    const behind = /\/\/.*$/.exec(withoutStrings(lines[i]!))
    if (behind) found.push(behind[0])
    else while (isComment(lines[i + 1] ?? "")) found.push(lines[++i]!)
  }
  return found.map((line) => line.replace(/^\s*\/\/ ?/, "").trimEnd())
}

const isComment = (line: string): boolean => line.trimStart().startsWith("//")

/** The index of the line on which a call ends, where `at` is its place on the line with index `first`. */
const endOfCall = (lines: ReadonlyArray<string>, first: number, at: number): number => {
  let open = 0
  for (let i = first; i < lines.length; i++) {
    const code = withoutStrings(i === first ? lines[i]!.slice(at) : lines[i]!).replace(/\/\/.*$/, "")
    for (const c of code) open += c === "(" ? 1 : c === ")" ? -1 : 0
    if (open <= 0) return i
  }
  return first
}

/** Empties the strings on a line, which may hold brackets and slashes, but not its comment, which may hold quotes. */
const withoutStrings = (line: string): string =>
  line.replaceAll(
    /\/\/.*$|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g,
    (all) => all.startsWith("//") ? all : "\"\""
  )

/** Effect takes longest to load: compiled code is kept from one example to the next. */
const compiled = join(root, ".tmp", "compiled")

const preload = fileURLToPath(new URL("./logsAside.ts", import.meta.url))

/** Runs a file, and says what is wrong with it, if anything. */
export const check = async (file: string, code: string, timeLimit = 30_000): Promise<string | undefined> => {
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled }
  const { end, ok, output, stdout } = await run(process.execPath, ["--import", preload, file], { timeLimit, env })
  if (!ok || /^Uncaught /m.test(output)) return `${end}\n${output}`
  const claimed = claims(code)
  const printed = stdout.split("\n").map((line) => line.trimEnd())
  while (printed.at(-1) === "") printed.pop()
  if (claimed.length === 0 || claimed.join("\n") === printed.join("\n")) return undefined
  return `claims to print\n${indent(claimed)}\nbut prints\n${indent(printed)}`
}

const indent = (lines: ReadonlyArray<string>): string => lines.map((line) => `    ${line}`).join("\n")
