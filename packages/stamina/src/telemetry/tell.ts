/**
 * Telling the hooks of a run what happens to it, so that they can never change what becomes of it.
 *
 * Each hook hears a story of its own that is whole: it hears of an end once, and only if it has heard of a retry, or if
 * the run gave up without one. That holds however slow another hook is, and wherever an interruption comes.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { GaveUp, Interrupted, Recovered, RetryScheduled } from "./RetryEvent.ts"
import type { Listener, RetryHook } from "./RetryHook.ts"
import { CurrentHooks } from "./RetryTelemetry.ts"

type End = Recovered | GaveUp | Interrupted

/** What the hooks of one run have heard. They are told in order, so two numbers say it. */
export interface Story {
  /** The hooks, from the first event on. */
  hooks: ReadonlyArray<RetryHook> | undefined
  /** How many of them, from the front, have heard of a retry. */
  heard: number
  /** How the run ended, once it has. */
  end: End | undefined
  /** How many of them have been told of the end. */
  informed: number
}

/**
 * Tells the hooks of a retry. Listeners that return nothing run at once; the effect that comes back, if any, runs the
 * rest in order.
 */
export const scheduled = (
  story: Story,
  fiber: Fiber.Fiber<unknown, unknown>,
  see: () => RetryScheduled
): Effect.Effect<void, never, Scope.Scope> | undefined => {
  const hooks = story.hooks ??= fiber.getRef(CurrentHooks)
  let event: RetryScheduled | undefined
  let next = 0
  const tellRest = (): Effect.Effect<void, never, Scope.Scope> | undefined => {
    while (next < hooks.length) {
      const listener = hooks[next++]?.onRetryScheduled
      if (story.heard < next) story.heard = next
      const effect = listener && call(listener, event ??= see(), fiber)
      if (effect) return Effect.flatMap(effect, () => tellRest() ?? Effect.void)
    }
    return undefined
  }
  return tellRest()
}

/** Tells the hooks how the run ended. Called again after an interruption, it goes on where it stopped. */
export const ended = (
  story: Story,
  fiber: Fiber.Fiber<unknown, unknown>,
  see: () => End
): Effect.Effect<void> | undefined => {
  const hooks = story.hooks ??= fiber.getRef(CurrentHooks)
  if (hooks.length === 0) return undefined
  const event = story.end ??= see()
  const audience = story.heard > 0 || event._tag !== "GaveUp" ? story.heard : hooks.length
  while (story.informed < audience) {
    const hook = hooks[story.informed++]
    const effect = hook && callEnd(hook, event, fiber)
    if (effect) return Effect.flatMap(effect, () => ended(story, fiber, see) ?? Effect.void)
  }
  return undefined
}

const callEnd = (hook: RetryHook, event: End, fiber: Fiber.Fiber<unknown, unknown>) => {
  switch (event._tag) {
    case "Recovered":
      return hook.onRecovered && call(hook.onRecovered, event, fiber)
    case "GaveUp":
      return hook.onGaveUp && call(hook.onGaveUp, event, fiber)
    case "Interrupted":
      return hook.onInterrupted && call(hook.onInterrupted, event, fiber)
  }
}

/** Calls a listener. What it returns, if that is an effect, can no longer fail or die. */
const call = <Event, R>(
  listener: Listener<Event, R>,
  event: Event,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void, never, R> | undefined => {
  try {
    const effect = listener(event, fiber)
    if (effect === undefined) return undefined
    return Effect.isEffect(effect)
      ? quietly(effect)
      : report(Cause.die(new TypeError("a hook must return an effect or nothing")))
  } catch (defect) {
    return report(Cause.die(defect))
  }
}

/** Closes what hooks have acquired. */
export const close = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  quietly(Scope.close(scope, exit))

/** Reports a cause that must not reach the caller, and carries on. */
const quietly = <R>(effect: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> =>
  Effect.catchCause(effect, report)

/** Not even a logger that dies of the report reaches the caller. */
const report = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Effect.ignoreCause(Effect.logDebug("effect-stamina: a retry hook died", cause))
