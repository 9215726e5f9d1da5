/**
 * A run at its door: it tells the door what its attempts come to, asks it before each retry, and does what it answers.
 *
 * A door makes the visits of its runs, so programs without a door do not load this.
 */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Decision from "../run/Decision.ts"
import * as Run from "../run/run.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { hintOf, type Verdict } from "../verdict/model.ts"
import type { Answer, AnyFiber, Pass } from "./pass.ts"

/** A run that visits a door. */
export interface Visitor extends Run.Run {
  readonly fiber: AnyFiber
  readonly clock: Clock
  time(): number
  deadline(): number | undefined
}

/** Notifies the hooks of a run that its retry waits for its turn. One function for all runs: a closure would be held by each. */
type NotifyDeferred<R> = (run: R) => Effect.Effect<void> | undefined

export class Visit {
  readonly pass: Pass
  /** What comes out if the door refuses the retry after its wait. */
  last: Exit.Exit<unknown, unknown> | undefined = undefined
  /** Since when the retry waits for its turn, in the time of the run. */
  private deferredAt: number | undefined = undefined

  constructor(pass: Pass) {
    this.pass = pass
  }

  /**
   * An attempt has failed. Returns how long the door wants to be left alone, in milliseconds. `answers`: if the failure is not
   * retried, the dependency has answered all the same.
   */
  failed(run: Visitor & Run.Planned, verdict: Verdict, answers: boolean): number | undefined {
    const { attempt, fiber, plan: { active, waits } } = run
    if (verdict !== false || !active) this.pass.failed({ attempt, hint: waits ? hintOf(verdict) : undefined }, fiber)
    else if (answers) this.pass.succeeded(fiber)
    return waits ? this.pass.notBefore(fiber) : undefined
  }

  /** Asks before a retry. When that is done, the retry is granted or the run is over. Nobody is asked in test mode. */
  ask<R extends Visitor>(run: R, deferred: NotifyDeferred<R>): Effect.Effect<void> | undefined {
    const { attempt, fiber, plan } = run
    if (plan === undefined || !plan.waits) return undefined
    const now = run.time()
    const request = {
      retryNum: attempt,
      left: plan.timeout - now,
      untilDeadline: (run.deadline() ?? Infinity) - now
    }
    const answer = this.pass.ask(request, fiber)
    return Effect.isEffect(answer)
      ? Effect.flatMap(answer, (answer) => this.obey(run, answer, deferred) ?? Effect.void)
      : this.obey(run, answer, deferred)
  }

  private obey<R extends Visitor>(
    run: R,
    answer: Answer,
    deferred: NotifyDeferred<R>
  ): Effect.Effect<void> | undefined {
    switch (answer._tag) {
      case "Granted":
        return undefined
      case "Refused": {
        const at = run.time()
        Run.end(run, at, answer.reason, this.waitedFor(at))
        return undefined
      }
      case "Later":
        return this.comeLater(run, answer.wait, deferred)
      case "Queued": {
        this.deferredAt ??= run.time()
        const turn = Effect.flatMap(answer.turn, (answer) => this.obey(run, answer, deferred) ?? Effect.void)
        const notified = deferred(run)
        return notified === undefined ? turn : Effect.andThen(notified, turn)
      }
    }
  }

  /** Waits for longer, at least a millisecond, if the limits allow it, and asks again. */
  private comeLater<R extends Visitor>(
    run: R,
    wait: number,
    deferred: NotifyDeferred<R>
  ): Effect.Effect<void> | undefined {
    const at = run.time()
    const decision = Decision.decideLater(
      (run as Run.Run as Run.Planned).plan, // a run that waits has failed
      { elapsed: at, wait: Math.max(1, wait), deadline: run.deadline() },
      () => draw(run.fiber)
    )
    if (decision._tag === "Stop") {
      Run.end(run, at, decision.reason, decision.refused)
      return undefined
    }
    Run.postpone(run, at + decision.wait)
    return Effect.flatMap(clock.sleep(run.clock, decision.wait), () => this.ask(run, deferred) ?? Effect.void)
  }

  /** The retry begins. */
  began({ fiber }: Visitor): void {
    this.deferredAt = undefined
    this.pass.began(fiber)
  }

  /** How long the retry has waited for its turn by now; `undefined` if it has not. */
  waitedFor(at: number): Decision.RefusedWait | undefined {
    return this.deferredAt === undefined ? undefined : { wait: at - this.deferredAt, left: 0 }
  }
}
