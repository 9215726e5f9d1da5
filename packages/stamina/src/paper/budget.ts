/**
 * Retry budgets on paper: the bucket of `RetryBudget`, with the time handed in.
 */
import * as bucket from "../budget/bucket.ts"
import type { Answer, FailedCall, Request } from "../budget/Door.ts"
import * as RetryBudget from "../budget/RetryBudget.ts"

/**
 * A retry budget on paper. It has the functions of a `Door`. Each gets the time in place of a fiber, in
 * milliseconds since the beginning of the simulation. None of them may throw.
 *
 * @category models
 * @since 0.2.0
 */
export interface Budget {
  /** A call begins: its first attempt is about to be made. */
  readonly called: (now: number) => void
  /** An attempt has failed with something that is retried. */
  readonly failed: (failure: FailedCall, now: number) => void
  /** How long the dependency wants to be left alone, in milliseconds. Default: 0. */
  readonly notBefore?: ((now: number) => number) | undefined
  /** Whether a retry may be made. */
  readonly ask: (request: Request, now: number) => Answer
  /** The retry that was granted last has succeeded. */
  readonly succeeded: (now: number) => void
  /** The retry that was granted last was never made. */
  readonly unused: (now: number) => void
}

/** A budget of `RetryBudget`: its bucket, and until when the dependency asked to be left alone. */
export class PaperBudget implements Budget {
  private readonly bucket: bucket.Bucket
  private quietUntil = 0

  constructor(capacity: number, refill: number) {
    this.bucket = bucket.make(capacity, refill)
  }

  called(): void {
    bucket.called(this.bucket)
  }

  failed({ attempt, hint }: FailedCall, now: number): void {
    if (attempt === 1) bucket.failed(this.bucket)
    if (hint !== undefined) this.quietUntil = Math.max(this.quietUntil, now + hint)
  }

  notBefore(now: number): number {
    return Math.max(0, this.quietUntil - now)
  }

  ask(): Answer {
    return bucket.take(this.bucket) ? RetryBudget.granted : RetryBudget.exhausted
  }

  succeeded(): void {
    bucket.putBack(this.bucket)
  }

  unused(): void {
    bucket.putBack(this.bucket)
  }
}

/** A budget as the door of runs on paper. In place of a fiber, they set the time. */
export class PaperDoor {
  /** Milliseconds since the beginning of the simulation. */
  now = 0
  private readonly budget: Budget

  constructor(budget: Budget) {
    this.budget = budget
  }

  called(): void {
    this.budget.called(this.now)
  }

  failed(failure: FailedCall): void {
    this.budget.failed(failure, this.now)
  }

  notBefore(): number {
    return this.budget.notBefore?.(this.now) ?? 0
  }

  ask(request: Request): Answer {
    return this.budget.ask(request, this.now)
  }

  succeeded(): void {
    this.budget.succeeded(this.now)
  }

  unused(): void {
    this.budget.unused(this.now)
  }
}
