/**
 * Telling the hooks, so that they can never change what becomes of the run (R8).
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { RetryHook } from "../telemetry/RetryHook.ts"
import { CurrentHooks } from "../telemetry/RetryHooks.ts"
import type { Seen } from "../telemetry/attributes.ts"
import * as clock from "../tools/clock.ts"
import * as details from "../telemetry/details.ts"
import { plainOf } from "../telemetry/plainHook.ts"
import { lastFailure, type Run } from "../run/Run.ts"
import * as steps from "./steps.ts"

/** For a driver that waits itself: tells of the retry, waits as decided, and releases what hooks acquired. */
export const observedWait = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void> => {
  const told = tellScheduled(run, fiber)
  if (told === Effect.void) return waitOf(run, fiber)
  const scope = Scope.makeUnsafe()
  return Effect.onExit(
    Effect.andThen(Scope.provide(told, scope), () => waitOf(run, fiber)),
    (exit) => close(scope, exit)
  )
}

/** A clock is asked to sleep when it is time to, and not before. */
const waitOf = (run: Run, fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> => {
  const { cleanUp } = run.settings
  const sleep = () => clock.sleep(fiber, run.wait)
  const wait = cleanUp === undefined ? sleep() : Effect.andThen(cleanUp(lastFailure(run)?.error), sleep)
  return inSpan(run, wait, "stamina.wait", { "stamina.wait_for": run.wait / 1000 })
}

/** Puts what is part of a run in a span of its own, if that is asked for. */
export const inSpan = <A, E, R>(
  run: Run,
  self: Effect.Effect<A, E, R>,
  name: string,
  attributes: Readonly<Record<string, number>>
): Effect.Effect<A, E, R> => run.settings.spans ? Effect.withSpan(self, name, { attributes }) : self

/**
 * For a driver that others wait for: tells of the retry, and leaves behind a fiber that releases what hooks acquired
 * when the wait is over. It is a child of the fiber that retries, and ends with it.
 */
export const observeAhead = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void> => {
  const told = tellScheduled(run, fiber)
  return told === Effect.void ? Effect.void : Effect.uninterruptibleMask((restore) => {
    const scope = Scope.makeUnsafe()
    const release = close(scope, Exit.void)
    return Effect.flatMap(
      Effect.onError(restore(Scope.provide(told, scope)), () => release),
      () =>
        scope.state._tag === "Empty"
          ? Effect.void
          : run.wait === 0
          ? release
          // begun at once, so that it wakes before the fiber that goes to sleep for the same time after it
          : Effect.forkChild(Effect.onExit(Effect.interruptible(clock.sleep(fiber, run.wait)), () => release), {
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
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void> => {
  if (run.told || !steps.hasGivenUp(run)) return Effect.void
  run.told = true
  return tell(fiber, (hook) => hook.onGaveUp, () => details.gaveUp(run, fiber))
}

/** Tells that the run ends, in the attempt that is being made or in mid-wait, if nobody has been told yet. */
export const observeEnd = (
  run: Run,
  fiber: Fiber.Fiber<unknown, unknown>,
  event: "onRecovered" | "onInterrupted"
): Effect.Effect<void> => {
  if (run.told) return Effect.void
  run.told = true
  return tell(fiber, (hook) => hook[event], () => {
    steps.ends(run, fiber)
    return details.ended(run, fiber)
  })
}

const tellScheduled = (run: Run, fiber: Fiber.Fiber<unknown, unknown>) =>
  tell(fiber, (hook) => hook.onRetryScheduled, () => details.scheduled(run, fiber))

/**
 * Tells the hooks that listen, one after the other. Those at the front that need nothing but the fiber are told right
 * away; what comes back tells the others, and is `Effect.void` where there are none.
 */
const tell = <S extends Seen, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  listenerOf: (hook: RetryHook) => ((seen: S) => Effect.Effect<void, never, R>) | undefined,
  see: () => S
): Effect.Effect<void, never, R> => {
  let seen: S | undefined
  let rest: Effect.Effect<void, never, R> = Effect.void
  for (const hook of fiber.getRef(CurrentHooks)) {
    const listener = listenerOf(hook)
    if (listener === undefined) continue
    const told = seen ??= see()
    const plain = rest === Effect.void ? plainOf(listener) : undefined
    if (plain === undefined) {
      rest = Effect.andThen(rest, quietly(Effect.suspend(() => listener(told))))
      continue
    }
    try {
      plain(told, fiber)
    } catch (defect) {
      rest = report(Cause.die(defect))
    }
  }
  return rest
}

const close = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  quietly(Scope.close(scope, exit))

/** Reports a cause that must not reach the caller, and carries on. */
const quietly = <R>(effect: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> =>
  Effect.catchCause(effect, report)

/** Not even a logger that dies of the report reaches the caller. */
const report = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Effect.ignoreCause(Effect.logDebug("effect-stamina: a retry hook died", cause))
