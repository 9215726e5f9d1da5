/**
 * The part of the platform that the sources may name, beside the language: every platform that effect runs on has it. This
 * file is not part of the package; there, these are the platform's own types.
 */
interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: "abort", listener: () => void): void
}

declare const AbortSignal: {
  any(signals: ReadonlyArray<AbortSignal>): AbortSignal
}

interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

declare const AbortController: { new(): AbortController }

declare function setTimeout(callback: () => void, millis: number): unknown

declare function clearTimeout(timer: unknown): void

declare const performance: { now(): number }

interface URL {
  readonly href: string
  readonly protocol: string
  readonly hostname: string
  readonly port: string
}

declare const URL: { new(url: string): URL; canParse(url: string): boolean }

interface Headers extends Iterable<[name: string, value: string]> {
  get(name: string): string | null
  set(name: string, value: string): void
}

declare const Headers: { new(init?: RequestInit["headers"]): Headers }

interface ReadableStreamDefaultReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(reason?: unknown): Promise<void>
}

interface ReadableStream {
  readonly locked: boolean
  getReader(): ReadableStreamDefaultReader
  cancel(reason?: unknown): Promise<void>
}

interface RequestInit {
  body?: string | object | null | undefined
  headers?: Iterable<readonly [string, string]> | Readonly<Record<string, string>> | undefined
  method?: string | undefined
  redirect?: string | undefined
  signal?: AbortSignal | null | undefined
}

interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: ReadableStream | null
  readonly redirect: string
  readonly signal: AbortSignal
  clone(): Request
}

declare const Request: { new(input: string | URL | Request, init?: RequestInit): Request }

interface Response {
  readonly status: number
  readonly headers: Headers
  readonly body: ReadableStream | null
  readonly bodyUsed: boolean
  clone(): Response
  arrayBuffer(): Promise<ArrayBuffer>
}

declare class TextDecoder {
  decode(input?: Uint8Array, options?: { readonly stream?: boolean }): string
}

declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
