/**
 * The part of the platform that the sources may name, beside the language: every platform that effect runs on has it. This
 * file is no part of the package; there, these are the platform's own types.
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
  readonly protocol: string
  readonly hostname: string
  readonly port: string
}

declare const URL: { new(url: string): URL; canParse(url: string): boolean }
