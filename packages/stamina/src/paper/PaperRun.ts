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
import type { Final } from "../budget/Door.ts"
import { fromOptions } from "../budget/options.ts"
import type * as RetryBudget from "../budget/RetryBudget.ts"
import { decideLater, type GiveUpReason, type Plan } from "../run/Decision.ts"
import * as Run from "../run/run.ts"
import { hintOf } from "../verdict/model.ts"
import type { Verdict } from "../verdict/RetryOn.ts"
import { type Budget, doorOf, PaperBudget, type PaperDoor, type PaperPass, type WaitingBudget } from "./budget.ts"

export type { Budget, WaitingBudget } from "./budget.ts"

// ---------------------------------------------------------------------------------------------------------------------
// budgets
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Makes a budget on paper that works as a `RetryBudget` with the same options. `name` has no effect. `random` draws a number from
 * [0, 1) for each retry that is woken.
 *
 * Throws a `RangeError` when an option is out of range or unknown.
 *
 * @category constructors
 * @since 0.2.0
 */
export const makeBudget = (options: RetryBudget.Options, random: () => number): WaitingBudget =>
  new PaperBudget(fromOptions("PaperRun.makeBudget", options), random)

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
  readonly budget?: Budget | WaitingBudget | undefined
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
  const door = budget === undefined || budget instanceof PaperBudget ? budget : doorOf(budget as Budget)
  const caller: OwnCaller = { plan, random, door }
  return caller
}

/**
 * When {@link wake} is to be called for a budget, if nothing happens before: `Infinity` if nobody waits, and a time in the past
 * for now.
 *
 * @category running
 * @since 0.2.0
 */
export const nextAt = (budget: WaitingBudget): number => {
  const it = budget as PaperBudget // only `makeBudget` makes them
  return it.woken.length > 0 ? -Infinity : it.next()
}

/**
 * Gives the next run whose wait for a token of this budget has ended, at a time of the simulation: it now waits until
 * `run.began`, where {@link beginAttempt} goes on, or it has ended. Call it after each step of a run, and at {@link nextAt}, until
 * it returns `undefined`.
 *
 * @category running
 * @since 0.2.0
 */
export const wake = (budget: WaitingBudget, now: number): PaperRun | undefined => {
  const it = budget as PaperBudget // only `makeBudget` makes them
  if (it.woken.length === 0 && now >= it.next()) it.goOn(now)
  return it.woken.shift() as PaperRun | undefined // `begin` puts runs in
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
  readonly pass: PaperPass | undefined
  /** Since when it waits for a token. */
  deferredAt: number | undefined
  /** Whether that wait has ended. */
  isWoken: boolean
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
  const run: OwnRun = Object.assign(Run.make(0), {
    settings,
    deadline: undefined,
    deferredAt: undefined,
    start,
    isWoken: false,
    pass: settings.door?.called(start, (answer, now) => {
      run.isWoken = true
      if (typeof answer === "number") Run.postpone(run, answer - start)
      else obey(run, answer, now - start)
      if (settings.door instanceof PaperBudget) settings.door.woken.push(run)
    })
  })
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
  const { pass } = run
  const now = run.start + at
  Run.closeAttempt(run, at, plan)
  const planned = run as OwnRun & Run.Planned // it was closed with a plan
  if (verdict === false) pass?.succeeded(now)
  else pass?.failed({ attempt: run.attempt, hint: hintOf(verdict) }, now)
  const decision = Run.decide(planned, { ...failure, notBefore: pass?.notBefore(now) }, random)
  Run.apply(run, failure, decision)
  return decision._tag === "Retry"
}

/**
 * Ends the wait at `run.began`: asks the budget, and begins the next attempt. Returns whether that has begun. If not, the run
 * has ended, or it waits longer: until a later `run.began`, which is `Infinity` if it waits for a token. See {@link wake}.
 *
 * @category running
 * @since 0.2.0
 */
export const beginAttempt = (paperRun: PaperRun): boolean => {
  const run = own(paperRun)
  const at = run.began
  const { pass, settings: { plan } } = run
  run.isWoken = false
  const answer = pass?.ask(
    { retryNum: run.attempt, left: plan.timeout - at, untilDeadline: leftOf(run, at) },
    run.start + at
  )
  if (answer === undefined || (answer !== "wait" && answer._tag === "Granted")) {
    pass?.began()
    run.deferredAt = undefined
    Run.beginAttempt(run, at)
    return true
  }
  if (answer === "wait") wait(run, at)
  else obey(run, answer, at)
  return false
}

const leftOf = ({ deadline = Infinity }: OwnRun, at: number): number => deadline - at

/** Waits for a token: unless it was woken while it asked. */
const wait = (run: OwnRun, at: number): void => {
  run.deferredAt = at
  if (!run.isWoken) return Run.postpone(run, Infinity)
  // the caller sees by itself what became of it
  const { door } = run.settings
  if (door instanceof PaperBudget) door.woken.splice(door.woken.indexOf(run), 1)
}

const obey = (run: OwnRun, answer: Final, at: number): void => {
  const { deferredAt, settings: { plan, random } } = run
  if (answer._tag === "Refused") {
    const waited = deferredAt === undefined ? undefined : { wait: at - deferredAt, left: 0 }
    Run.end(run, at, answer.reason, waited)
  } else if (answer._tag === "Later") {
    const decision = decideLater(plan, { elapsed: at, wait: answer.wait, deadline: run.deadline }, random)
    if (decision._tag === "Retry") Run.postpone(run, at + decision.wait)
    else Run.end(run, at, decision.reason, decision.refused)
  }
}

/**
 * Ends the run: its attempt has succeeded, `at` milliseconds after the first attempt began.
 *
 * @category running
 * @since 0.2.0
 */
export const succeed = (paperRun: PaperRun, at: number): void => {
  const run = own(paperRun)
  run.pass?.succeeded(run.start + at)
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
  run.pass?.left(run.start + at)
  Run.end(run, at, "DeadlineExceeded")
}
