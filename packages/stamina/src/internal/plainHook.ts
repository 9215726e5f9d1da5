/**
 * Hooks that need nothing but the fiber. Whoever asks them as any other hook gets an effect; the library runs what is
 * inside as it is, which spares the effect and the scope that it would run in.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { GaveUp, RetriedRun, RetryDetails } from "../RetryDetails.ts"
import type { RetryHook } from "../RetryHook.ts"

/** What is inside: it is told and returns, and neither waits nor acquires. */
export type Plain<Seen> = (seen: Seen, fiber: Fiber.Fiber<unknown, unknown>) => void

interface Listeners {
  readonly onRetryScheduled: Plain<RetryDetails> | undefined
  readonly onRecovered: Plain<RetriedRun> | undefined
  readonly onGaveUp: Plain<GaveUp> | undefined
  readonly onInterrupted: Plain<RetriedRun> | undefined
}

/** Makes a hook of plain listeners. */
export const make = (name: string, listeners: Listeners): RetryHook => ({
  name,
  onRetryScheduled: listener(listeners.onRetryScheduled),
  onRecovered: listener(listeners.onRecovered),
  onGaveUp: listener(listeners.onGaveUp),
  onInterrupted: listener(listeners.onInterrupted)
})

/** By the listener and not by the hook, of which somebody may copy some listeners and replace others. */
const insides = /*#__PURE__*/ new WeakMap<object, Plain<never>>()

const listener = <Seen>(plain: Plain<Seen> | undefined) => {
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
export const plainOf = <Seen>(listener: (seen: Seen) => unknown): Plain<Seen> | undefined =>
  // what is inside takes what the listener takes
  insides.get(listener) as Plain<Seen> | undefined
