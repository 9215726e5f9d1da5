/**
 * One call after the other, each taken through its run.
 */
import * as Decision from "effect-stamina/Decision"
import * as PaperRun from "effect-stamina/PaperRun"
import type { RetryPolicy } from "effect-stamina/RetryPolicy"
import { isDue } from "../tools/progress.ts"
import type { Checked } from "./scenario.ts"

/** What becomes of a call. */
export type Outcome = "Succeeded" | "Unfinished" | "GaveUp"

/** An attempt that was made. */
interface Attempt {
  /** When it began, in milliseconds from the beginning of its run. */
  readonly begins: number
  readonly took: number
  /** Whether it could have succeeded: it was neither too slow nor cut short by the deadline. */
  readonly hadChance: boolean
  /** `undefined` if another attempt may follow. */
  readonly outcome: Outcome | undefined
}

/** Is called with what becomes of calls. */
export interface Observer {
  /** An attempt has ended, which began and took so many milliseconds. Where the run is waiting, another follows. */
  readonly attempt?: (run: PaperRun.PaperRun, begins: number, took: number) => void
  /** A call has ended. `lastChance` is when its last attempt began that could have succeeded, or -1. */
  readonly call: (run: PaperRun.PaperRun, lastChance: number, outcome: Outcome) => void
}

/** Makes the calls of a scenario. The first begins at time 0, and each later one when the one before has ended. */
export const make = (policy: RetryPolicy, scenario: Checked, observer: Observer): void => {
  const { budget, horizon, onProgress, runs } = scenario
  const made = budget?.()
  const caller = PaperRun.makeCaller({
    plan: Decision.fromPolicy(policy),
    random: scenario.random,
    budget: made?.budget
  })
  const most = Math.min(policy.attempts, horizon)
  let now = 0
  let attempts = 0
  for (let i = 0; i < runs; i++) {
    const run = PaperRun.begin(caller, now)
    let lastChance = -1
    let outcome: Outcome | undefined
    while (outcome === undefined) {
      // of attempts, not of calls: a call can make thousands
      if (onProgress !== undefined && isDue(attempts++)) onProgress((i + (run.attempt - 1) / most) / runs)
      const attempt = makeAttempt(run, scenario)
      if (attempt.hadChance) lastChance = attempt.begins
      observer.attempt?.(run, attempt.begins, attempt.took)
      outcome = attempt.outcome ?? beginNext(run, scenario, made?.waiting)
    }
    observer.call(run, lastChance, outcome)
    now += run.elapsed
  }
}

/** Makes the attempt that has begun. If nothing becomes of the call yet, its run is waiting. */
const makeAttempt = (run: PaperRun.PaperRun, { attemptTimeout, deadline, world }: Checked): Attempt => {
  const begins = run.began
  const takes = world.takes()
  const isLate = takes > attemptTimeout
  const ends = begins + (isLate ? attemptTimeout : takes)
  if (ends >= deadline) {
    PaperRun.interrupt(run, deadline)
    return { begins, took: deadline - begins, hadChance: false, outcome: "GaveUp" }
  }
  const hadChance = !isLate
  if (!isLate && !world.fails(begins)) {
    PaperRun.succeed(run, ends)
    return { begins, took: takes, hadChance, outcome: "Succeeded" }
  }
  // who waits too long gets no answer, and no hint with it
  const goesOn = PaperRun.fail(run, ends, {
    verdict: isLate || world.verdict(),
    deadline: deadline === Infinity ? undefined : deadline
  })
  return { begins, took: ends - begins, hadChance, outcome: goesOn ? undefined : "GaveUp" }
}

/** Lets a run wait until its next attempt begins, or something else becomes of it. */
const beginNext = (
  run: PaperRun.PaperRun,
  { deadline, horizon }: Checked,
  waiting: PaperRun.WaitingBudget | undefined
): Outcome | undefined => {
  if (run.attempt >= horizon) return "Unfinished"
  while (run.phase === "waiting") {
    if (run.began < Infinity || waiting === undefined) PaperRun.beginAttempt(run)
    else waitForToken(run, waiting, deadline)
  }
  return run.phase === "over" ? "GaveUp" : undefined
}

/** Lets the time pass until something becomes of a retry that waits for a token. */
const waitForToken = (run: PaperRun.PaperRun, budget: PaperRun.WaitingBudget, deadline: number): void => {
  const at = PaperRun.nextAt(budget)
  if (at - run.start >= deadline) PaperRun.interrupt(run, deadline)
  else PaperRun.wake(budget, at)
}
