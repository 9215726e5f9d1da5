/**
 * How a run asks its door whether a retry may begin, and does what that answers.
 */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Answer, Door } from "../budget/Door.ts"
import * as Decision from "../run/Decision.ts"
import * as Run from "../run/run.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { isHint, type Verdict } from "../verdict/Verdict.ts"

/** A run that may have a door. */
export interface DoorRun extends Run.Run {
  readonly settings: { readonly door?: Door | undefined }
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly clock: Clock
  holdsRetry: boolean
  deferrals: number
  time(): number
  deadline(): number | undefined
}

/**
 * Asks the door. When that is done the retry is granted, or the run is over. Nobody is asked in test mode.
 */
export const askDoor = (run: DoorRun): Effect.Effect<void> | undefined => {
  const { attempt, deferrals, fiber, plan, settings: { door } } = run
  if (door === undefined || plan === undefined || !plan.waits) return undefined
  const answer = door.ask({ retryNum: attempt, left: plan.timeout - run.time(), deferrals }, fiber)
  return Effect.isEffect(answer) ? obeyWhenAnswered(run, answer) : obey(run, answer)
}

/** A grant is noted where no interruption comes between: the finalizer of the run gives back what was not used. */
const obeyWhenAnswered = (run: DoorRun, answer: Effect.Effect<Answer>): Effect.Effect<void> =>
  Effect.flatMap(
    Effect.uninterruptibleMask((restore) =>
      Effect.map(restore(answer), (answer) => {
        if (answer._tag === "Granted") run.holdsRetry = true
        return answer
      })
    ),
    (answer) => obey(run, answer) ?? Effect.void
  )

const obey = (run: DoorRun, answer: Answer): Effect.Effect<void> | undefined => {
  switch (answer._tag) {
    case "Granted":
      run.holdsRetry = true
      return undefined
    case "Refused":
      Run.end(run, run.time(), answer.reason)
      return undefined
    case "Later":
      return comeLater(run, answer.wait)
    case "Queued":
      run.deferrals++
      return obeyWhenAnswered(run, answer.turn)
  }
}

/** Waits for longer, at least a millisecond, if the limits allow it, and asks again. */
const comeLater = (run: DoorRun, wait: number): Effect.Effect<void> | undefined => {
  const at = run.time()
  const decision = Decision.decideLater(
    (run as Run.Planned).plan, // a run that waits has failed
    { elapsed: at, wait: Math.max(1, wait), deadline: run.deadline() },
    () => draw(run.fiber)
  )
  if (decision._tag === "Stop") {
    Run.end(run, at, decision.reason, decision.refused)
    return undefined
  }
  Run.postpone(run, at + decision.wait)
  return Effect.flatMap(clock.sleep(run.clock, decision.wait), () => askDoor(run) ?? Effect.void)
}

/** Notifies the door that the retry it granted has succeeded. */
export const notifySucceeded = (run: DoorRun): void => {
  if (run.holdsRetry) run.settings.door?.succeeded(run.fiber)
  run.holdsRetry = false
}

/**
 * Notifies the door of a failure, and returns how long it wants to be left alone, in milliseconds. Nobody is asked in test
 * mode.
 */
export const notifyFailed = (run: DoorRun & Run.Planned, verdict: Verdict): number | undefined => {
  const { attempt, fiber, plan: { active, waits }, settings: { door } } = run
  if (door === undefined) return undefined
  // a call that is not retried has succeeded as far as its dependency is concerned
  if (verdict !== false || !active) {
    door.failed({ attempt, hint: waits && isHint(verdict) ? Math.min(verdict.wait, verdict.max) : undefined }, fiber)
  }
  return waits ? door.notBefore(fiber) : undefined
}

/** For an attempt or a wait that has ended without success: notifies the door of a retry that never began. */
export const giveBackUnused = (run: DoorRun): void => {
  if (run.holdsRetry && run.phase === "waiting") run.settings.door?.unused(run.fiber)
  run.holdsRetry = false
}
