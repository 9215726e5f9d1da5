/**
 * Mistakes in what a user has written about errors: `on` throws, or answers what means nothing.
 */
import { read, typeOf } from "../tools/errors.ts"

/** What is known of a mistake. A weak map, since what was thrown is not ours to write on. */
const summaries = /*#__PURE__*/ new WeakMap<WeakKey, string>()

/**
 * Notes a mistake, and leads from it to the error that it was made about: by its `cause`, unless it brings one of its own or
 * cannot hold one.
 */
export const mistake = (thrown: unknown, about: unknown, summary: string): unknown => {
  if (!(thrown instanceof Error)) return thrown
  if (!summaries.has(thrown)) summaries.set(thrown, summary)
  // not enumerable, as where it is handed to the constructor; a frozen error refuses it
  if (thrown !== about && read(thrown, "cause") === undefined) {
    Reflect.defineProperty(thrown, "cause", { value: about, configurable: true, writable: true })
  }
  return thrown
}

/** One sentence about a mistake. What was thrown appears by its type only: its message may hold anything. */
export const summaryOf = (thrown: unknown): string =>
  (thrown instanceof Error ? summaries.get(thrown) : undefined) ?? `\`on\` threw ${typeOf(thrown)}`

/** The sentence about a function of the user's that threw. */
export const threw = (caller: string, option: string, thrown: unknown): string =>
  `${caller}: ${option} threw ${typeOf(thrown)}`
