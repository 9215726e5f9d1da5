/**
 * Telling the hooks, so that they can never change what becomes of the run (R8).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { GiveUpReason } from "../Decision.ts"
import type { RetryHook } from "../RetryHook.ts"
import { CurrentHooks } from "../RetryHooks.ts"
import type { Run } from "./Run.ts"

/** For a driver that waits itself: tells of the retry, waits as decided, and releases what hooks acquired. */
export const observedWait = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  error: unknown
): Effect.Effect<void> => {
  const { cleanUp } = run.settings
  const sleep = cleanUp === undefined ? Effect.sleep(run.wait) : Effect.andThen(cleanUp(error), Effect.sleep(run.wait))
  const wait = run.settings.spans
    ? Effect.withSpan(sleep, "stamina.wait", { attributes: { "stamina.wait_for": run.wait / 1000 } })
    : sleep
  const hooks = interested(fiber, "onRetryScheduled")
  if (hooks.length === 0) return wait
  const details = run.details(fiber, error)
  return Effect.suspend(() => {
    const scope = Scope.makeUnsafe()
    return Effect.onExit(
      Effect.andThen(Scope.provide(tell(hooks, details), scope), wait),
      (exit) => close(scope, exit)
    )
  })
}

/**
 * For a driver that others wait for: tells of the retry, and leaves behind a fiber that releases what hooks acquired
 * when the wait is over. It is a child of the fiber that retries, and ends with it.
 */
export const observeAhead = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  error: unknown
): Effect.Effect<void> => {
  const hooks = interested(fiber, "onRetryScheduled")
  if (hooks.length === 0) return Effect.void
  const details = run.details(fiber, error)
  const { wait } = run
  return Effect.uninterruptibleMask((restore) => {
    const scope = Scope.makeUnsafe()
    const release = close(scope, Exit.void)
    return Effect.flatMap(
      Effect.onError(restore(Scope.provide(tell(hooks, details), scope)), () => release),
      () =>
        scope.state._tag === "Empty"
          ? Effect.void
          : wait === 0
          ? release
          // begun at once, so that it wakes before the fiber that goes to sleep for the same time after it
          : Effect.forkChild(Effect.onExit(Effect.interruptible(Effect.sleep(wait)), () => release), {
            startImmediately: true
          })
    )
  })
}

/**
 * Tells that the run was given up, if it was and nobody has been told yet: a run that fails at once with an error that
 * is not retried never was in want of a retry.
 */
export const observeGiveUp = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  reason: GiveUpReason,
  error: unknown
): Effect.Effect<void> => {
  if (run.told || !run.hasGivenUp) return Effect.void
  run.told = true
  const hooks = interested(fiber, "onGaveUp")
  return hooks.length === 0 ? Effect.void : tell(hooks, run.gaveUp(fiber, reason, error))
}

/** Tells that the run ends, in the attempt that is being made or in mid-wait, if nobody has been told yet. */
export const observeEnd = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  event: "onRecovered" | "onInterrupted"
): Effect.Effect<void> => {
  if (run.told) return Effect.void
  run.told = true
  const hooks = interested(fiber, event)
  if (hooks.length === 0) return Effect.void
  run.ends(fiber)
  return tell(hooks, run.summary(fiber))
}

type Event = Exclude<keyof RetryHook, "name">

const interested = <E extends Event>(
  fiber: Fiber.Fiber<unknown, unknown>,
  event: E
): ReadonlyArray<NonNullable<RetryHook[E]>> => {
  const found: Array<NonNullable<RetryHook[E]>> = []
  for (const hook of fiber.getRef(CurrentHooks)) {
    const listener = hook[event]
    if (listener !== undefined) found.push(listener)
  }
  return found
}

const tell = <Seen, R>(
  hooks: ReadonlyArray<(seen: Seen) => Effect.Effect<void, never, R>>,
  seen: Seen
): Effect.Effect<void, never, R> =>
  Effect.forEach(hooks, (hook) => quietly(Effect.suspend(() => hook(seen))), { discard: true })

const close = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  quietly(Scope.close(scope, exit))

/** Reports a cause that must not reach the caller, and carries on. */
const quietly = <R>(effect: Effect.Effect<unknown, never, R>): Effect.Effect<void, never, R> =>
  Effect.catchCause(Effect.asVoid(effect), (cause) => Effect.logDebug("effect-stamina: a retry hook died", cause))
