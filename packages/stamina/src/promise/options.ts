/**
 * Checks the options of `RetryPromise`, once per `retried` and once per call of `retry`.
 */
import { fromNamedOptions, retryFields, type Settings } from "../drive/settings.ts"
import { refuse } from "../tools/check.ts"
import { isName, read } from "../tools/errors.ts"
import type { AnyFunction, PromiseOptions } from "./model.ts"
import { byCode } from "./naming.ts"

const fields: ReadonlyArray<string> = /*#__PURE__*/ retryFields.concat("signal")

/** Checks what all have in common. */
export const fromOptions = (caller: string, options: PromiseOptions): Settings =>
  fromNamedOptions(caller, options, fields, byCode)

/** The function's own name, where the options say none. */
export const withName = (settings: Settings, { name }: AnyFunction): Settings =>
  settings.name === undefined && isName(name) ? { ...settings, name } : settings

/** Not by `instanceof`: a signal may come from another realm, or from a polyfill. */
export const checkSignal = (caller: string, signal: AbortSignal | undefined): AbortSignal | undefined =>
  signal === undefined ||
    ["addEventListener", "removeEventListener"].every((name) => typeof read(signal, name) === "function")
    ? signal
    : refuse(caller, "signal", "an AbortSignal", signal)

/** How the signal of a call is found. */
export const checkSignalOf = <Find>(caller: string, find: Find): Find =>
  find === undefined || typeof find === "function"
    ? find
    : refuse(caller, "signal", "a function from the arguments to an AbortSignal", find)

/**
 * Checks the function. A generator function returns at once and fails later, where no retry would see it; and one that
 * begins anew would repeat what it has yielded.
 */
export const checkFunction = (caller: string, fn: unknown): void => {
  if (typeof fn !== "function") return void refuse(caller, "what is retried", "a function", fn)
  const kind: unknown = Reflect.get(fn, Symbol.toStringTag)
  if (kind === "GeneratorFunction" || kind === "AsyncGeneratorFunction") {
    refuse(caller, "what is retried", "a function that returns a value or a promise, and no generator", fn)
  }
}
