/**
 * Loaded by vitest before each file of tests: holds back what they print. A test that fails shows the beginning of it; a
 * test that passes must not print, so that a run in which all is well stays short.
 */
import { Console } from "node:console"
import { Writable } from "node:stream"
import { afterAll, afterEach } from "vitest"

/** How much of what a test printed is shown. */
const mostLines = 10

let printed: Array<string> = []

const held = new Writable({
  decodeStrings: false,
  write: (text, _, done) => {
    printed.push(String(text))
    done()
  }
})
globalThis.console = new Console({ stdout: held, stderr: held })

/** The beginning of what was printed since it was last asked for, without what tells `seen` once more. */
const take = (seen: ReadonlyArray<string> = []): string => {
  const lines = printed.filter((text) => !seen.some((message) => message !== "" && text.includes(message)))
    .join("").trimEnd().split("\n")
  printed = []
  const rest = lines.length - mostLines
  return [...lines.slice(0, mostLines), ...(rest > 0 ? [`… and ${rest} more lines`] : [])].join("\n")
}

const refuse = (who: string, output: string): void => {
  if (output === "") return
  const error = new Error(`${who} printed, where a test that passes must not:\n${output}`)
  error.stack = error.message // it would lead here, and not to what printed
  throw error
}

afterEach(({ task }) => {
  const { errors = [], state } = task.result ?? {}
  if (state !== "fail") return refuse("The test", take())
  // @effect/vitest logs the failures of its tests, which vitest shows as well
  const output = take(errors.map(({ message }) => message))
  const [error] = errors
  if (error && output !== "") error.message += `\n\nBefore that, the test printed:\n${output}`
})

afterAll(() => refuse("Code outside of the tests", take()))
