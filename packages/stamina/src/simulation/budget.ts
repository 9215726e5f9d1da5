/**
 * Retry budgets on paper: the bucket of `RetryBudget`, with the time handed in.
 */
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Admission from "../around/Admission.ts"
import type { Answer, FailedCall, Request } from "../around/Admission.ts"
import * as bucket from "../around/bucket.ts"
import * as RetryBudget from "../around/RetryBudget.ts"
import type { Budget, BudgetInput } from "./SimulationModel.ts"

/** Checks a budget, and returns what makes them; `undefined` where there is none. */
export const makerOf = (caller: string, input: BudgetInput | undefined): (() => Budget) | undefined => {
  if (input === undefined || typeof input === "function") return input
  const { capacity, refill } = RetryBudget.fromOptions(caller, input)
  return () => new PaperBudget(capacity, refill)
}

/** A budget of `RetryBudget`: its bucket, and until when the dependency asked to be left alone. */
class PaperBudget implements Budget {
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

  ask(_request: Request, now: number): Answer {
    return bucket.take(this.bucket)
      ? { _tag: "Granted", wait: Math.max(0, this.quietUntil - now) }
      : RetryBudget.exhausted
  }

  succeeded(): void {
    bucket.putBack(this.bucket)
  }

  unused(): void {
    bucket.putBack(this.bucket)
  }
}

/** A budget as the door of runs that are simulated, which take the place of a fiber by setting the time. */
export class Door implements Admission.Door {
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

  ask(request: Request): Answer | Effect.Effect<Answer> {
    return this.budget.ask(request, this.now)
  }

  succeeded(): void {
    this.budget.succeeded(this.now)
  }

  unused(): void {
    this.budget.unused(this.now)
  }
}

/** What drivers hand to a door, and a door of this file does not look at. */
export const noFiber = undefined as unknown as Fiber.Fiber<unknown, unknown> // nothing here reads it
