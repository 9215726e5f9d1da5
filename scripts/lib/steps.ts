/**
 * Taking the steps of `pnpm test`, and showing what is wrong with them, once and short.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { clearLine, cursorTo } from "node:readline"
import { inParallel, pnpm, root, run } from "./run.ts"

export interface Step {
  readonly name: string
  /** Run side by side, as many at once as there are processors. */
  readonly commands: ReadonlyArray<string>
  /** The file in which vitest leaves its results. */
  readonly results?: string
  /** Is taken only when it is asked for by name. */
  readonly onRequest?: boolean
}

export interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly output: string
  /** What stands behind the step in the list: what it says of itself, or why it failed. */
  readonly notes: ReadonlyArray<string>
  readonly skipped: ReadonlyArray<string>
}

/** How much a step that goes well may print: all of them together fit on two screens. */
const linesOfStep = 20

/** How much is shown of all failures together: a bit more than a screen. */
const linesOfFailures = 80

/** Where the path may lead to others. */
const programs: Readonly<Record<string, string>> = { node: process.execPath, pnpm }

/** Runs the commands of a step, and keeps what they print. */
export const take = async (
  { commands, name }: Step,
  onOutput?: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env
): Promise<Outcome> => {
  const results = await inParallel(commands, async (command) => {
    const [program = "", ...args] = command.split(" ")
    const options = { env: { ...env, SHOW_PROGRESS: "1" }, onOutput }
    const { end, ok, output } = await run(programs[program] ?? program, args, options)
    return { ok, lines: linesOf(output), end: `${command}: ${end}` }
  })
  const lines = results.flatMap((result) => result.lines)
  const said = (kind: "note" | "skipped") =>
    lines.filter((line) => line.startsWith(`${kind}: `)).map((line) => line.slice(kind.length + 2))
  const skipped = said("skipped")

  const failed = results.filter(({ ok }) => !ok)
  if (failed.length > 0) {
    const outputs = failed.map(({ end, lines }) => lines.filter((line) => !line.startsWith("note: ")).join("\n") || end)
    return { name, ok: false, output: withoutRepeats(outputs), notes: [], skipped }
  }
  const wrong: Array<string> = []
  if (lines.length > linesOfStep) {
    wrong.push(`went well, but printed ${lines.length} lines, and ${linesOfStep} are the limit`)
  }
  if (skipped.length > 0 && env["CI"]) wrong.push("skipped something, and nobody watches: CI is set")
  const output = [...wrong, "", ...lines].join("\n")
  return { name, ok: wrong.length === 0, output, notes: [...wrong, ...said("note")], skipped }
}

/** The lines of an output, but for those that tell how far a command has come, and where vitest left its results. */
const linesOf = (output: string): ReadonlyArray<string> => {
  const lines = output.split(/\r?\n/).filter((line) => !/^progress: |^JSON report written to /.test(line))
  while (lines.at(-1)?.trim() === "") lines.pop()
  return lines
}

/** Commands that look at the same file find the same mistake: a line, with those indented below it. */
const withoutRepeats = ([first = "", ...rest]: ReadonlyArray<string>): string =>
  rest.length === 0 ? first : [...new Set([first, ...rest].join("\n").split(/\n(?=\S)/))].join("\n")

/** What the steps that failed printed: the beginning of each, and the file that has the whole. */
export const failures = (failed: ReadonlyArray<Outcome>, folder = ".tmp"): string =>
  failed.map(({ name, output }) => {
    const lines = output.replace(/^\s*\n/, "").split("\n")
    const most = Math.floor(linesOfFailures / failed.length)
    const shown = [`--- ${name} ${"-".repeat(Math.max(0, 76 - name.length))}`, ...lines.slice(0, most)]
    if (lines.length > most) {
      const file = `${folder}/${name.replaceAll(":", "-")}.txt`
      mkdirSync(join(root, folder), { recursive: true })
      writeFileSync(join(root, file), `${output}\n`)
      shown.push(`… and ${lines.length - most} more lines in ${file}`)
    }
    return shown.join("\n")
  }).join("\n\n")

/** One line at the end of the terminal that says how far a step has come; nothing where nobody watches. */
export const showProgress = (name: string): { readonly onOutput: (text: string) => void; readonly end: () => void } => {
  const { stdout } = process
  if (!stdout.isTTY) return { onOutput: () => {}, end: () => {} }
  const start = performance.now()
  let last = ""
  const clear = () => {
    cursorTo(stdout, 0)
    clearLine(stdout, 0)
  }
  const draw = () => {
    clear()
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    stdout.write(`...  ${name.padEnd(12)} ${seconds.padStart(4)} s  ${last}`.slice(0, stdout.columns - 1))
  }
  const timer = setInterval(draw, 1000)
  draw()
  return {
    onOutput: (text) => {
      last = text.trimEnd().split("\n").at(-1)?.replace(/^progress: /, "").trim() ?? ""
      draw()
    },
    end: () => {
      clearInterval(timer)
      clear()
    }
  }
}
