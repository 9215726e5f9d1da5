/**
 * Running hooks before a wait, and releasing what they acquired after it, so that they can never change what becomes
 * of the run (R8).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { type RetryHook, RetryHooks } from "../RetryHook.ts"
import type { Run } from "./Run.ts"

/** For a driver that waits itself: tells the hooks, waits as decided, and releases what they acquired. */
export const observedWait = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  error: unknown
): Effect.Effect<void> => {
  const wait = Effect.sleep(run.wait)
  const hooks = listeners(fiber)
  if (hooks.length === 0) return wait
  const details = run.details(fiber, error)
  return Effect.suspend(() => {
    const scope = Scope.makeUnsafe()
    return Effect.onExit(Effect.andThen(announce(hooks, details, scope), wait), (exit) => close(scope, exit))
  })
}

/**
 * For a driver that others wait for: tells the hooks, and leaves behind a fiber that releases what they acquired when
 * the wait is over. It is a child of the fiber that retries, and ends with it.
 */
export const observeAhead = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  error: unknown
): Effect.Effect<void> => {
  const hooks = listeners(fiber)
  if (hooks.length === 0) return Effect.void
  const details = run.details(fiber, error)
  const { wait } = run
  return Effect.uninterruptibleMask((restore) => {
    const scope = Scope.makeUnsafe()
    const release = close(scope, Exit.void)
    return Effect.flatMap(
      Effect.onError(restore(announce(hooks, details, scope)), () => release),
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

type OnRetryScheduled = NonNullable<RetryHook["onRetryScheduled"]>

const listeners = (fiber: Fiber.Fiber<unknown, unknown>): ReadonlyArray<OnRetryScheduled> => {
  const found: Array<OnRetryScheduled> = []
  for (const { onRetryScheduled } of fiber.getRef(RetryHooks)) if (onRetryScheduled) found.push(onRetryScheduled)
  return found
}

const announce = (
  hooks: ReadonlyArray<OnRetryScheduled>,
  details: Parameters<OnRetryScheduled>[0],
  scope: Scope.Scope
): Effect.Effect<void> =>
  Scope.provide(
    Effect.forEach(hooks, (onRetryScheduled) => quietly(Effect.suspend(() => onRetryScheduled(details))), {
      discard: true
    }),
    scope
  )

const close = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  quietly(Scope.close(scope, exit))

/** Reports a cause that must not reach the caller, and carries on. */
const quietly = <R>(effect: Effect.Effect<unknown, never, R>): Effect.Effect<void, never, R> =>
  Effect.catchCause(Effect.asVoid(effect), (cause) => Effect.logDebug("effect-stamina: a retry hook died", cause))
