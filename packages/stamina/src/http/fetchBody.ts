/**
 * Bodies of responses of `fetch` that are read ahead. Whoever gets the response afterwards reads it from the start.
 */
import type { Services } from "../promise/services.ts"
import { after } from "../promise/timer.ts"
import { maxBytes, maxMillis } from "./limits.ts"

/** Reads a copy of a body that is not too long, so that its connection can be used again. */
export class ReadAhead {
  private readonly response: Response
  private readonly copy: ReadableStreamDefaultReader | undefined
  private isComplete = false

  constructor(response: Response) {
    this.response = response
    if (!isUntouched(response) || lengthOf(response) > maxBytes) return
    this.copy = copyOf(response)
    this.read(this.copy).catch(ignore)
  }

  private async read(copy: ReadableStreamDefaultReader): Promise<void> {
    for (let bytes = 0; bytes <= maxBytes;) {
      const { done, value } = await copy.read()
      if (done) return void (this.isComplete = true)
      bytes += value?.byteLength ?? 0
    }
  }

  /** Nobody needs the response: breaks off what was not read. */
  discard(): void {
    if (this.isComplete) return
    this.leave()
    if (isUntouched(this.response)) this.response.body?.cancel().catch(ignore)
  }

  /** The response comes out, and is read by others. */
  leave(): void {
    if (!this.isComplete) this.copy?.cancel().catch(ignore)
  }
}

/** Reads a body as text: rejects if it is too long or takes too long. */
export const textOf = async (response: Response, services: Services): Promise<string> => {
  if (response.body === null) return ""
  if (lengthOf(response) > maxBytes) throw tooLong()
  const copy = copyOf(response)
  let stop: (() => void) | undefined
  const late = new Promise<never>((_, reject) => {
    stop = after(services, maxMillis, () => reject(new Error(`the body took longer than ${maxMillis} ms`)), reject)
  })
  try {
    return await Promise.race([decoded(copy), late])
  } catch (error) {
    copy.cancel().catch(ignore)
    throw error
  } finally {
    stop?.()
  }
}

const decoded = async (copy: ReadableStreamDefaultReader): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ""
  for (let bytes = 0;;) {
    const { done, value } = await copy.read()
    if (done) return text + decoder.decode()
    bytes += value?.byteLength ?? 0
    if (bytes > maxBytes) throw tooLong()
    text += decoder.decode(value, { stream: true })
  }
}

/** Reads a body to its end. It stays in memory, and the response can be read as if nothing had happened. */
export const readWhole = async (response: Response): Promise<void> => {
  if (isUntouched(response)) await response.clone().arrayBuffer()
}

const tooLong = () => new Error(`the body is longer than ${maxBytes} bytes`)

const isUntouched = ({ body, bodyUsed }: Response): boolean => body !== null && !bodyUsed && !body.locked

const lengthOf = ({ headers }: Response): number => Number(headers.get("content-length") ?? 0)

/** A copy of the body; the original keeps what is read from it. */
const copyOf = (response: Response): ReadableStreamDefaultReader => {
  const { body } = response.clone()
  // a response with a body has a clone with one
  return (body as ReadableStream).getReader()
}

const ignore = () => {}
