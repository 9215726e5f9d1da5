/**
 * Hooks that need nothing but the fiber. Whoever asks them as any other hook gets an effect; the library runs what is
 * inside as it is, which spares the effect and the scope that it would run in.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { RetryHook } from "./RetryHook.ts"
import type { Seen } from "./attributes.ts"

/** What is told of, as the option of a hook names it without its `on`. */
export type Event = "retryScheduled" | "recovered" | "gaveUp" | "interrupted"

/** What is inside a listener: it is told and returns, and neither waits nor acquires. */
export type Plain = (seen: Seen, fiber: Fiber.Fiber<unknown, unknown>) => void

/** Makes a hook of one plain listener per event. */
export const make = (name: string, plain: (event: Event) => Plain | undefined): RetryHook => ({
  name,
  onRetryScheduled: listener(plain("retryScheduled")),
  onRecovered: listener(plain("recovered")),
  onGaveUp: listener(plain("gaveUp")),
  onInterrupted: listener(plain("interrupted"))
})

/** By the listener and not by the hook, of which somebody may copy some listeners and replace others. */
const insides = /*#__PURE__*/ new WeakMap<object, Plain>()

const listener = (plain: Plain | undefined) => {
  if (plain === undefined) return undefined
  const listener = (seen: Seen): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      plain(seen, fiber)
      return Effect.void
    })
  insides.set(listener, plain)
  return listener
}

/** What is inside a listener, if it was made here. */
export const plainOf = (listener: object): Plain | undefined => insides.get(listener)
