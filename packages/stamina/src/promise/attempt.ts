/**
 * One attempt: what the retried function is handed.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as defaults from "../ambient/defaults.ts"
import { currentMode } from "../ambient/mode.ts"
import { nextWait } from "../drive/drivers.ts"
import type { LiveRun } from "../drive/liveRun.ts"
import type { Settings } from "../drive/settings.ts"
import { attemptsLeft } from "../drive/steps.ts"
import type { Plan } from "../run/Decision.ts"
import type { PromiseAttempt } from "./model.ts"
import type { Services } from "./services.ts"

/** What an attempt knows of its call. */
export interface Caller {
  readonly signal: AbortSignal | undefined
  readonly settings: Settings
  readonly services: Services
  /** The run, once it has begun. */
  readonly run: LiveRun | undefined
}

const planOf = ({ run, services: { rested }, settings }: Caller): Plan =>
  run?.plan ?? settings.plan(currentMode(rested), rested.getRef(defaults.Current))

/** Whether anything else than the caller's signal may end an attempt: a limit in time, or the end of a runtime. */
export const mayEnd = ({ services, settings }: Caller): boolean =>
  settings.attemptTimeout < Infinity || services.runtime !== undefined

/** Few functions look at their attempt, so what costs something is made when they do. */
export class CurrentAttempt implements PromiseAttempt {
  readonly num: number
  readonly previous: Option.Option<unknown>
  readonly #caller: Caller
  #controller: AbortController | undefined
  #signal: AbortSignal | undefined
  #isAborted = false

  constructor(caller: Caller, num: number, previous: Option.Option<unknown> = Option.none()) {
    this.num = num
    this.previous = previous
    this.#caller = caller
  }

  get nextWait(): Duration.Duration {
    return Duration.millis(nextWait(planOf(this.#caller), this.num))
  }

  get attemptsLeft(): number {
    const { run, settings } = this.#caller
    return attemptsLeft({ attempt: this.num, attemptsBefore: run?.attemptsBefore ?? 0, settings }, planOf(this.#caller))
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal
    const { signal } = this.#caller
    // a signal that follows two others costs 10 µs
    if (signal !== undefined && !mayEnd(this.#caller)) return this.#signal = signal
    const controller = this.#controller = new AbortController()
    if (this.#isAborted) controller.abort(signal?.reason)
    return this.#signal = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  }

  /** Ends the attempt from outside. */
  abort(): void {
    this.#isAborted = true
    this.#controller?.abort(this.#caller.signal?.reason)
  }
}

/** The function that is retried. */
export interface Body<T> {
  (attempt: PromiseAttempt): T | PromiseLike<T>
  /** Releases what a failed attempt has left open, before the wait. */
  readonly beforeWait?: (() => void) | undefined
}
