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
import * as defaults from "../around/defaults.ts"
import { currentMode } from "../around/mode.ts"
import * as engine from "../drive/engine.ts"
import { afterFailure, loop, nextWait } from "../drive/loop.ts"
import type { Settings } from "../drive/settings.ts"
import { lastFailure, ordinal } from "../run/Run.ts"
import * as clock from "../tools/clock.ts"
import { asEffect, type Body, called, type Caller, CurrentAttempt } from "./attempt.ts"
import { withName } from "./options.ts"
import type { Place, Services } from "./places.ts"

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

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Makes the next attempt, from the error before. */
type Attempt<T> = (previous: Option.Option<unknown>) => Effect.Effect<T, unknown>

class Call<T> implements Caller {
  readonly signal: AbortSignal | undefined
  private readonly settings: Settings
  private readonly body: Body<T>
  private services: Services | undefined
  private run: engine.LiveRun | undefined
  private fiber: AnyFiber | undefined
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

  nextWait(num: number): number {
    const { rested } = this.services ?? {}
    if (rested === undefined) return 0
    return nextWait(
      this.run?.plan ?? this.settings.plan(currentMode(rested), rested.getRef(defaults.Current)),
      num
    )
  }

  private start(services: Services): Promise<T> {
    this.services = services
    const { admission, attemptTimeout, spans } = this.settings
    const start = clock.read(services.rested)
    const since = ordinal()
    if (admission !== undefined) admission.called(services.rested)
    if (spans || attemptTimeout < Infinity) {
      return this.inFiber(
        services,
        start,
        since,
        undefined,
        (run, fiber, attempt) => loop(run, fiber, attempt(Option.none()), (error) => attempt(Option.some(error)))
      )
    }
    return called(this.body, new CurrentAttempt(this, 1, Option.none())).then(
      undefined,
      (error: unknown) =>
        this.isAborted
          ? this.gone()
          : this.inFiber(services, start, since, { error }, (run, fiber, attempt) =>
            afterFailure(run, fiber, Cause.fail(error), (error) =>
              attempt(Option.some(error))))
    )
  }

  /** Goes on in a fiber, from the first attempt or from its failure. */
  private inFiber(
    { fork }: Services,
    start: clock.Reading,
    since: number,
    failed: { readonly error: unknown } | undefined,
    go: (run: engine.LiveRun, fiber: AnyFiber, attempt: Attempt<T>) => Effect.Effect<T, unknown>
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const rest = Effect.withFiber<T, unknown>((fiber) => {
        const run = this.run = engine.begin(withName(this.settings, this.body), start, since)
        this.fiber = fiber
        return go(
          run,
          fiber,
          (previous) => Effect.suspend(() => asEffect(this.body, new CurrentAttempt(this, run.attempt, previous)))
        )
      })
      fork(rest).addObserver((exit) => {
        if (exit._tag === "Success") resolve(exit.value)
        // a runtime that was disposed of meanwhile has made nothing of the failure
        else reject(this.run === undefined && failed !== undefined ? failed.error : rejection(exit.cause, this.run))
      })
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
const rejection = ({ reasons }: Cause.Cause<unknown>, run: engine.LiveRun | undefined): unknown => {
  for (const reason of reasons) if (reason._tag === "Die") return reason.defect
  for (const reason of reasons) if (reason._tag === "Fail") return reason.error
  // not by the caller's signal, which has been answered: by the end of the runtime
  const cause = run === undefined ? undefined : lastFailure(run)?.error
  return Object.assign(new Error("the retry was interrupted", { cause }), { name: "AbortError" })
}
