/**
 * What becomes of one failure, as far as its error says.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Backoff from "../policy/Backoff.ts"

/**
 * A wait that the other side asks for: at least `wait`, with jitter on top.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hint {
  readonly _tag: "Hint"
  /** The shortest wait, in milliseconds. */
  readonly wait: number
  /** The longest wait that is granted, in milliseconds. A longer request ends the run. */
  readonly max: number
}

/**
 * A backoff of its own for one tag: the numbers that differ from the run's backoff, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface OwnBackoff {
  readonly _tag: "Backoff"
  readonly backoff: Partial<Backoff.Backoff>
}

/**
 * What becomes of an error: `false` (not retried), `true` (retried after the default wait), the exact wait in
 * milliseconds (finite, at least 0), a hint, or a backoff of its own.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = boolean | number | Hint | OwnBackoff

/**
 * The failed attempt that a backoff hook is asked about.
 *
 * @category models
 * @since 0.1.0
 */
export interface FailedAttempt {
  /** The number of the attempt, 1 = the first. */
  readonly num: number
  /** The time from just before the first attempt to this failure. */
  readonly elapsed: Duration.Duration
  /** The wait before this attempt; zero before the first. */
  readonly previousWait: Duration.Duration
}

/** The wait that a verdict says the dependency asked for, in milliseconds. */
export const hintOf = (verdict: Verdict): number | undefined =>
  isHint(verdict) ? Math.min(verdict.wait, verdict.max) : undefined

/** Whether a verdict is a hint. */
export const isHint = (verdict: Verdict): verdict is Hint => typeof verdict === "object" && verdict._tag === "Hint"
