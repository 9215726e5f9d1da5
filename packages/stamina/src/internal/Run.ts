/**
 * One run: the state between the first attempt and the last, and the step that every driver takes after a failure.
 *
 * A driver makes a `Run` per run, tells it of each failure, and does as the decision says. Reading the clock, drawing
 * a random number and looking at the switches all happen here, at the fiber's services, and nothing is computed here
 * that `Decision` computes. Times are milliseconds since just before the first attempt.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import { currentMode } from "../Activation.ts"
import type { AttemptTimedOut } from "../AttemptTimedOut.ts"
import { CurrentDeadline } from "../Deadline.ts"
import * as Decision from "../Decision.ts"
import { CurrentNesting } from "../Nesting.ts"
import type { GaveUp, RetriedRun, RetryDetails } from "../RetryDetails.ts"
import type { Verdict } from "../RetryOn.ts"
import * as clock from "./clock.ts"
import { History } from "./History.ts"
import { errorsOf, judgeCause } from "./judge.ts"
import type { Settings } from "./settings.ts"

/** What follows from a failure: a retry, or the end, with the cause that then comes out. */
export type Outcome<E> = { readonly _tag: "Retry"; readonly wait: number } | Stopped<E>

/** The end of a run that has failed. */
export interface Stopped<E> {
  readonly _tag: "Stop"
  readonly reason: Decision.GiveUpReason
  readonly cause: Cause.Cause<E>
}

export class Run {
  readonly settings: Settings
  /** The clock just before the first attempt. */
  readonly start: clock.Reading
  readonly history: History<Run> = new History()
  /** The number of the attempt that is being made, or was made last. */
  attempt = 1
  /** The wait that was decided last. */
  wait = 0
  /** The waits before that one, added up. */
  waited = 0
  /** When the last failure was, or the end. */
  elapsed = 0
  /** When the current attempt began. In mid-wait, when it begins if the wait ends on time. */
  private began: number
  /** How long the last attempt took. */
  private took = 0
  /** How long all attempts took. */
  private inAttempts = 0
  private waiting = false
  /** The switches, as they stood at the first failure. */
  private mode: Decision.Mode | undefined
  /** How many attempts were made, those of runs inside counted in place of the attempt that they were made in. */
  calls = 0
  /** How many attempts runs inside made in the attempt that failed last. */
  private inside = 0
  /** The error of this run's own making that an attempt was broken off with. */
  timedOut: AttemptTimedOut | undefined
  /** Why the run was given up, once it was. */
  reason: Decision.GiveUpReason | undefined
  /** The wait that it was given up for. */
  private refused: Decision.RefusedWait | undefined
  /** Whether the hooks have been told how the run ended. */
  told = false

  /** `began` is when the first attempt began, where that was before this run's time does. */
  constructor(settings: Settings, start: clock.Reading, began = 0) {
    this.settings = settings
    this.start = start
    this.began = began
    this.mode = undefined
    this.reason = undefined
    this.refused = undefined
    this.timedOut = undefined
  }

  /**
   * Decides about the cause that the last attempt failed with, and counts on if a retry follows. Once a run has been
   * given up it stays so, whoever asks again.
   *
   * `on` is asked after the clock was read, since its own time counts only from the next failure on, and not at all
   * where retries are switched off. If it throws, what it threw stands beside the failure that it was asked about.
   */
  failed<E>(fiber: Fiber.Fiber<unknown, unknown>, cause: Cause.Cause<E>): Outcome<E> {
    if (this.reason !== undefined) return { _tag: "Stop", reason: this.reason, cause }
    this.waiting = false
    this.attemptEnded(fiber)
    this.mode ??= currentMode(fiber)
    let verdict: Verdict = false
    if (this.mode._tag !== "Inactive") {
      try {
        const { judge, judgesTimeouts = false } = this.settings
        const isOwnTimeout = (error: unknown) => this.timedOut !== undefined && error === this.timedOut
        verdict = judgeCause(cause, (error) => (isOwnTimeout(error) && !judgesTimeouts) || judge(error))
      } catch (defect) {
        cause = Cause.combine(cause, Cause.die(defect))
      }
    }
    const errors = errorsOf(cause)
    const inner = this.innerRun(errors)
    const nested = this.settings.nested ?? fiber.getRef(CurrentNesting)
    const deadline = fiber.getRef(CurrentDeadline)
    const decision = Decision.decide(
      this.settings.rules,
      {
        attempt: this.attempt,
        elapsed: this.elapsed,
        verdict,
        mode: this.mode,
        deadline: deadline && clock.millisBetween(this.start, deadline.at),
        previousWait: this.attempt === 1 ? undefined : this.wait,
        alreadyRetried: nested === "once" && inner?.hasGivenUp === true
      },
      () => fiber.getRef(Random.Random).nextDoubleUnsafe()
    )
    this.waited += this.wait
    this.wait = decision._tag === "Retry" ? decision.wait : 0
    this.remember(errors[0], inner)
    if (decision._tag === "Stop") return this.stop(decision.reason, cause, decision.refused)
    this.attempt++
    this.began = this.elapsed + this.wait
    this.waiting = true
    return decision
  }

  /** For drivers that see it: the deadline has passed in a wait or an attempt, after a failure with `cause`. */
  deadlinePassed<E>(fiber: Fiber.Fiber<unknown, unknown>, cause: Cause.Cause<E>): Stopped<E> {
    this.attemptEnded(fiber)
    if (!this.waiting) this.calls++
    return this.stop("DeadlineExceeded", cause)
  }

  private stop<E>(
    reason: Decision.GiveUpReason,
    cause: Cause.Cause<E>,
    refused?: Decision.RefusedWait
  ): Stopped<E> {
    this.reason = reason
    this.refused = refused
    for (const error of errorsOf(cause)) if (isObject(error)) runs.set(error, this)
    return { _tag: "Stop", reason, cause }
  }

  /** Whether there was something to give up: a retry, or one that a limit forbade. */
  get hasGivenUp(): boolean {
    return this.reason !== undefined &&
      (this.attempt > 1 || (this.reason !== "NotRetryable" && this.reason !== "Inactive"))
  }

  /** The hooks have been told, and the wait begins now. */
  waitBegins(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.began = clock.millisSince(fiber, this.start) + this.wait
  }

  /** For drivers that see it: the wait is over and the next attempt begins now. */
  attemptBegins(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.waiting = false
    this.began = clock.millisSince(fiber, this.start)
  }

  /** For drivers whose waits may be broken off and taken up again: how much is left of this one. */
  waitLeft(fiber: Fiber.Fiber<unknown, unknown>): number {
    return Math.max(0, this.began - clock.millisSince(fiber, this.start))
  }

  /** For drivers that see it: the run ends here, with a success or by an interruption. */
  ends(fiber: Fiber.Fiber<unknown, unknown>): void {
    // an attempt that failed with an interruption has been counted
    if (this.reason !== undefined) return
    this.attemptEnded(fiber)
    if (!this.waiting) this.calls++
  }

  private attemptEnded(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.elapsed = clock.millisSince(fiber, this.start)
    this.took = this.waiting ? 0 : Math.max(0, this.elapsed - this.began)
    this.inAttempts += Math.min(this.took, this.elapsed)
  }

  private remember(error: unknown, inner: Run | undefined): void {
    this.inside = inner?.calls ?? 0
    this.calls += inner?.calls ?? 1
    this.history.add({
      num: this.attempt,
      start: this.began,
      duration: this.took,
      error,
      waitAfter: this.wait,
      inner
    })
  }

  /** The run inside the attempt that has just failed, if one of its errors came out of one. */
  private innerRun(errors: ReadonlyArray<unknown>): Run | undefined {
    for (const error of errors) {
      const inner = runBehind(error)
      // an error that is used again may tell of a run long before
      if (inner !== undefined && inner !== this && inner.endedSince(this) >= this.began) return inner
    }
    return undefined
  }

  /** When this run ended, in milliseconds since another began. */
  private endedSince(other: Run): number {
    return clock.millisBetween(other.start, this.start) + this.elapsed
  }

  /** What hooks see of the retry that was decided last. */
  details(fiber: Fiber.Fiber<unknown, unknown>, causedBy: unknown): RetryDetails {
    return {
      name: nameOf(this.settings, fiber),
      retryNum: this.attempt - 1,
      waitFor: Duration.millis(this.wait),
      waitedSoFar: Duration.millis(this.waited),
      elapsed: Duration.millis(this.elapsed),
      attemptTook: Duration.millis(this.took),
      attemptsInside: this.inside,
      causedBy
    }
  }

  /** What hooks see of the run once it has ended. */
  summary(fiber: Fiber.Fiber<unknown, unknown>): RetriedRun {
    return { name: nameOf(this.settings, fiber), ...this.totals(), attemptTook: Duration.millis(this.took) }
  }

  /** How many attempts were begun, and where the time went. */
  totals(): Pick<RetriedRun, "attempts" | "calls" | "elapsed" | "inAttempts" | "waited"> {
    return {
      attempts: this.waiting ? this.attempt - 1 : this.attempt,
      calls: this.calls,
      elapsed: Duration.millis(this.elapsed),
      inAttempts: Duration.millis(this.inAttempts),
      waited: Duration.millis(this.elapsed - this.inAttempts)
    }
  }

  /** What hooks see of the run once it was given up. */
  gaveUp(fiber: Fiber.Fiber<unknown, unknown>, reason: Decision.GiveUpReason, causedBy: unknown): GaveUp {
    const { attempts, timeout } = this.settings.rules
    return {
      ...this.summary(fiber),
      reason,
      limits: { attempts, timeout: Duration.millis(timeout) },
      refused: this.refused === undefined
        ? Option.none()
        : Option.some({ wait: Duration.millis(this.refused.wait), left: Duration.millis(this.refused.left) }),
      causedBy
    }
  }

  /** The jitter-free wait if the current attempt fails. */
  nextWait(fiber: Fiber.Fiber<unknown, unknown>): Duration.Duration {
    return Duration.millis(Decision.nextWait(this.settings.rules, this.attempt, this.mode ?? currentMode(fiber)))
  }
}

/** The run that each error came out of, for as long as somebody holds the error. */
const runs = /*#__PURE__*/ new WeakMap<object, Run>()

/** The run that an error came out of last. */
export const runOf = (error: unknown): Run | undefined => isObject(error) ? runs.get(error) : undefined

/** Lets what comes out in an error's place tell of the run that the error came out of. */
export const standsFor = (value: object, error: unknown): void => {
  const run = runOf(error)
  if (run !== undefined) runs.set(value, run)
}

/**
 * The run that an error came out of, or what it keeps as its `cause`, as `mapError` does well to do, or its `response`,
 * as errors do that are made of one.
 */
const runBehind = (error: unknown): Run | undefined => {
  for (let depth = 0; depth < maxCauses && isObject(error); depth++) {
    const run = runs.get(error)
    if (run !== undefined) return run
    error = Predicate.hasProperty(error, "cause")
      ? error.cause
      : Predicate.hasProperty(error, "response")
      ? error.response
      : undefined
  }
  return undefined
}

/** How far the causes of an error are followed: they may lead back to where they began. */
const maxCauses = 16

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function"

/** The name of the span that an attempt gets for itself. */
export const attemptSpan = "stamina.attempt"

/** What people call the thing that is retried. */
export const nameOf = (settings: Settings, fiber: Fiber.Fiber<unknown, unknown>): string => {
  if (settings.name !== undefined) return settings.name
  let { span } = fiber.cache
  // the span of an attempt, for which the option `spans` asks, is no name of its own
  while (span?._tag === "Span" && span.name === attemptSpan) span = Option.getOrUndefined(span.parent)
  return span?._tag === "Span" ? span.name : "<unnamed>"
}
