/**
 * What runs in every runtime: `scripts/runtimes.ts` runs it in each. It imports nothing but the packages, and ends with one
 * line. The entry points of the packages are its arguments, where there are any: in a browser there are none.
 */
import { Data, Effect, Logger, Option, Schema } from "effect"
import { RetryBudget, RetryPolicy, Stamina, staminaSchedule } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"

class Refused extends Data.TaggedError("Refused")<{ readonly call: number }> {}

const equal = (actual: unknown, expected: unknown, what: string): void => {
  if (actual !== expected) throw new Error(`${what}: ${actual} in place of ${expected}`)
}

const policy = Schema.decodeUnknownSync(RetryPolicy.Schema)({ attempts: 4, waitInitial: "5 millis", waitJitter: 0 })
const options = { ...policy, on: "Refused" } as const

/** An effect that succeeds at its third call, with the number of calls. */
const flaky = () => {
  let calls = 0
  return Effect.suspend(() => ++calls < 3 ? Effect.fail(new Refused({ call: calls })) : Effect.succeed(calls))
}
/** Runs an effect with the default hooks, and without loggers. */
const quietly = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect.pipe(Effect.provide(Logger.layer([]))))

// a wait is real here: two of them, of 5 and 10 ms
const start = Date.now()
equal(await quietly(flaky().pipe(Stamina.retry(options))), 3, "Stamina.retry")
if (Date.now() - start < 12) throw new Error("Stamina.retry has not waited")
equal(await quietly(flaky().pipe(Effect.retry(($) => $(staminaSchedule(options))))), 3, "staminaSchedule")

const budget = RetryBudget.makeUnsafe({ capacity: 1, whenEmpty: "refuse" })
const error = await quietly(flaky().pipe(Stamina.retry({ ...options, budget }), Effect.flip))
equal(error instanceof Refused && error.call, 2, "RetryBudget")
const report = Option.getOrThrow(Stamina.report(error))
equal(report.reason, "BudgetExhausted", "Stamina.report")

const late = await quietly(Effect.never.pipe(Stamina.withDeadline("10 millis"), Effect.flip))
equal(late._tag, "DeadlineExceeded", "Stamina.withDeadline")

/** Rejects as soon as it is aborted, as `fetch` does. */
const hang = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))

const promises = RetryPromise.make({ layer: Logger.layer([]) })
let calls = 0
const failing = async () => {
  if (++calls < 3) throw Object.assign(new Error("reset"), { code: "ECONNRESET" })
  return calls
}
equal(await promises.retry(failing, { ...policy, on: "ECONNRESET" }), 3, "RetryPromise.retry")

// an attempt that is broken off, under a signal that is not aborted
const { signal } = new AbortController()
const slow = promises.retry((attempt) => attempt.num === 1 ? hang(attempt.signal) : Promise.resolve("second"), {
  ...policy,
  on: "ECONNRESET",
  attemptTimeout: "10 millis",
  signal
})
equal(await slow, "second", "attemptTimeout")

// a call that is aborted
const gone = new AbortController()
const aborted = promises.retry((attempt) => hang(attempt.signal), { on: "ECONNRESET", signal: gone.signal })
setTimeout(() => gone.abort("gone"), 10)
equal(await aborted.catch((reason: unknown) => reason), "gone", "signal")
await promises.dispose()

const entries = "process" in globalThis ? process.argv.slice(2) : []
for (const entry of entries) await import(entry)
console.log(`${entries.length} entry points`)
