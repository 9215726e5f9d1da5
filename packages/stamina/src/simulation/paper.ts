/**
 * Runs on paper: a run as drivers take it through its steps, where the clock is a number and nobody sleeps.
 *
 * All that is decided is decided by `run/Run.ts`, and by `around/Admission.ts` where there is a budget.
 */
import { admit, type Admitted, retryEnded, retrySucceeded } from "../around/Admission.ts"
import type { Decision, Plan } from "../run/Decision.ts"
import * as Run from "../run/Run.ts"
import type { Verdict } from "../verdict/Verdict.ts"
import { type Door, noFiber } from "./budget.ts"

/** Those who call: their plan, their random numbers, and the door that their retries pass. */
export interface Caller {
  readonly plan: Plan
  readonly random: () => number
  readonly admission: Door | undefined
}

/** A run, who made it, and when it began in the time of the simulation. Its own times count from there. */
export interface PaperRun extends Run.Run, Admitted {
  readonly settings: Caller
  readonly start: number
}

/** What is known of a failure, besides its time. */
export interface Failure {
  readonly verdict: Verdict
  /** Milliseconds from just before the first attempt to the deadline around the run. */
  readonly deadline: number | undefined
}

/** A call begins at `start`. */
export const begin = (caller: Caller, start: number): PaperRun => {
  const run: PaperRun = Object.assign(Run.make(0), { settings: caller, holdsRetry: false, start })
  doorAt(run, 0)?.called()
  return run
}

/**
 * The attempt has failed, `at` milliseconds after the first began. Returns whether a retry follows: it begins at
 * `run.began`.
 */
export const fails = (run: PaperRun, at: number, { deadline, verdict }: Failure): boolean => {
  const { plan, random } = run.settings
  const failure: Run.Failure = { verdict, error: undefined, deadline }
  const door = doorAt(run, at)
  if (door !== undefined) retryEnded(run, noFiber)
  Run.closed(run, at, plan)
  const planned = run as PaperRun & Run.Planned // it was closed with a plan
  const decision = door === undefined
    ? Run.decide(planned, failure, random)
    : admit(door, planned, noFiber, failure, random) as Decision // a door on paper answers at once
  Run.obeyed(run, failure, decision)
  return decision._tag === "Retry"
}

/** The wait is over, and the next attempt begins. */
export const begins = (run: PaperRun): void => Run.begins(run, run.began)

/** The attempt has succeeded. */
export const succeeds = (run: PaperRun, at: number): void => {
  if (doorAt(run, at) !== undefined) retrySucceeded(run, noFiber)
  Run.over(run, at)
}

/** The deadline around the run has passed, and interrupts it. */
export const interrupted = (run: PaperRun, at: number): void => {
  if (doorAt(run, at) !== undefined) retryEnded(run, noFiber)
  Run.over(run, at, "DeadlineExceeded")
}

/** The door of a run, at a time of the run. */
const doorAt = ({ settings: { admission }, start }: PaperRun, at: number): Door | undefined => {
  if (admission !== undefined) admission.now = start + at
  return admission
}
