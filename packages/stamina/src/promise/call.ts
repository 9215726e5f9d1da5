/**
 * One call: what it waits for at the moment, and how it is ended from outside.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { LiveRun } from "../drive/liveRun.ts"
import type { Settings } from "../drive/settings.ts"
import * as steps from "../drive/steps.ts"
import { timedOut } from "../drive/timeLimit.ts"
import * as origins from "../run/origins.ts"
import { lastFailure, reportInterruption } from "../run/run.ts"
import { attemptSpan } from "../telemetry/eventsOf.ts"
import { type Body, type Caller, CurrentAttempt, mayEnd } from "./attempt.ts"
import { withName } from "./options.ts"
import { interrupted, rejectionOf } from "./rejection.ts"
import type { Services } from "./services.ts"
import * as signals from "./signals.ts"
import { after, asReading, type Time } from "./timer.ts"

const nothing = () => {}

/** Many calls wait at a time, so what a call needs is in its fields, and in few closures. */
export class Call<T> implements Caller {
  readonly signal: AbortSignal | undefined
  /** Made when the first attempt fails, or before it if that is limited or has a span. */
  run: LiveRun | undefined = undefined
  readonly settings: Settings
  readonly services: Services
  private readonly body: Body<T>
  private readonly began: Time
  private readonly endedBefore: number
  /** What the door credited; `undefined` if it is to be notified of a success. */
  private readonly credit: number | undefined
  /** What the loop awaits: how to have that reject, and the timer or the fiber that would resolve it. */
  private stop: ((reason: unknown) => void) | undefined = undefined
  private cancel: (() => void) | undefined = undefined
  private fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private current: CurrentAttempt | undefined = undefined
  /** Ends the span of the attempt. */
  private endSpan: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined = undefined
  /** Whether something else has ended the call, and what it then rejects with. */
  private isEnded = false
  private reason: unknown = undefined
  private isFinished = false

  constructor(
    settings: Settings,
    body: Body<T>,
    services: Services,
    signal: AbortSignal | undefined,
    began: Time,
    endedBefore: number,
    credit: number | undefined
  ) {
    this.settings = settings
    this.body = body
    this.services = services
    this.signal = signal
    this.began = began
    this.endedBefore = endedBefore
    this.credit = credit
    if (signal !== undefined) signals.listen(signal, this)
    if (settings.spans || settings.attemptTimeout < Infinity) this.begin()
  }

  /** Gives the run, which a failed first attempt begins. */
  attemptFailed(error: unknown): LiveRun {
    this.attemptEnded(Exit.fail(error))
    this.goOn()
    if (this.run !== undefined) return this.run
    // if the runtime was disposed in the meantime, no run begins: reject with the error of the attempt
    if (this.services.runtime?.isOver === true) throw error
    return this.begin()
  }

  /** Begins the run. */
  private begin(): LiveRun {
    const { began, body, credit, endedBefore, services, settings } = this
    services.runtime?.enter(this)
    const start = asReading(services, began)
    return this.run = new LiveRun(withName(settings, body), services.rested, { start, endedBefore, credit })
  }

  /** Notifies the door, if it wants to know. */
  firstSucceeded(): void {
    if (this.credit === undefined) this.settings.door?.succeeded(this.services.rested)
  }

  close(): void {
    if (this.signal !== undefined) signals.leave(this.signal, this)
    this.services.runtime?.leave(this)
  }

  // -------------------------------------------------------------------------------------------------------------------
  // attempts
  // -------------------------------------------------------------------------------------------------------------------

  /** Calls the function. What it throws is what it rejects with, as for an `async` function. */
  attempt(): T | PromiseLike<T> {
    const { body, run, services, signal } = this
    const num = run?.attempt ?? 1
    const attempt = new CurrentAttempt(this, num, num === 1 ? undefined : Option.some(run?.error))
    if (signal === undefined && (run === undefined || !(mayEnd(this) || run.settings.spans))) return body(attempt)
    this.current = attempt
    if (run?.settings.spans === true) this.endSpan = spanOf(services, run)
    let end: (reason: unknown) => void = nothing
    const ended = new Promise<never>((_, reject) => end = reject)
    if (run !== undefined && run.settings.attemptTimeout < Infinity) {
      const late = () => {
        // before the attempt notices and rejects with what it was aborted with
        end(timedOut(run, (error) => error))
        attempt.abort()
      }
      this.cancel = after(services, run.settings.attemptTimeout, late, (cause) => end(rejectionOf(cause, run)))
    }
    const answer = body(attempt)
    this.stop = end
    if (this.isEnded) this.fork(this.leave())
    return Promise.race([answer, ended])
  }

  /** The attempt is over, and nothing else ends it any more. */
  attemptEnded(exit: Exit.Exit<unknown, unknown>): void {
    this.settle()
    this.current = undefined
    this.endSpan?.(exit)
    this.endSpan = undefined
  }

  // -------------------------------------------------------------------------------------------------------------------
  // between attempts
  // -------------------------------------------------------------------------------------------------------------------

  /** Releases what the failed attempt has left open. */
  beforeWait(): void {
    this.body.beforeWait?.()
  }

  /** Waits as the run has decided. */
  sleep({ attempt, wait }: LiveRun): Promise<void> | undefined {
    const { services } = this
    this.beforeWait()
    // so many retries in a row let others have their turn
    if (services.hasOwnClock && wait <= 0 && attempt % 16 !== 0) return undefined
    return new Promise<void>((resolve, reject) => {
      this.stop = reject
      this.cancel = after(services, wait, resolve, (cause) => reject(rejectionOf(cause, this.run)))
    })
  }

  /** Runs an effect in a fiber, and throws what it fails with. */
  async perform(effect: Effect.Effect<unknown, unknown>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fiber = this.fiber = this.services.fork(effect)
      this.stop = reject
      fiber.addObserver((exit) => exit._tag === "Success" ? resolve() : reject(rejectionOf(exit.cause, this.run)))
      if (this.isEnded) this.fork(this.leave())
    })
    this.goOn()
  }

  // -------------------------------------------------------------------------------------------------------------------
  // ending from outside
  // -------------------------------------------------------------------------------------------------------------------

  /** What was awaited is here. Throws if the call was ended meanwhile, or by code that it called itself. */
  goOn(): void {
    this.settle()
    if (!this.isEnded) return
    this.fork(this.finish())
    throw this.reason
  }

  private settle(): void {
    this.stop = undefined
    this.fiber = undefined
    this.cancel?.()
    this.cancel = undefined
  }

  /** The caller has gone away. */
  abort(reason: unknown): void {
    this.fork(this.end(reason))
  }

  private fork(remaining: Effect.Effect<void> | undefined): Fiber.Fiber<unknown, unknown> | undefined {
    return remaining === undefined ? undefined : this.services.fork(remaining)
  }

  endWithRuntime(): Fiber.Fiber<unknown, unknown> | undefined {
    return this.fork(this.end(interrupted(this.run)))
  }

  /** Ends the call, and gives back what remains to be done. The loop sees it when it goes on. */
  private end(reason: unknown): Effect.Effect<void> | undefined {
    if (this.isEnded) return undefined
    this.isEnded = true
    this.reason = reason
    this.current?.abort()
    return this.leave()
  }

  /** Leaves what is awaited, if anything is: else the loop itself goes on soon. */
  private leave(): Effect.Effect<void> | undefined {
    const { fiber, stop } = this
    if (stop === undefined) return undefined
    this.settle()
    stop(this.reason)
    if (fiber === undefined) return this.finish()
    fiber.interruptUnsafe()
    return Effect.andThen(Fiber.await(fiber), Effect.suspend(() => this.finish() ?? Effect.void))
  }

  /** Ends the run, once. */
  private finish(): Effect.Effect<void> | undefined {
    const { reason, run, services } = this
    this.endSpan?.(Exit.interrupt())
    if (run === undefined || this.isFinished) return undefined
    this.isFinished = true
    const remaining = steps.finish(run)
    if (lastFailure(run) !== undefined) {
      // the last error is found by the reason, which is all that comes out
      reportInterruption(run)
      origins.remember(reason, run, services.rested)
    }
    return remaining
  }
}

/** Begins the span of an attempt. What comes back ends it. */
const spanOf = ({ fork }: Services, { attempt }: LiveRun): (exit: Exit.Exit<unknown, unknown>) => void => {
  let end: (exit: Exit.Exit<unknown, unknown>) => void = nothing
  const attempting = Effect.callback<unknown, unknown>((resume) => {
    end = resume
  })
  fork(Effect.withSpan(attempting, attemptSpan, { attributes: { "stamina.attempt": attempt } }))
  return (exit) => end(exit)
}
