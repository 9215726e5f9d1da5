/**
 * Asking the door of a run whether a retry that its own limits allow may be made.
 */
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { type Admission, whenAnswered } from "../around/Admission.ts"
import type { Decision } from "../run/Decision.ts"
import * as Run from "../run/Run.ts"
import { isHint } from "../verdict/Verdict.ts"

/** A run that has failed, and whether it holds a retry that its door has granted and that has not ended yet. */
export interface Admitted {
  readonly settings: { readonly admission?: Admission | undefined }
  holdsRetry: boolean
}

type AnyFiber = Fiber.Fiber<unknown, unknown>

/**
 * Decides about the attempt that was closed last, and asks the door where that leads to a retry. A door that wants a
 * longer wait leads to a second decision, with the same random number, since the limits may leave no room for that wait.
 *
 * In test mode nothing waits, and no door is asked.
 */
export const admit = (
  door: Admission,
  run: Run.Planned & Admitted,
  fiber: AnyFiber,
  failure: Run.Failure,
  random: () => number
): Decision | Effect.Effect<Decision> => {
  const { plan: { active, waits } } = run
  const { verdict } = failure
  // a call that was never to be retried has succeeded as far as its dependency goes
  if (verdict !== false || !active) {
    const hint = waits && isHint(verdict) ? Math.min(verdict.wait, verdict.max) : undefined
    door.failed({ attempt: run.attempt, hint }, fiber)
  }
  let u: number | undefined
  const decide = (notBefore?: number) => Run.decide(run, { ...failure, notBefore }, () => u ??= random())
  const decision = decide()
  if (decision._tag === "Stop" || !waits) return decision
  return whenAnswered(door.ask({ retryNum: run.attempt, wait: decision.wait }, fiber), (answer): Decision => {
    if (answer._tag === "Refused") return { _tag: "Stop", reason: answer.reason }
    const admitted = answer.wait === undefined || answer.wait <= 0 ? decision : decide(answer.wait)
    if (admitted._tag === "Retry") run.holdsRetry = true
    else door.unused(fiber)
    return admitted
  })
}

/**
 * For an attempt or a wait that has ended without success: tells the door of a retry that never began. A door that takes
 * its time can have granted it just before an interruption, when the wait has not begun.
 */
export const retryEnded = (run: Run.Run & Admitted, fiber: AnyFiber): void => {
  if (run.holdsRetry && (run.phase === "waiting" || run.phase === "deciding")) run.settings.admission?.unused(fiber)
  run.holdsRetry = false
}

/** Tells the door that the retry has succeeded. */
export const retrySucceeded = (run: Admitted, fiber: AnyFiber): void => {
  if (run.holdsRetry) run.settings.admission?.succeeded(fiber)
  run.holdsRetry = false
}
