/**
 * One run: what is known between its first attempt and its last. Times are milliseconds since just before the first
 * attempt.
 */
import type { AttemptTimedOut } from "../drive/AttemptTimedOut.ts"
import type * as Decision from "./Decision.ts"
import type * as clock from "../tools/clock.ts"
import type { FailedAttempt } from "./history.ts"
import type { Settings } from "../drive/settings.ts"

export interface Run {
  readonly settings: Settings
  /** The clock just before the first attempt. */
  readonly start: clock.Reading
  /** The number of the attempt that is being made, or was made last. */
  attempt: number
  /** The wait that was decided last. */
  wait: number
  /** The waits before that one, added up. */
  waited: number
  /** When the last failure was, or the end. */
  elapsed: number
  /** When the current attempt began. In mid-wait, when it begins if the wait ends on time. */
  began: number
  /** How long the last attempt took. */
  took: number
  /** How long all attempts took. */
  inAttempts: number
  /** Whether no attempt is being made, but one is to follow. */
  waiting: boolean
  /** How many attempts were made, those of runs inside counted in place of the attempt that they were made in. */
  calls: number
  /** The switches, as they stood at the first failure. */
  mode: Decision.Mode | undefined
  /** The attempts that failed, once there is one: the first and the last few. */
  history: Array<FailedAttempt<Run>> | undefined
  /** The error of this run's own making that an attempt was broken off with. */
  timedOut: AttemptTimedOut | undefined
  /** Why the run was given up, once it was. */
  reason: Decision.GiveUpReason | undefined
  /** The wait that it was given up for. */
  refused: Decision.RefusedWait | undefined
  /** Whether the hooks have been told how the run ended. */
  told: boolean
}

/** The attempt that failed last. */
export const lastFailure = (run: Run): FailedAttempt<Run> | undefined => run.history?.at(-1)

/** A run that was given up. */
export type GivenUp = Run & { readonly reason: Decision.GiveUpReason }

/** Begins a run; `began` is when its first attempt began, where that was before the run's time does. */
export const make = (settings: Settings, start: clock.Reading, began = 0): Run => ({
  settings,
  start,
  attempt: 1,
  wait: 0,
  waited: 0,
  elapsed: 0,
  began,
  took: 0,
  inAttempts: 0,
  waiting: false,
  calls: 0,
  mode: undefined,
  history: undefined,
  timedOut: undefined,
  reason: undefined,
  refused: undefined,
  told: false
})
