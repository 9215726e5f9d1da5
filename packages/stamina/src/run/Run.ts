/**
 * One run: the numbers between its first attempt and its last, and the steps that change them.
 *
 * Nothing outside this file writes to a run. It knows no fiber, no clock and no options: whoever drives it hands in the
 * time, and does what the decision says. All times are milliseconds since just before the first attempt.
 *
 * A step is one of four: {@link closed} closes an attempt, {@link obeyed} begins the wait or stops, as {@link decide} says,
 * {@link begins} begins the next attempt, {@link over} ends the run. Between the decision and `obeyed` others may object.
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
  /** How long the last attempt took. 0 where the run ended while waiting. */
  took = 0
  /** How long all attempts took. */
  inAttempts = 0
  /** How many attempts were made. Where a run inside failed an attempt, its attempts count in place of that one. */
  calls = 0
  /** The {@link ordinal} before the current attempt; once the run has ended, its own. */
  since: number
  /** The error that was decided about last, and the run inside the attempt that it came out of. */
  error: unknown = undefined
  inner: Run | undefined = undefined
  /** The attempts that failed: the first and the last few. While the run waits, the last one is not among them yet. */
  history: Array<FailedAttempt<Run>> | undefined = undefined
  /** Why the run gave up, once it has. */
  reason: Decision.GiveUpReason | undefined = undefined
  /** The wait that was too long, where that is why. */
  refused: Decision.RefusedWait | undefined = undefined

  constructor(since: number, began: number) {
    this.since = since
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
 * How many runs have ended so far, in the whole process. By it alone, and by no clock, a run that ended inside an attempt
 * is known from one that ended before.
 */
export const ordinal = (): number => endings

let endings = 0

/** Begins a run; `began` is when its first attempt began, where that was before the run's own time starts. */
export const make = (since: number, began = 0): Run => new Run(since, began)

/** What is known of a failure. */
export interface Failure extends Omit<Decision.Failed, "attempt" | "elapsed" | "previousWait"> {
  /** The error to show in reports. */
  readonly error: unknown
  /** The run inside the attempt that the error came out of. */
  readonly inner?: Run | undefined
}

/** Closes the attempt at the time `at`. The first time, that settles the plan of the run. */
export const closed = (run: Run, at: number, plan: Decision.Plan | undefined = run.plan): void => {
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

/** Does as decided. */
export const obeyed = (run: Run, failure: Failure, decision: Decision.Decision): undefined => {
  if (decision._tag === "Retry") granted(run, failure, decision.wait)
  else stopped(run, failure, decision)
}

/** The retry is on: its wait begins. */
export const granted = (run: Run, failure: Failure, wait: number): void => {
  counted(run, failure, wait)
  run.phase = "waiting"
  run.began = run.elapsed + wait
  run.since = endings
}

/** The run stops here. */
const stopped = (run: Run, failure: Failure, { reason, refused }: Stop): void => {
  counted(run, failure, 0)
  noted(run)
  run.phase = "over"
  run.reason = reason
  run.refused = refused
  run.since = ++endings
}

type Stop = Extract<Decision.Decision, { readonly _tag: "Stop" }>

const counted = (run: Run, { error, inner }: Failure, wait: number): void => {
  run.calls += inner?.calls ?? 1
  run.error = error
  run.inner = inner
  run.waited += run.wait
  run.wait = wait
}

/** Puts the last failure into the history. Not before something follows it: most runs fail once, and then wait. */
const noted = (run: Run): void => {
  run.history = added(run.history, {
    num: run.attempt,
    start: run.elapsed - run.took,
    duration: run.took,
    error: run.error,
    waitAfter: run.wait,
    inner: run.inner
  })
}

/** The wait begins at `at`, later than decided, because hooks took time. */
export const postponed = (run: Run, at: number): void => {
  run.began = at + run.wait
}

/** The next attempt begins. */
export const begins = (run: Run, at: number): void => {
  noted(run)
  run.phase = "attempting"
  run.attempt++
  run.began = at
}

/** The run ends by a success, an interruption or a deadline: in an attempt or in a wait. */
export const over = (run: Run, at: number, reason?: Decision.GiveUpReason): void => {
  // an attempt that failed with an interruption has been counted
  if (run.phase === "over") return
  // an attempt that has failed is counted when it is clear what follows, and that may never be
  if (run.phase === "waiting") noted(run)
  else run.calls++
  closed(run, at)
  run.phase = "over"
  run.reason = reason
  run.since = ++endings
}

/** Whether the run has ended. */
export const isOver = (run: Run): boolean => run.phase === "over"

/** Whether there was something to give up: a retry, or one that a limit forbade. */
export const hasGivenUp = (run: Run): run is GivenUp =>
  run.reason !== undefined && (run.attempt > 1 || (run.reason !== "NotRetryable" && run.reason !== "Inactive"))

/** The error of the attempt that failed last, and the run inside that it came out of. */
export const lastFailure = (run: Run): Pick<Run, "error" | "inner"> | undefined =>
  run.phase === "waiting" || run.history !== undefined ? run : undefined
