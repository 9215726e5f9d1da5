/**
 * One run: the state between the first attempt and the last, and the step that every driver takes after a failure.
 *
 * A driver makes a `Run` per run, tells it of each failure, and does as the decision says. Reading the clock, drawing
 * a random number and looking at the switches all happen here, at the fiber's services, and nothing is computed here
 * that `Decision` computes.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import { currentMode } from "../Activation.ts"
import * as Decision from "../Decision.ts"
import type { RetryDetails } from "../RetryDetails.ts"
import type { Verdict } from "../RetryOn.ts"
import type { Settings } from "../RetryOptions.ts"
import * as clock from "./clock.ts"
import { judgeCause } from "./judge.ts"

/** What follows from a failure: a decision, or a defect because `on` threw. */
export type Outcome<E> = Decision.Decision | { readonly _tag: "Die"; readonly cause: Cause.Cause<E> }

export class Run {
  readonly settings: Settings
  /** The clock just before the first attempt. */
  readonly start: clock.Reading
  /** The number of the attempt that is being made, or was made last. */
  attempt = 1
  /** Milliseconds waited, the wait that was decided last not included. */
  waited = 0
  /** The wait that was decided last, in milliseconds. */
  wait = 0
  /** Milliseconds from the start to the last failure. */
  elapsed = 0
  /** The switches, as they stood at the first failure. */
  private mode: Decision.Mode | undefined

  constructor(settings: Settings, start: clock.Reading) {
    this.settings = settings
    this.start = start
    this.mode = undefined
  }

  /**
   * Decides about the cause that the last attempt failed with, and counts on if a retry follows.
   *
   * `on` is asked after the clock was read, since its own time counts only from the next failure on, and not at all
   * where retries are switched off. If it throws, what it threw stands beside the failure that it was asked about.
   */
  failed<E>(fiber: Fiber.Fiber<unknown, unknown>, cause: Cause.Cause<E>): Outcome<E> {
    const { judge, rules } = this.settings
    this.elapsed = clock.millisSince(fiber, this.start)
    this.mode ??= currentMode(fiber)
    let verdict: Verdict = false
    if (this.mode._tag !== "Inactive") {
      try {
        verdict = judgeCause(cause, judge)
      } catch (defect) {
        return { _tag: "Die", cause: Cause.combine(cause, Cause.die(defect)) }
      }
    }
    const decision = Decision.decide(
      rules,
      { attempt: this.attempt, elapsed: this.elapsed, verdict, mode: this.mode },
      () => fiber.getRef(Random.Random).nextDoubleUnsafe()
    )
    this.waited += this.wait
    this.wait = 0
    if (decision._tag === "Retry") {
      this.attempt++
      this.wait = decision.wait
    }
    return decision
  }

  /** What hooks see of the retry that was decided last. */
  details(fiber: Fiber.Fiber<unknown, unknown>, causedBy: unknown): RetryDetails {
    return {
      name: nameOf(this.settings, fiber),
      retryNum: this.attempt - 1,
      waitFor: Duration.millis(this.wait),
      waitedSoFar: Duration.millis(this.waited),
      elapsed: Duration.millis(this.elapsed),
      causedBy
    }
  }

  /** The jitter-free wait if the current attempt fails. */
  nextWait(fiber: Fiber.Fiber<unknown, unknown>): Duration.Duration {
    return Duration.millis(Decision.nextWait(this.settings.rules, this.attempt, this.mode ?? currentMode(fiber)))
  }
}

/** What people call the thing that is retried. */
const nameOf = (settings: Settings, fiber: Fiber.Fiber<unknown, unknown>): string => {
  if (settings.name !== undefined) return settings.name
  const { span } = fiber.cache
  return span !== undefined && span._tag === "Span" ? span.name : "<unnamed>"
}
