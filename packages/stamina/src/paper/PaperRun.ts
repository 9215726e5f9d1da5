/**
 * A run on paper: the decisions of a retry without a fiber, a clock or a wait.
 *
 * A simulator owns the time, the attempts and their failures. `PaperRun` makes the same decisions as the drivers: the same
 * waits, limits and reasons for giving up, and the same answers of a budget. With the same random numbers, a run on
 * paper and a run of `Stamina.retry` are equal.
 *
 * All times are numbers of milliseconds. `effect-stamina-lab` builds its simulations on this module.
 *
 * **Example** (A call that fails twice)
 *
 * ```ts
 * import { Decision, RetryPolicy } from "effect-stamina"
 * import * as PaperRun from "effect-stamina/PaperRun"
 *
 * const caller = PaperRun.makeCaller({
 *   plan: Decision.fromPolicy(RetryPolicy.make({ waitJitter: 0 })),
 *   random: () => 0.5
 * })
 *
 * const run = PaperRun.begin(caller, 0)
 * for (const took of [20, 30]) {
 *   if (PaperRun.fail(run, run.began + took, { verdict: true })) PaperRun.beginAttempt(run)
 * }
 * PaperRun.succeed(run, run.began + 10)
 *
 * console.log(run.attempt, run.elapsed, run.waited + run.wait) // 3 360 300
 * ```
 *
 * @since 0.2.0
 */
import type { Answer } from "../budget/Door.ts"
import * as RetryBudget from "../budget/RetryBudget.ts"
import { decideLater, type GiveUpReason, type Plan } from "../run/Decision.ts"
import * as Run from "../run/run.ts"
import type { Verdict } from "../verdict/RetryOn.ts"
import { isHint } from "../verdict/Verdict.ts"
import { type Budget, PaperBudget, PaperDoor } from "./budget.ts"

export type { Budget } from "./budget.ts"

// ---------------------------------------------------------------------------------------------------------------------
// budgets
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Makes a budget on paper that works as a `RetryBudget` with the same options. `name` has no effect.
 *
 * Throws a `RangeError` when an option is out of range or unknown.
 *
 * @category constructors
 * @since 0.2.0
 */
export const makeBudget = (options: RetryBudget.Options = {}): Budget => {
  const { capacity, refill } = RetryBudget.fromOptions("PaperRun.makeBudget", options)
  return new PaperBudget(capacity, refill)
}

// ---------------------------------------------------------------------------------------------------------------------
// callers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Whoever makes calls: what holds for all of its runs. Made by {@link makeCaller}.
 *
 * @category models
 * @since 0.2.0
 */
export interface Caller {
  /** The limits and the backoff. */
  readonly plan: Plan
  /** Draws a number from [0, 1). Only waits that depend on chance draw. */
  readonly random: () => number
}

/**
 * The options of {@link makeCaller}.
 *
 * @category models
 * @since 0.2.0
 */
export interface CallerOptions extends Caller {
  /** The budget that is asked before each retry. Several callers can share one. Default: none. */
  readonly budget?: Budget | undefined
}

/** A caller, as this module makes it. */
interface OwnCaller extends Caller {
  readonly door: PaperDoor | undefined
}

/**
 * Makes a caller. It makes as many runs as you like, also several at the same time.
 *
 * @category constructors
 * @since 0.2.0
 */
export const makeCaller = ({ budget, plan, random }: CallerOptions): Caller => {
  const caller: OwnCaller = { plan, random, door: budget === undefined ? undefined : new PaperDoor(budget) }
  return caller
}

// ---------------------------------------------------------------------------------------------------------------------
// runs
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A run. It begins with {@link begin}; then {@link fail}, {@link beginAttempt}, {@link succeed} and {@link interrupt} change
 * it. Its times are milliseconds since just before its first attempt.
 *
 * @category models
 * @since 0.2.0
 */
export interface PaperRun {
  /** When the run began, in the time of the simulation. */
  readonly start: number
  /** What the run does: it makes an attempt, it waits, or it has ended. `"deciding"` is never seen from outside. */
  readonly phase: "attempting" | "deciding" | "waiting" | "over"
  /** The number of the attempt that is being made, or was made last. 1 = the first. */
  readonly attempt: number
  /** When that attempt began; while the run waits, when the next one is to begin. */
  readonly began: number
  /** The time of the last failure, or of the end. */
  readonly elapsed: number
  /** The last wait. 0 before the first. */
  readonly wait: number
  /** All waits before the last one, added up. */
  readonly waited: number
  /** Why the run gave up; `undefined` while it goes on, and after a success. */
  readonly reason: GiveUpReason | undefined
}

/**
 * An attempt that has failed.
 *
 * @category models
 * @since 0.2.0
 */
export interface Failure {
  /** What `on` says about the error: `true`, `false`, a wait in milliseconds, or a hint of `RetryOn.atLeast`. */
  readonly verdict: Verdict
  /** Milliseconds from just before the first attempt to the deadline around the run. Default: none. */
  readonly deadline?: number | undefined
}

/** A run, as this module makes it. */
interface OwnRun extends Run.Run {
  holdsRetry: boolean
  /** The deadline of the last failure. */
  deadline: number | undefined
  readonly settings: OwnCaller
  readonly start: number
}

const own = (run: PaperRun): OwnRun => run as OwnRun // only `begin` makes runs

/**
 * Begins a run, and its first attempt. `start` is the time of the simulation.
 *
 * @category running
 * @since 0.2.0
 */
export const begin = (caller: Caller, start: number): PaperRun => {
  const settings = caller as OwnCaller // only `makeCaller` makes callers
  const run: OwnRun = Object.assign(Run.make(0), { settings, holdsRetry: false, deadline: undefined, start })
  doorAt(run, 0)?.called()
  return run
}

/**
 * Ends the attempt with a failure, `at` milliseconds after the first attempt began, and decides. Returns whether a retry
 * follows: if so, the run waits until `run.began`, where {@link beginAttempt} goes on. If not, the run has ended.
 *
 * @category running
 * @since 0.2.0
 */
export const fail = (paperRun: PaperRun, at: number, { deadline, verdict }: Failure): boolean => {
  const run = own(paperRun)
  const { plan, random } = run.settings
  const failure: Run.Failure = { verdict, error: undefined, deadline }
  run.deadline = deadline
  const door = doorAt(run, at)
  giveBackUnused(run, door)
  Run.closeAttempt(run, at, plan)
  const planned = run as OwnRun & Run.Planned // it was closed with a plan
  if (door !== undefined && verdict !== false) {
    door.failed({ attempt: run.attempt, hint: isHint(verdict) ? Math.min(verdict.wait, verdict.max) : undefined })
  }
  const decision = Run.decide(planned, { ...failure, notBefore: door?.notBefore() }, random)
  Run.apply(run, failure, decision)
  return decision._tag === "Retry"
}

const giveBackUnused = (run: OwnRun, door: PaperDoor | undefined): void => {
  if (run.holdsRetry && run.phase === "waiting") door?.unused()
  run.holdsRetry = false
}

/**
 * Ends the wait at `run.began`: asks the budget, and begins the next attempt. Returns whether that has begun. If not, the run
 * has ended, or it waits longer: until a later `run.began`.
 *
 * @category running
 * @since 0.2.0
 */
export const beginAttempt = (paperRun: PaperRun): boolean => {
  const run = own(paperRun)
  const at = run.began
  const { plan, random } = run.settings
  const answer = doorAt(run, at)?.ask({ retryNum: run.attempt, left: plan.timeout - at, deferrals: 0 }) ?? granted
  if (answer._tag === "Granted") {
    run.holdsRetry = true
    Run.beginAttempt(run, at)
    return true
  }
  if (answer._tag === "Refused") Run.end(run, at, answer.reason)
  else if (answer._tag === "Later") {
    const decision = decideLater(plan, { elapsed: at, wait: answer.wait, deadline: run.deadline }, random)
    if (decision._tag === "Retry") Run.postpone(run, at + decision.wait)
    else Run.end(run, at, decision.reason, decision.refused)
  }
  return false
}

/**
 * Ends the run: its attempt has succeeded, `at` milliseconds after the first attempt began.
 *
 * @category running
 * @since 0.2.0
 */
export const succeed = (paperRun: PaperRun, at: number): void => {
  const run = own(paperRun)
  const door = doorAt(run, at)
  if (run.holdsRetry) door?.succeeded()
  run.holdsRetry = false
  Run.end(run, at)
}

/**
 * Ends the run: its deadline has passed during an attempt or a wait, `at` milliseconds after the first attempt began.
 *
 * @category running
 * @since 0.2.0
 */
export const interrupt = (paperRun: PaperRun, at: number): void => {
  const run = own(paperRun)
  giveBackUnused(run, doorAt(run, at))
  Run.end(run, at, "DeadlineExceeded")
}

/** The door of a run, at a time of the run. */
const doorAt = ({ settings: { door }, start }: OwnRun, at: number): PaperDoor | undefined => {
  if (door !== undefined) door.now = start + at
  return door
}

/** The answer to a run without a budget. */
const granted: Answer = { _tag: "Granted" }
