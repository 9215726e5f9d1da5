/**
 * Many fibers asleep, in a process of their own: `waitingFibers.ts <subject> <fibers>`.
 */
import { RetryBudget, Stamina, staminaSchedule } from "effect-stamina"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { heapUsed } from "./kit/inChild.ts"
import { httpError, silent } from "./subjects.ts"

/** Of each fiber: bytes, and microseconds. */
export interface Asleep {
  readonly bytes: number
  readonly start: number
  readonly interrupt: number
}

const failing = Effect.fail(httpError)
const options = { on: "HttpError", name: "bench", waitInitial: "1 hour", waitMax: "1 hour", timeout: "1 day" } as const
const off = Stamina.layerHooks([])
// nothing ever succeeds, so all retries wait for a token, but for a probe every few seconds
const budget = RetryBudget.makeUnsafe({ refill: 0, maxWaiting: Infinity })

const silentOff = Layer.mergeAll(silent, off)

/** What is asleep, each with what is provided around it. */
const subjects = {
  sleep: { effect: Effect.sleep("1 hour"), layer: off },
  spaced: { effect: Effect.retry(failing, Schedule.spaced("1 hour")), layer: off },
  schedule: { effect: Effect.retry(failing, staminaSchedule(options)), layer: off },
  retry: { effect: Stamina.retry(failing, options), layer: off },
  deferred: { effect: Stamina.retry(failing, { ...options, waitInitial: 0, waitJitter: 0, budget }), layer: silentOff },
  observed: {
    effect: Stamina.retry(failing, options),
    layer: Layer.mergeAll(silent, Stamina.layerHooks(Stamina.defaultHooks))
  }
}

export type Subject = keyof typeof subjects

const [, , subject = "", count = ""] = process.argv
const { effect, layer } = subjects[subject as Subject]

/** Lets retries come to the budget, but for those that go as probes meanwhile. */
const waiting = (fibers: number) =>
  Effect.repeat(Effect.andThen(Effect.sleep("20 millis"), budget.state), {
    until: ({ waiting }) => waiting >= fibers - 10
  })

const asleep = (fibers: number) =>
  Effect.gen(function*() {
    // room for all, before the heap is looked at
    const all: Array<Fiber.Fiber<unknown, unknown>> = Array.from({ length: fibers })
    const before = heapUsed()
    const started = performance.now()
    for (let i = 0; i < fibers; i++) all[i] = yield* Effect.forkChild(effect, { startImmediately: true })
    const start = performance.now() - started
    if (subject === "deferred") yield* waiting(fibers)
    const bytes = (heapUsed() - before) / fibers
    const interrupted = performance.now()
    yield* Fiber.interruptAll(all)
    const interrupt = performance.now() - interrupted
    return { bytes, start: start * 1000 / fibers, interrupt: interrupt * 1000 / fibers }
  })

const program = Effect.gen(function*() {
  // warm: what is compiled and cached on the way is not what a fiber holds
  for (let i = 0; i < 10; i++) yield* asleep(1000)
  return yield* asleep(Number(count))
})

const result: Asleep = await Effect.runPromise(Effect.provide(program, layer))
console.log(JSON.stringify(result))
