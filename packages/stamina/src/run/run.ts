/**
 * One run: the numbers between its first attempt and its last, and the steps that change them.
 *
 * Only this file writes to the fields of {@link Run}. It knows no fiber, no clock and no options: a driver passes the time,
 * and does what the decision says. All times are milliseconds since just before the first attempt.
 *
 * The steps of a run, in their order:
 *
 *     closeAttempt → decide → apply → (wait) → beginAttempt → … → end
 *
 * After the wait a door may still hold the retry back: {@link postpone} moves its beginning, {@link end} ends the run.
 */
import * as Decision from "./Decision.ts"
import { added, type FailedAttempt } from "./history.ts"

/** A class, so that all fields of a run lie in one object, with those that a driver adds: a waiting fiber holds one. */
export class Run {
  /** What holds for the run. Made at its first failure. */
  plan: Decision.Plan | undefined = undefined
  phase: "attempting" | "deciding" | "waiting" | "over" = "attempting"
  /** The number of the attempt that is being made, or was made last. */
  attempt = 1
  /** When that attempt began; while waiting, when the next one is planned to begin. */
  began: number
  /** The time of the last failure, or of the end. */
  elapsed = 0
  /** The wait that was decided last. */
  wait = 0
  /** All waits before that one, added up. */
  waited = 0
  /** How long the last attempt took. 0 if the run ended while it waited. */
  took = 0
  /** How long all attempts took. */
  inAttempts = 0
  /** How many attempts were made. If a run inside failed an attempt, its attempts count in place of that one. */
  calls = 0
  /** How many runs had ended when this attempt began; after the end, this run's own number. */
  endedBefore: number
  /** The error of the last failure, and the run inside the attempt that it came out of. */
  error: unknown = undefined
  inner: Run | undefined = undefined
  /** The attempts that failed: the first and the last few. While the run waits, the last one is not among them yet. */
  history: Array<FailedAttempt<Run>> | undefined = undefined
  /** Why the run gave up, once it has. */
  reason: Decision.GiveUpReason | undefined = undefined
  /** The wait that was too long, if that is the reason. */
  refused: Decision.RefusedWait | undefined = undefined

  constructor(endedBefore: number, began: number) {
    this.endedBefore = endedBefore
    this.began = began
  }

  /** The wait before the attempt that failed last. */
  get previousWait(): number | undefined {
    return this.attempt === 1 ? undefined : this.wait
  }
}

/** A run that has failed, and so has its plan. */
export type Planned = Run & { readonly plan: Decision.Plan }

/** A run that gave up. */
export type GivenUp = Planned & { readonly reason: Decision.GiveUpReason }

/**
 * How many runs have ended so far, in the whole process. This number alone, and no clock, tells a run that ended inside an
 * attempt from one that ended before it.
 */
export const runsEnded = (): number => endings

let endings = 0

/** Begins a run; `began` is when its first attempt began, if that was before the run's own time starts. */
export const make = (endedBefore: number, began = 0): Run => new Run(endedBefore, began)

/** A run that ended in another process, after so many calls. */
export const endedElsewhere = (calls: number): Run => {
  const run = make(0)
  run.calls = calls
  return run
}

/** A copy that can be led on without a trace in the original. */
export const copy = (run: Run): Run => Object.assign(make(0), run, { history: run.history?.slice() })

/** Begins a new run in the same object. Its first attempt has begun already, `began` milliseconds before its time starts. */
export const restart = (run: Run, began: number): void => {
  Object.assign(run, new Run(endings, began))
}

/** What is known of a failure. */
export interface Failure extends Omit<Decision.Failed, "attempt" | "elapsed" | "previousWait"> {
  /** The error to show in reports. */
  readonly error: unknown
  /** The run inside the attempt that the error came out of. */
  readonly inner?: Run | undefined
}

/** Closes the attempt at the time `at`. The first time, that settles the plan of the run. */
export const closeAttempt = (run: Run, at: number, plan: Decision.Plan | undefined = run.plan): void => {
  run.plan = plan
  run.elapsed = at
  run.took = run.phase === "attempting" ? Math.max(0, at - run.began) : 0
  // an attempt may have begun before the run's own time did
  run.inAttempts += Math.min(run.took, at)
  run.phase = "deciding"
}

/** Decides about the attempt that was closed last. Changes nothing. */
export const decide = (run: Planned, failure: Failure, random: () => number): Decision.Decision =>
  Decision.decideAt(run.plan, run, failure, random)

/** Does what was decided: begins the wait, or stops. */
export const apply = (run: Run, failure: Failure, decision: Decision.Decision): void => {
  if (decision._tag === "Retry") beginWait(run, failure, decision.wait)
  else stop(run, failure, decision)
}

/** Begins the wait before the next attempt. */
export const beginWait = (run: Run, failure: Failure, wait: number): void => {
  count(run, failure, wait)
  run.phase = "waiting"
  run.began = run.elapsed + wait
  run.endedBefore = endings
}

/** Ends the run instead of a retry. */
const stop = (run: Run, failure: Failure, { reason, refused }: Stop): void => {
  count(run, failure, 0)
  record(run)
  run.phase = "over"
  run.reason = reason
  run.refused = refused
  run.endedBefore = ++endings
}

type Stop = Extract<Decision.Decision, { readonly _tag: "Stop" }>

const count = (run: Run, { error, inner }: Failure, wait: number): void => {
  run.calls += inner?.calls ?? 1
  run.error = error
  run.inner = inner
  run.waited += run.wait
  run.wait = wait
}

/** Appends the last failure to the history. Done one step late, so that a run that fails once allocates no history. */
const record = (run: Run): void => {
  run.history = added(run.history, {
    num: run.attempt,
    start: run.elapsed - run.took,
    duration: run.took,
    error: run.error,
    waitAfter: run.wait,
    inner: run.inner
  })
}

/** Moves the planned beginning of the next attempt to the time `until`. */
export const postpone = (run: Run, until: number): void => {
  run.began = until
}

/** Begins the next attempt. */
export const beginAttempt = (run: Run, at: number): void => {
  record(run)
  run.phase = "attempting"
  run.attempt++
  run.began = at
}

/**
 * Ends the run outside of a decision: by a success, an interruption, a deadline, or a door that refuses the retry. It ends in
 * an attempt or in a wait.
 */
export const end = (
  run: Run,
  at: number,
  reason?: Decision.GiveUpReason,
  refused?: Decision.RefusedWait
): void => {
  // an attempt that failed with an interruption has been counted
  if (run.phase === "over") return
  // an attempt that has failed is counted when it is clear what follows, and that may never be
  if (run.phase === "waiting") record(run)
  else run.calls++
  closeAttempt(run, at)
  run.phase = "over"
  run.reason = reason
  run.refused = refused
  run.endedBefore = ++endings
}

/** Notes on a run that was interrupted that a report is to tell of it. */
export const reportInterruption = (run: Run): void => {
  run.reason ??= "Interrupted"
}

/** Whether the run has ended. */
export const isOver = (run: Run): boolean => run.phase === "over"

/** Whether there was something to give up: a retry, or one that a limit forbade. */
export const hasGivenUp = (run: Run): run is GivenUp =>
  run.reason !== undefined && (run.attempt > 1 || (run.reason !== "NotRetryable" && run.reason !== "Inactive"))

/** The error of the attempt that failed last, and the run inside that it came out of. */
export const lastFailure = (run: Run): Pick<Run, "error" | "inner"> | undefined =>
  run.phase === "waiting" || run.history !== undefined ? run : undefined
