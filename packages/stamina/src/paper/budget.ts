/**
 * Retry budgets on paper: the arithmetic of `RetryBudget`, with the time handed in.
 */
import type { FailedCall, Final, Request } from "../budget/Door.ts"
import { Expiries, type Expiring } from "../budget/expiries.ts"
import { exhausted } from "../budget/localBudget.ts"
import type { Checked } from "../budget/options.ts"
import { granted } from "../budget/pass.ts"
import * as queue from "../budget/queue.ts"
import * as bucket from "../budget/tokens.ts"
import * as waiting from "../budget/waiting.ts"

/**
 * A retry budget of your own, on paper. Its functions are those of a `Door`, with the time in place of a fiber: milliseconds
 * since the beginning of the simulation. None of them may throw.
 *
 * @category models
 * @since 0.2.0
 */
export interface Budget {
  /** Whether a retry may be made. */
  readonly ask: (request: Request, now: number) => Final
  /** A call begins: its first attempt is about to be made. */
  readonly called?: ((now: number) => void) | undefined
  /** An attempt has failed with something that is retried. */
  readonly failed?: ((failure: FailedCall, now: number) => void) | undefined
  /** How long the dependency wants to be left alone, in milliseconds. Default: 0. */
  readonly notBefore?: ((now: number) => number) | undefined
  /** The retry that was granted last has succeeded. */
  readonly succeeded?: ((now: number) => void) | undefined
  /** The retry that was granted last was never made. */
  readonly unused?: ((now: number) => void) | undefined
}

/**
 * A `RetryBudget` on paper. Its retries can wait for tokens: see `PaperRun.wake`.
 *
 * @category models
 * @since 0.2.0
 */
export interface WaitingBudget {
  readonly "~effect-stamina/PaperRun/WaitingBudget": unknown
}

/** An answer: to wait, until {@link Woken} is called; or a final one. */
export type PaperAnswer = Final | "wait"

/** Ends the wait of a retry: it is to begin at a time, or something else becomes of it. */
export type Woken = (answer: number | Final, now: number) => void

/** What a run on paper and its budget say to each other. */
export interface PaperPass {
  readonly failed: (failure: FailedCall, now: number) => void
  readonly notBefore: (now: number) => number
  readonly ask: (request: Request, now: number) => PaperAnswer
  readonly began: () => void
  readonly succeeded: (now: number) => void
  readonly left: (now: number) => void
}

/** A budget as runs on paper know it. */
export interface PaperDoor {
  readonly called: (now: number, woken: Woken) => PaperPass
}

/** A budget of your own, as a door. */
export const doorOf = (budget: Budget): PaperDoor => ({
  called: (now) => {
    budget.called?.(now)
    return new FunctionsPass(budget)
  }
})

class FunctionsPass implements PaperPass {
  private readonly budget: Budget
  private phase: "none" | "granted" | "begun" = "none"

  constructor(budget: Budget) {
    this.budget = budget
  }

  failed(failure: FailedCall, now: number): void {
    this.phase = "none"
    this.budget.failed?.(failure, now)
  }

  notBefore(now: number): number {
    return this.budget.notBefore?.(now) ?? 0
  }

  ask(request: Request, now: number): Final {
    const answer = this.budget.ask(request, now)
    if (answer._tag === "Granted") this.phase = "granted"
    return answer
  }

  began(): void {
    if (this.phase === "granted") this.phase = "begun"
  }

  succeeded(now: number): void {
    if (this.phase === "begun") this.budget.succeeded?.(now)
    this.phase = "none"
  }

  left(now: number): void {
    if (this.phase === "granted") this.budget.unused?.(now)
    this.phase = "none"
  }
}

/** A budget of `RetryBudget`. */
export class PaperBudget implements WaitingBudget, PaperDoor {
  readonly "~effect-stamina/PaperRun/WaitingBudget": undefined = undefined
  /** Runs whose wait has ended, and that nobody has asked for yet. */
  readonly woken: Array<unknown> = []
  readonly waiting: waiting.Waiting<PaperBudgetPass>
  readonly expiries: Expiries<PaperBudgetPass> = new Expiries()
  private readonly random: () => number

  constructor({ capacity, maxWaiting, refill }: Checked, random: () => number) {
    this.waiting = waiting.make({ capacity, refill, maxWaiting })
    this.random = random
  }

  called(now: number, woken: Woken): PaperPass {
    const credit = bucket.firstBegins(this.waiting.bucket, !waiting.isCalm(this.waiting))
    const { bucket: it, queue: waiters } = this.waiting
    if (queue.size(waiters) > 0 || bucket.wantsTime(it)) bucket.notice(it, now)
    return new PaperBudgetPass(this, woken, credit)
  }

  /** When {@link goOn} is to be called if nothing happens before. */
  next(): number {
    return Math.min(this.expiries.next, waiting.wakeAt(this.waiting))
  }

  /** Wakes those whose turn it is. */
  goOn(now: number): void {
    for (let pass = this.expiries.take(now); pass !== undefined; pass = this.expiries.take(now)) {
      waiting.ends(this.waiting, pass, true)
      pass.woken(exhausted, now)
    }
    for (let pass = waiting.wake(this.waiting, now); pass !== undefined; pass = waiting.wake(this.waiting, now)) {
      this.expiries.remove(pass)
      const delay = waiting.delay(this.waiting, now, this.random())
      pass.woken(now + Math.min(delay, Math.max(0, pass.expiresAt - now)), now)
    }
  }

  /** Runs that this takes past their limits give up at once. */
  hears(millis: number, now: number): void {
    if (!waiting.hears(this.waiting, now, millis)) return
    queue.each(this.waiting.queue, (pass) => {
      if (now + millis < pass.expiresAt) return
      this.expiries.remove(pass)
      waiting.ends(this.waiting, pass, true)
      pass.woken({ _tag: "Later", wait: millis }, now)
    })
  }
}

class PaperBudgetPass implements PaperPass, waiting.Waiter<PaperBudgetPass>, Expiring {
  before: PaperBudgetPass | undefined = undefined
  after: PaperBudgetPass | undefined = undefined
  lane: queue.Lane<PaperBudgetPass> | undefined = undefined
  phase: waiting.Phase = "none"
  wasDeferred: boolean = false
  hasFailed: boolean = false
  expiresAt: number = Infinity
  place: number = -1
  readonly woken: Woken
  private readonly budget: PaperBudget
  private readonly credit: number | undefined
  private isFirst = true

  constructor(budget: PaperBudget, woken: Woken, credit: number | undefined) {
    this.budget = budget
    this.woken = woken
    this.credit = credit
  }

  failed({ hint }: FailedCall, now: number): void {
    const { budget } = this
    if (this.isFirst) bucket.firstFails(budget.waiting.bucket, now, this.credit)
    else waiting.fails(budget.waiting, this, now)
    this.isFirst = false
    if (hint !== undefined) budget.hears(hint, now)
    budget.goOn(now)
  }

  notBefore(now: number): number {
    return waiting.quietFor(this.budget.waiting, now)
  }

  ask({ left }: Request, now: number): PaperAnswer {
    const { budget } = this
    if (this.phase === "granted" || this.phase === "probing") return granted
    const quiet = this.notBefore(now)
    if (quiet >= 1 && (budget.waiting.maxWaiting === 0 || quiet >= left)) return { _tag: "Later", wait: quiet }
    const answer = waiting.ask(budget.waiting, this, now)
    if (answer !== "wait") return answer === "begin" ? granted : exhausted
    this.expiresAt = now + left
    budget.expiries.add(this)
    budget.goOn(now)
    return "wait"
  }

  began(): void {
    waiting.begins(this)
  }

  succeeded(now: number): void {
    const { budget } = this
    if (this.isFirst && this.credit === undefined) bucket.firstSucceeds(budget.waiting.bucket)
    else waiting.succeeds(budget.waiting, this, now)
    this.isFirst = false
    budget.goOn(now)
  }

  left(now: number): void {
    const { budget } = this
    budget.expiries.remove(this)
    waiting.ends(budget.waiting, this, false)
    budget.goOn(now)
  }
}
