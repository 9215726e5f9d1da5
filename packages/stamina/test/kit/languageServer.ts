/**
 * TypeScript's own language server, asked as an editor asks it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

/** Starts the server for a project, asks what it offers at a place, and ends it. */
export const completionsAt = async (
  project: string,
  file: string,
  text: string,
  position: { readonly line: number; readonly character: number }
): Promise<ReadonlyArray<string>> => {
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"))
  const server = spawn(process.execPath, [join(typescript, "bin", "tsc"), "--lsp", "--stdio"], { cwd: project })
  try {
    const ask = talk(server)
    const uri = pathToFileURL(file).href
    await ask("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(project).href,
      capabilities: { textDocument: { completion: { completionItem: {} } } }
    })
    notify(server, "initialized", {})
    notify(server, "textDocument/didOpen", {
      textDocument: { uri, languageId: "typescript", version: 1, text }
    })
    const answer = await ask("textDocument/completion", { textDocument: { uri }, position })
    const items: ReadonlyArray<{ readonly label: string }> = Array.isArray(answer) ? answer : answer?.items ?? []
    return items.map((item) => item.label)
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
