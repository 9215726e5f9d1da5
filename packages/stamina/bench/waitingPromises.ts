/**
 * Many calls that wait before a retry, in a process of their own: `waitingPromises.ts <subject> <calls>`.
 */
import { Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { heapUsed } from "./kit/inChild.ts"
import {
  byHand,
  networkError,
  type Way,
  withAsyncRetry,
  withCockatiel,
  withPRetry,
  withRetried
} from "./promiseSubjects.ts"
import { silent } from "./subjects.ts"

/** Of each call: bytes, and microseconds until it waits. */
export interface Waiting {
  readonly bytes: number
  readonly start: number
}

const hour = 3_600_000
const waits = { initial: hour, max: hour, jitter: 0 }
const limits = { timeout: "1 day" } as const
const off = RetryPromise.make({ layer: Layer.mergeAll(silent, Stamina.layerHooks([])) })
const observed = RetryPromise.make({ layer: silent })

const overEffect: Way = (body) => {
  const retrying = Effect.tryPromise({ try: body, catch: (error) => error as { readonly message: string } }).pipe(
    Stamina.retry({ ...limits, on: () => true, waitInitial: hour, waitMax: hour, waitJitter: 0, hooks: [] })
  )
  return () => Effect.runPromise(retrying)
}

const subjects = {
  timer: () => () => new Promise<number>((resolve) => setTimeout(resolve, hour)),
  byHand: byHand(waits),
  pRetry: withPRetry(waits),
  cockatiel: withCockatiel(waits),
  asyncRetry: withAsyncRetry(waits),
  off: withRetried(waits, limits, off),
  observed: withRetried(waits, limits, observed),
  effect: overEffect
} satisfies Record<string, Way>

export type Subject = keyof typeof subjects

const [, , subject = "", count = ""] = process.argv
const call = subjects[subject as Subject](() => Promise.reject(networkError))

/** Long enough for every call to have failed and to wait. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 50))

const waiting = async (calls: number): Promise<Waiting> => {
  const all: Array<Promise<number>> = Array.from({ length: calls })
  const before = heapUsed()
  const started = performance.now()
  for (let i = 0; i < calls; i++) all[i] = call()
  // what a call does before it waits takes a few microtasks
  await new Promise(setImmediate)
  const start = performance.now() - started
  await settled()
  return { bytes: (heapUsed() - before) / all.length, start: start * 1000 / calls }
}

// warm: what is compiled and cached on the way is not what a call holds
for (let i = 0; i < 10; i++) {
  await waiting(100)
}
const result = await waiting(Number(count))
console.log(JSON.stringify(result))
// the timers of all these calls are still running
process.exit()
