/**
 * TypeScript's own language server, asked as an editor asks it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

interface Position {
  readonly line: number
  readonly character: number
}

/** What an editor offers at a place. */
export const completionsAt = async (
  project: string,
  file: string,
  text: string,
  position: Position
): Promise<ReadonlyArray<string>> => {
  const [answer] = await asked(project, file, text, "textDocument/completion", [position])
  const items: ReadonlyArray<{ readonly label: string }> = Array.isArray(answer) ? answer : answer?.items ?? []
  return items.map((item) => item.label)
}

/** What an editor shows at each of some places. */
export const hoversAt = async (
  project: string,
  file: string,
  text: string,
  positions: ReadonlyArray<Position>
): Promise<ReadonlyArray<string>> => {
  const answers = await asked(project, file, text, "textDocument/hover", positions)
  return answers.map((answer) => JSON.stringify(answer?.contents ?? ""))
}

/** Starts the server for a project, asks something about some places, and ends it. */
const asked = async (
  project: string,
  file: string,
  text: string,
  method: string,
  positions: ReadonlyArray<Position>
): Promise<ReadonlyArray<any>> => {
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"))
  const server = spawn(process.execPath, [join(typescript, "bin", "tsc"), "--lsp", "--stdio"], { cwd: project })
  try {
    const ask = talk(server)
    const uri = pathToFileURL(file).href
    await ask("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(project).href,
      capabilities: { textDocument: { completion: { completionItem: {} }, hover: { contentFormat: ["plaintext"] } } }
    })
    notify(server, "initialized", {})
    notify(server, "textDocument/didOpen", {
      textDocument: { uri, languageId: "typescript", version: 1, text }
    })
    const answers: Array<unknown> = []
    for (const position of positions) answers.push(await ask(method, { textDocument: { uri }, position }))
    return answers
  } finally {
    server.kill()
  }
}

const send = (server: ChildProcess, message: object): void => {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message })
  server.stdin!.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

const notify = (server: ChildProcess, method: string, params: unknown): void => send(server, { method, params })

/** Returns a function that sends a request and waits for its answer; the server's own requests are declined. */
const talk = (server: ChildProcess): (method: string, params: unknown) => Promise<any> => {
  const waiting = new Map<number, (result: unknown) => void>()
  let buffer = Buffer.alloc(0)
  server.stdout!.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const end = buffer.indexOf("\r\n\r\n")
      if (end < 0) return
      const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, end).toString())?.[1])
      if (buffer.length < end + 4 + length) return
      const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length).toString())
      buffer = buffer.subarray(end + 4 + length)
      if (message.method !== undefined && message.id !== undefined) send(server, { id: message.id, result: null })
      else waiting.get(message.id)?.(message.result)
    }
  })
  let id = 0
  return (method, params) =>
    new Promise((resolve, reject) => {
      server.once("exit", (code) => reject(new Error(`the language server ended with ${code}`)))
      waiting.set(++id, resolve)
      send(server, { id, method, params })
    })
}
