/**
 * One call after the other, each taken through its run.
 */
import * as Decision from "effect-stamina/Decision"
import * as PaperRun from "effect-stamina/PaperRun"
import type { RetryPolicy } from "effect-stamina/RetryPolicy"
import { isDue } from "../tools/progress.ts"
import type { Checked } from "./scenario.ts"

/** Is called with what becomes of calls. */
export interface Observer {
  /** An attempt has ended, which began and took so many milliseconds. Where the run is waiting, another follows. */
  readonly attempt?: (run: PaperRun.PaperRun, begins: number, took: number) => void
  /** A call has ended. `lastChance` is when its last attempt began that could have succeeded, or -1. */
  readonly call: (run: PaperRun.PaperRun, lastChance: number, outcome: "Succeeded" | "Unfinished" | "GaveUp") => void
}

/** Makes the calls of a scenario. The first begins at time 0, and each later one when the one before has ended. */
export const make = (policy: RetryPolicy, scenario: Checked, observer: Observer): void => {
  const { attemptTimeout, budget, deadline, horizon, onProgress, runs, world } = scenario
  const made = budget?.()
  const caller = PaperRun.makeCaller({
    plan: Decision.fromPolicy(policy),
    random: scenario.random,
    budget: made?.budget
  })
  const bound = deadline === Infinity ? undefined : deadline
  const most = Math.min(policy.attempts, horizon)
  let now = 0
  let attempts = 0
  for (let i = 0; i < runs; i++) {
    const run = PaperRun.begin(caller, now)
    let lastChance = -1
    for (;;) {
      // of attempts, not of calls: a call can make thousands
      if (onProgress !== undefined && isDue(attempts++)) onProgress((i + (run.attempt - 1) / most) / runs)
      const begins = run.began
      const takes = world.takes()
      const isLate = takes > attemptTimeout
      const ends = begins + (isLate ? attemptTimeout : takes)
      const isInTime = ends < deadline
      if (!isLate && isInTime) lastChance = begins
      if (!isInTime) {
        PaperRun.interrupt(run, deadline)
        observer.attempt?.(run, begins, deadline - begins)
        observer.call(run, lastChance, "GaveUp")
        break
      }
      if (!isLate && !world.fails(begins)) {
        PaperRun.succeed(run, ends)
        observer.attempt?.(run, begins, takes)
        observer.call(run, lastChance, "Succeeded")
        break
      }
      // who waits too long gets no answer, and no hint with it
      const goesOn = PaperRun.fail(run, ends, { verdict: isLate || world.verdict(), deadline: bound })
      observer.attempt?.(run, begins, ends - begins)
      if (!goesOn || run.attempt >= horizon) {
        observer.call(run, lastChance, goesOn ? "Unfinished" : "GaveUp")
        break
      }
      while (run.phase === "waiting") {
        if (run.began < Infinity || made?.waiting === undefined) PaperRun.beginAttempt(run)
        else waitForToken(run, made.waiting, deadline)
      }
      if (run.phase === "over") {
        observer.call(run, lastChance, "GaveUp")
        break
      }
    }
    now += run.elapsed
  }
}

/** Lets the time pass until something becomes of a retry that waits for a token. */
const waitForToken = (run: PaperRun.PaperRun, budget: PaperRun.WaitingBudget, deadline: number): void => {
  const at = PaperRun.nextAt(budget)
  if (at - run.start >= deadline) PaperRun.interrupt(run, deadline)
  else PaperRun.wake(budget, at)
}
