/**
 * Time as durable runs see it: wall-clock time from the fiber's own `Clock`, since a monotonic clock ends with its process.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Workflow from "effect/workflow/Workflow"
import type { WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import { waitByEngine } from "./engineWait.ts"

/** Milliseconds since the epoch, but never before `earliest`: a clock that was set back must not make time run backwards. */
export const now = (fiber: Fiber.Fiber<unknown, unknown>, earliest: number): number =>
  Math.max(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe(), earliest)

/**
 * Sleeps what is left of a wait that began at the time `since`: never more than the whole of it, whatever the clock says.
 *
 * Up to `inMemory` milliseconds it stays awake, and the engine knows of it as of an activity: otherwise a branch beside
 * this one that suspends would take the run down, and this wait would end when that branch wakes. A longer one is the
 * engine's, once nothing else runs.
 */
export const waitFrom = (
  name: string,
  since: number,
  wait: number,
  inMemory: number
): Effect.Effect<void, never, WorkflowEngine | WorkflowInstance> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const left = Math.min(wait, Math.max(0, since + wait - now))
    if (left === 0) return Effect.void
    return left <= inMemory
      ? Workflow.wrapActivityResult(Effect.sleep(left), () => false)
      : waitByEngine(name, left)
  })
