/**
 * Notifying the hooks of a durable run. An attempt notifies them of its outcome before that is recorded, so no replay does it
 * again. If the process dies in between, they are notified again with the attempt.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Run from "../run/run.ts"
import * as eventsOf from "../telemetry/eventsOf.ts"
import { CurrentHooks } from "../telemetry/layers.ts"
import * as notify from "../telemetry/notify.ts"
import type { DurableSettings } from "./options.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Treats all hooks as notified of earlier attempts, whichever process notified them. */
const notifiedOf = ({ settings }: DurableSettings, fiber: AnyFiber, retries: number): notify.Notified => {
  const hooks = settings.hooks ?? fiber.getRef(CurrentHooks)
  return { hooks, heard: retries === 0 ? 0 : hooks.length, ending: undefined }
}

const orNothing = (notified: Effect.Effect<void> | undefined): Effect.Effect<void> => notified ?? Effect.void

/**
 * The decision about an attempt. What hooks acquire is released before the attempt is recorded, since the wait may end in
 * another process.
 */
export const decided = (run: Run.Run, durable: DurableSettings, fiber: AnyFiber, name: string): Effect.Effect<void> => {
  if (run.phase === "waiting") {
    const notified = notify.scheduled(notifiedOf(durable, fiber, 0), fiber, () => eventsOf.retryScheduled(run, name))
    return notified === undefined ? Effect.void : Effect.scoped(notified)
  }
  if (!Run.hasGivenUp(run)) return Effect.void
  return orNothing(notify.ended(notifiedOf(durable, fiber, run.attempt - 1), fiber, () => eventsOf.gaveUp(run, name)))
}

/** A retry waits for its turn. */
export const deferred = (
  run: Run.Run,
  durable: DurableSettings,
  fiber: AnyFiber,
  name: string
): Effect.Effect<void> | undefined =>
  notify.deferred(notifiedOf(durable, fiber, 1), fiber, () => eventsOf.retryDeferred(run, name))

/** A retry begins. */
export const began = (run: Run.Run, durable: DurableSettings, fiber: AnyFiber, name: string): void =>
  notify.began(notifiedOf(durable, fiber, 1), fiber, () => eventsOf.retryScheduled(run, name))

/** The success of an attempt after the first. */
export const recovered = (run: Run.Run, durable: DurableSettings, fiber: AnyFiber, name: string): Effect.Effect<void> =>
  orNothing(notify.ended(notifiedOf(durable, fiber, 1), fiber, () => eventsOf.recovered(run, name)))

/** The interruption of the workflow between attempts. */
export const interrupted = (
  run: Run.Run,
  durable: DurableSettings,
  fiber: AnyFiber,
  name: string
): Effect.Effect<void> =>
  orNothing(notify.ended(notifiedOf(durable, fiber, 1), fiber, () => eventsOf.interrupted(run, name)))
