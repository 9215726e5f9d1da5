/**
 * Telling the hooks of a durable run. An attempt tells what became of it before it is recorded, so no replay tells it again;
 * where the process dies in between, it is told again with the attempt.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Run from "../run/Run.ts"
import * as eventsOf from "../telemetry/eventsOf.ts"
import { CurrentHooks } from "../telemetry/RetryTelemetry.ts"
import * as tell from "../telemetry/tell.ts"
import type { DurableSettings } from "./options.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** What hooks have heard of earlier attempts: all of it, in whichever process that was. */
const heardOf = ({ settings }: DurableSettings, fiber: AnyFiber, retries: number): tell.Story => {
  const hooks = settings.hooks ?? fiber.getRef(CurrentHooks)
  return { hooks, heard: retries === 0 ? 0 : hooks.length, end: undefined }
}

const orNothing = (told: Effect.Effect<void> | undefined): Effect.Effect<void> => told ?? Effect.void

/**
 * The decision about an attempt. What hooks acquire is released before the attempt is recorded, since the wait may end in
 * another process.
 */
export const decided = (run: Run.Run, durable: DurableSettings, fiber: AnyFiber, name: string): Effect.Effect<void> => {
  if (run.phase === "waiting") {
    const told = tell.scheduled(heardOf(durable, fiber, 0), fiber, () => eventsOf.retryScheduled(run, name))
    return told === undefined ? Effect.void : Effect.scoped(told)
  }
  if (!Run.hasGivenUp(run)) return Effect.void
  return orNothing(tell.ended(heardOf(durable, fiber, run.attempt - 1), fiber, () => eventsOf.gaveUp(run, name)))
}

/** The success of an attempt after the first. */
export const recovered = (run: Run.Run, durable: DurableSettings, fiber: AnyFiber, name: string): Effect.Effect<void> =>
  orNothing(tell.ended(heardOf(durable, fiber, 1), fiber, () => eventsOf.recovered(run, name)))

/** The interruption of the workflow between attempts. */
export const interrupted = (
  run: Run.Run,
  durable: DurableSettings,
  fiber: AnyFiber,
  name: string
): Effect.Effect<void> =>
  orNothing(tell.ended(heardOf(durable, fiber, 1), fiber, () => eventsOf.interrupted(run, name)))
