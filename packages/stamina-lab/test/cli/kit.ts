/**
 * Runs the program as it is published: one file, by itself.
 */
import { spawn } from "node:child_process"
import { join } from "node:path"

/** Apart from `dist`, which others may be about to pack. */
export const builtTo = join(import.meta.dirname, "..", "..", ".tmp", "test")

export const file = join(builtTo, "stamina.js")

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Around {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** When Ctrl-C is pressed, in milliseconds. */
  readonly interruptAfter?: number
}

/** Runs `stamina` with arguments, where nothing of the environment counts but what is given. */
export const stamina = (
  args: ReadonlyArray<string>,
  { env = {}, interruptAfter, stdin = "" }: Around = {}
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { env })
    if (interruptAfter !== undefined) setTimeout(() => child.kill("SIGINT"), interruptAfter)
    const output = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (output.stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (output.stderr += text))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, ...output }))
    child.stdin.end(stdin)
  })

/** What JSON keeps of a value. */
export const asJson = (value: object): object => JSON.parse(JSON.stringify(value))
