/**
 * The failed attempt of a run, as a backoff hook sees it.
 */
import * as Duration from "effect/Duration"
import type { Run } from "../run/Run.ts"
import type { FailedAttempt } from "../verdict/Verdict.ts"

/** Few hooks look at the times, so these are made when they do. A literal with getters would cost 0.3 µs per retry. */
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
