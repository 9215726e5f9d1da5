/**
 * Where calls begin. A first attempt that succeeds is all of most calls, so its function is small, and nothing but the time
 * is known of it.
 */
import type { Settings } from "../drive/settings.ts"
import { runsEnded } from "../run/run.ts"
import { type Body, CurrentAttempt } from "./attempt.ts"
import { Call } from "./call.ts"
import { loop } from "./loop.ts"
import type { PromiseAttempt } from "./model.ts"
import type { Place, Services } from "./services.ts"
import * as signals from "./signals.ts"
import { now } from "./timer.ts"

/** Makes a call with checked options. `isBlind`: the function is not handed its attempt. */
export const makeCall = <T>(
  place: Place,
  settings: Settings,
  body: Body<T>,
  signal: AbortSignal | undefined,
  isBlind = false
): Promise<T> => {
  if (signal?.aborted === true) return Promise.reject(signal.reason)
  const services = place()
  if (services instanceof Promise) return onceBuilt(services, settings, body, signal)
  return signal === undefined && settings.attemptTimeout === Infinity && !settings.spans
    ? begin(services, settings, body, isBlind)
    : beginWatched(services, settings, body, signal)
}

const onceBuilt = async <T>(
  building: Promise<Services>,
  settings: Settings,
  body: Body<T>,
  signal: AbortSignal | undefined
): Promise<T> => {
  const services = await (signal === undefined ? building : signals.unlessAborted(signal, building))
  return await beginWatched(services, settings, body, signal)
}

/** Begins a call that nothing may end from outside. */
const begin = async <T>(services: Services, settings: Settings, body: Body<T>, isBlind: boolean): Promise<T> => {
  const began = now(services)
  const credit = called(services, settings)
  const endedBefore = runsEnded()
  let value: T
  try {
    value = await body(isBlind ? unseen : first(services, settings))
  } catch (error) {
    return await loop(new Call(settings, body, services, undefined, began, endedBefore, credit), { error })
  }
  if (credit === undefined) settings.door?.succeeded(services.rested)
  return value
}

/** Begins one that may be ended from the start. */
const beginWatched = <T>(
  services: Services,
  settings: Settings,
  body: Body<T>,
  signal: AbortSignal | undefined
): Promise<T> => {
  const began = now(services)
  const credit = called(services, settings)
  return loop(new Call(settings, body, services, signal, began, runsEnded(), credit))
}

/** Notifies the door, and gives what it credits. */
const called = ({ rested }: Services, { door }: Settings): number | undefined =>
  door === undefined ? 0 : door.called(rested, false)

const first = (services: Services, settings: Settings): PromiseAttempt =>
  new CurrentAttempt({ settings, services, run: undefined, signal: undefined }, 1)

/** Placeholder for a function that looks at no attempt. */
const unseen = /*#__PURE__*/ Object.create(null)
