/**
 * Running commands: their output together, a time limit, a few at once.
 */
import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { delimiter, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/** A path as people write it: from the root, with slashes. */
export const fromRoot = (path: string): string => relative(root, path).replaceAll("\\", "/")

/** The pnpm that runs this, or the one on the path. */
export const pnpm = process.env["npm_execpath"] ?? "pnpm"

export interface Result {
  readonly ok: boolean
  /** Why it is not ok: an exit code, a signal or a time limit. */
  readonly end: string
  readonly stdout: string
  /** Standard output and standard error, as they came. */
  readonly output: string
}

export interface Options {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeLimit?: number
  /** Sees the output as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined
}

/** Runs a command, and keeps its output, without colours. */
export const run = (command: string, args: ReadonlyArray<string>, options: Options = {}): Promise<Result> =>
  new Promise((resolve) => {
    const { cwd = root, env = process.env, onOutput, timeLimit } = options
    const child = spawn(command, args, {
      cwd,
      env: {
        ...env,
        NO_COLOR: "1",
        FORCE_COLOR: undefined,
        PATH: `${join(root, "node_modules", ".bin")}${delimiter}${env["PATH"]}`
      },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32"
    })
    let stdout = ""
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      output += text
      onOutput?.(text)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text
      onOutput?.(text)
    })
    let tooLong = false
    const timer = timeLimit === undefined ? undefined : setTimeout(() => {
      tooLong = true
      child.kill("SIGKILL")
    }, timeLimit)
    const finish = (ok: boolean, end: string) => {
      clearTimeout(timer)
      resolve({ ok, end, stdout, output })
    }
    child.on("error", (error) => finish(false, error.message))
    child.on(
      "close",
      (code, signal) =>
        finish(code === 0, tooLong ? `still running after ${timeLimit! / 1000} s` : `exit ${code ?? signal}`)
    )
  })

/** Maps over a list, as many items at once as there are processors. */
export const inParallel = async <A, B>(items: ReadonlyArray<A>, f: (item: A) => Promise<B>): Promise<Array<B>> => {
  const results: Array<B> = []
  const rest = items.entries()
  const worker = async () => {
    for (const [index, item] of rest) results[index] = await f(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}

/** Ends a step: all that is wrong, or one line that says what was looked at. */
export const report = (problems: ReadonlyArray<string>, note: string): void => {
  for (const problem of problems) console.error(problem)
  console.log(problems.length === 0 ? `note: ${note}` : `\n${problems.length} problem(s)`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
