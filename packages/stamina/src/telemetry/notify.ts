/**
 * Notifying the hooks of a run, so that they can never change its outcome.
 *
 * Each hook gets a complete sequence: one end at most, and only after a retry that it was notified of, or after a give-up
 * without any. That holds however slow another hook is, and wherever an interruption comes.
 *
 * Hooks run in their own fibers, so that one can be abandoned or interrupted without the run.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import { type Kind, logLine } from "../tools/logLine.ts"
import { CurrentHooks } from "./layers.ts"
import type { GaveUp, Interrupted, Recovered, RetryDeferred, RetryScheduled } from "./RetryEvent.ts"
import type { Listener, OwnHook, RetryHook } from "./RetryHook.ts"

type End = Recovered | GaveUp | Interrupted

/** What the hooks of one run were notified of. They are notified in order, so two numbers say it. */
export interface Notified {
  /** The hooks, from the first event on. */
  hooks: ReadonlyArray<RetryHook> | undefined
  /** How many of them, from the front, were notified of a retry. */
  heard: number
  /** How the run ended, once it has, and how many of them were notified of it. */
  ending: { readonly event: End; informed: number } | undefined
}

/**
 * Notifies the hooks of a retry. Listeners that return nothing run at once; the effect that comes back, if any, runs the
 * rest in order.
 */
export const scheduled = (
  notified: Notified,
  fiber: Fiber.Fiber<unknown, unknown>,
  see: () => RetryScheduled
): Effect.Effect<void, never, Scope.Scope> | undefined => {
  const hooks = notified.hooks ??= fiber.getRef(CurrentHooks)
  return hooks.length === 0 ? undefined : notifyFrom(0, notified, hooks, fiber, see())
}

const notifyFrom = (
  first: number,
  notified: Notified,
  hooks: ReadonlyArray<RetryHook>,
  fiber: Fiber.Fiber<unknown, unknown>,
  event: RetryScheduled
): Effect.Effect<void, never, Scope.Scope> | undefined => {
  for (let next = first + 1; next <= hooks.length; next++) {
    const listener = hooks[next - 1]?.onRetryScheduled
    if (notified.heard < next) notified.heard = next
    const effect = listener && call(listener, event, fiber)
    if (effect) return Effect.flatMap(effect, () => notifyFrom(next, notified, hooks, fiber, event) ?? Effect.void)
  }
  return undefined
}

/** Notifies the hooks that heard of the retry that it waits for its turn. */
export const deferred = (
  notified: Notified,
  fiber: Fiber.Fiber<unknown, unknown>,
  see: () => RetryDeferred
): Effect.Effect<void> | undefined => {
  const { heard, hooks } = notified
  return hooks === undefined || heard === 0 ? undefined : deferredFrom(0, hooks.slice(0, heard), fiber, see())
}

const deferredFrom = (
  first: number,
  hooks: ReadonlyArray<RetryHook>,
  fiber: Fiber.Fiber<unknown, unknown>,
  event: RetryDeferred
): Effect.Effect<void> | undefined => {
  for (let next = first + 1; next <= hooks.length; next++) {
    const listener = hooks[next - 1]?.onRetryDeferred
    const effect = listener && call(listener, event, fiber)
    if (effect) return Effect.flatMap(effect, () => deferredFrom(next, hooks, fiber, event) ?? Effect.void)
  }
  return undefined
}

/** Notifies hooks of this library that a retry begins. */
export const began = (
  { heard, hooks }: Notified,
  fiber: Fiber.Fiber<unknown, unknown>,
  see: () => RetryScheduled
): void => {
  if (hooks === undefined) return
  for (let i = 0; i < heard; i++) {
    const listener = (hooks[i] as OwnHook).onRetryBegan
    if (listener !== undefined) call(listener, see(), fiber)
  }
}

/** Notifies the hooks of the end of the run. Called again after an interruption, it goes on where it stopped. */
export const ended = (
  notified: Notified,
  fiber: Fiber.Fiber<unknown, unknown>,
  see: () => End
): Effect.Effect<void> | undefined => {
  const hooks = notified.hooks ??= fiber.getRef(CurrentHooks)
  if (hooks.length === 0) return undefined
  const end = notified.ending ??= { event: see(), informed: 0 }
  const audience = notified.heard === 0 && isGiveUpByItself(end.event) ? hooks.length : notified.heard
  while (end.informed < audience) {
    const hook = hooks[end.informed++]
    const effect = hook && callEnd(hook, end.event, fiber)
    if (effect) return Effect.flatMap(effect, () => ended(notified, fiber, see) ?? Effect.void)
  }
  return undefined
}

/** Whether the run gave up, and was not merely interrupted. */
const isGiveUpByItself = (event: End): boolean => event._tag === "GaveUp" && event.reason !== "DeadlineExceeded"

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

/** Calls a listener. What it returns, if that is an effect, can no longer fail, die or take for ever. */
const call = <Event, R>(
  listener: Listener<Event, R>,
  event: Event,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void, never, R> | undefined => {
  try {
    const answer: unknown = listener(event, fiber)
    if (answer === undefined) return undefined
    // whatever the effect requires, the type of listeners has said
    if (Effect.isEffect(answer)) return patiently(answer as Effect.Effect<void, never, R>)
    // a rejection that nobody handles would end the process
    if (Predicate.isPromiseLike(answer)) answer.then(undefined, () => undefined)
    return report(Cause.die(new TypeError("a hook must return an effect or nothing")))
  } catch (defect) {
    return report(Cause.die(defect))
  }
}

/** Closes what hooks have acquired. */
export const close = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> | undefined =>
  scope.state._tag === "Empty" ? undefined : patiently(Scope.close(scope, exit))

/**
 * Runs what a hook does in a fiber of its own, and waits for it for a limited time. Its end does not affect the run. If the
 * run is interrupted, so is the hook. A hook that is done at once costs no timer.
 */
const patiently = <R>(effect: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(effect, { startImmediately: true }), (hook) => {
      const exit = hook.pollUnsafe()
      if (exit !== undefined) return reportFailure(exit)
      const end = Effect.raceFirst(Fiber.await(hook), Effect.as(Effect.sleep(patience), overdue))
      const ended = Effect.onInterrupt(restore(end), () => {
        hook.interruptUnsafe()
        return Effect.flatMap(end, reportDeath)
      })
      return Effect.flatMap(ended, (exit) => {
        if (exit === overdue) hook.interruptUnsafe()
        return reportFailure(exit)
      })
    })
  )

/** How long a hook may take for one event. */
const patience = "10 seconds"

const overdue: Exit.Exit<void> = /*#__PURE__*/ Exit.die("it took longer than 10 seconds")

const reportFailure = (exit: Exit.Exit<void>): Effect.Effect<void> =>
  Exit.isFailure(exit) ? report(exit.cause) : Effect.void

/** Reports a hook that died. An interruption is expected here, and not reported. */
const reportDeath = (exit: Exit.Exit<void>): Effect.Effect<void> =>
  Exit.isFailure(exit) && Cause.hasDies(exit.cause) ? report(exit.cause) : Effect.void

/** Reports a cause that must not reach the caller. Not even a logger that dies of the report reaches the caller. */
const report = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Effect.ignoreCause(Effect.withFiber((fiber) => Effect.sync(() => logLine(fiber, hookDied, { cause }))))

const hookDied: Kind = { level: "Debug", message: "effect-stamina: a retry hook died", labels: {} }
