/**
 * What `on` says about the cause that an attempt failed with, and what a run inside has said about it.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import * as defaults from "../ambient/defaults.ts"
import { hasGivenUp, type Planned, type Run } from "../run/run.ts"
import { tellMistake } from "../telemetry/mistakes.ts"
import type { FailedAttempt, Verdict } from "../verdict/model.ts"
import { firstErrorOf, judgeCause } from "../verdict/ofCause.ts"
import type { Settings } from "./settings.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** A cause and the verdict on it. */
export interface Judged<E> {
  readonly cause: Cause.Cause<E>
  readonly verdict: Verdict
}

/**
 * Asks `on`, unless retries are switched off. If it throws, what it threw comes out as a defect, alone: a failure beside it
 * would hide it from all that look at the failure only, and keep handlers of that failure from handling it.
 *
 * An error that the retry itself made is retried without asking, unless `on` names it: `ownError` is the one of this
 * attempt, if it has one.
 */
export const judgeFailure = <E>(
  run: Planned,
  { judge, looksAtAttempts, name, namesTimeouts }: Settings,
  cause: Cause.Cause<E>,
  ownError: unknown,
  fiber: AnyFiber
): Judged<E> => {
  if (!run.plan.active) return { cause, verdict: false }
  const attempt = looksAtAttempts ? failedAttempt(run) : unseen
  const asked = ownError === undefined || namesTimeouts ? judge : sparing(ownError, judge)
  try {
    return { cause, verdict: judgeCause(cause, asked, attempt, fiber) }
  } catch (defect) {
    tellMistake(fiber, name, defect, firstErrorOf(cause))
    return { cause: Cause.die(defect), verdict: false }
  }
}

const sparing = (ownError: unknown, judge: Settings["judge"]): Settings["judge"] => (error, attempt, fiber) =>
  error === ownError || judge(error, attempt, fiber)

/** Placeholder for an `on` that looks at no attempt. */
const unseen: FailedAttempt = { num: 0, elapsed: Duration.zero, previousWait: Duration.zero }

/** Whether a run inside the attempt has given up on the failure, and it is to be retried once only. */
export const alreadyRetried = ({ nested }: Settings, inner: Run | undefined, fiber: AnyFiber): boolean =>
  inner !== undefined && hasGivenUp(inner) && (nested ?? fiber.getRef(defaults.Current).nested) === "once"

/** A failed attempt, as a function in `on` sees it. Few look at the times, so these are made when they do. */
class Failed implements FailedAttempt {
  readonly num: number
  readonly #elapsed: number
  readonly #previousWait: number

  constructor(run: Run) {
    this.num = run.attempt
    this.#elapsed = run.elapsed
    this.#previousWait = run.previousWait ?? 0
  }

  get elapsed(): Duration.Duration {
    return Duration.millis(this.#elapsed)
  }

  get previousWait(): Duration.Duration {
    return Duration.millis(this.#previousWait)
  }
}

/** The attempt that was closed last. */
export const failedAttempt = (run: Run): FailedAttempt => new Failed(run)
