/**
 * One call: a run whose attempts are promises.
 *
 * The first attempt needs no fiber. It is called directly, and where it succeeds, that was all. Its failure begins a fiber,
 * in which the engine decides, waits and makes the other attempts, as it does for every driver.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as defaults from "../ambient/defaults.ts"
import { currentMode } from "../ambient/mode.ts"
import { nextWait } from "../drive/drivers.ts"
import { begin, type Beginning, LiveRun } from "../drive/liveRun.ts"
import * as loop from "../drive/loop.ts"
import type { Settings } from "../drive/settings.ts"
import { inTime } from "../drive/timeLimit.ts"
import { lastFailure } from "../run/run.ts"
import { asEffect, type Body, called, type Caller, CurrentAttempt } from "./attempt.ts"
import { withName } from "./options.ts"
import type { Place, Services } from "./services.ts"

/** Makes a call with checked options. */
export const makeCall = <T>(
  place: Place,
  settings: Settings,
  body: Body<T>,
  signal: AbortSignal | undefined
): Promise<T> => {
  const call = new Call(settings, body, signal)
  return signal === undefined ? call.begin(place) : untilAborted(signal, call, place)
}

/** Rejects as soon as the signal is aborted, whatever an attempt or a hook still does, and leaves no listener behind. */
const untilAborted = <T>(signal: AbortSignal, call: Call<T>, place: Place): Promise<T> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      call.abort()
      reject(signal.reason)
    }
    signal.addEventListener("abort", onAbort, { once: true })
    call.begin(place).finally(() => signal.removeEventListener("abort", onAbort)).then(resolve, reject)
  })

/** A failed first attempt. */
interface Failed {
  readonly error: unknown
}

/** Many calls wait at a time, so what a call needs stands in its fields, and in few closures. */
class Call<T> implements Caller {
  readonly signal: AbortSignal | undefined
  private readonly settings: Settings
  private readonly body: Body<T>
  private services: Services | undefined
  private beginning: Beginning | undefined
  private run: LiveRun | undefined
  private fiber: Fiber.Fiber<unknown, unknown> | undefined
  private isAborted = false

  constructor(settings: Settings, body: Body<T>, signal: AbortSignal | undefined) {
    this.settings = settings
    this.body = body
    this.signal = signal
  }

  begin(place: Place): Promise<T> {
    const services = place()
    return services instanceof Promise
      ? services.then((services) => this.isAborted ? this.gone() : this.start(services))
      : this.start(services)
  }

  /** The caller has gone away, and has been answered. */
  abort(): void {
    this.isAborted = true
    this.fiber?.interruptUnsafe()
  }

  get endsAttempts(): boolean {
    return this.settings.attemptTimeout < Infinity || this.services?.areManaged === true
  }

  nextWait(num: number): number {
    const { rested } = this.services ?? {}
    if (rested === undefined) return 0
    return nextWait(this.run?.plan ?? this.settings.plan(currentMode(rested), rested.getRef(defaults.Current)), num)
  }

  private start(services: Services): Promise<T> {
    const { attemptTimeout, spans } = this.settings
    this.services = services
    this.beginning = begin(this.settings, services.rested)
    return spans || attemptTimeout < Infinity
      ? this.inFiber(services, undefined)
      : called(this.body, new CurrentAttempt(this, 1, Option.none())).then(
        undefined,
        (error: unknown) => this.isAborted ? this.gone() : this.inFiber(services, { error })
      )
  }

  /** Goes on in a fiber: after the first attempt, or with it. */
  private inFiber({ fork }: Services, failed: Failed | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      fork(Effect.withFiber((fiber) => this.go(fiber, failed))).addObserver((exit) => {
        if (exit._tag === "Success") resolve(exit.value)
        // a runtime that was disposed of meanwhile has made nothing of the failure
        else reject(this.run === undefined && failed !== undefined ? failed.error : rejection(exit.cause, this.run))
      })
    })
  }

  private go(fiber: Fiber.Fiber<unknown, unknown>, failed: Failed | undefined): Effect.Effect<T, unknown> {
    const settings = withName(this.settings, this.body)
    const run = new LiveRun(settings, fiber, this.beginning ?? begin(settings, fiber))
    this.run = run
    this.fiber = fiber
    const driver: loop.Driver<T, unknown, never> = { attempt: (run) => inTime(run, this.attempt(run)) }
    return failed === undefined ? loop.attempt(run, driver) : loop.failed(run, driver, Cause.fail(failed.error))
  }

  private attempt(run: LiveRun): Effect.Effect<T, unknown> {
    return Effect.suspend(() => {
      const previous = run.attempt === 1 ? Option.none() : Option.some(run.error)
      return asEffect(this.body, new CurrentAttempt(this, run.attempt, previous))
    })
  }

  private gone(): Promise<never> {
    return Promise.reject(this.signal?.reason)
  }
}

/**
 * What a promise rejects with. What `on` threw is a mistake that must be seen, so it goes before the error that `on` was
 * asked about; a report of it leads there.
 */
const rejection = ({ reasons }: Cause.Cause<unknown>, run: LiveRun | undefined): unknown => {
  for (const reason of reasons) if (reason._tag === "Die") return reason.defect
  for (const reason of reasons) if (reason._tag === "Fail") return reason.error
  // not by the caller's signal, which has been answered: by the end of the runtime
  const cause = run === undefined ? undefined : lastFailure(run)?.error
  return Object.assign(new Error("the retry was interrupted", { cause }), { name: "AbortError" })
}
