/**
 * (h) Promises: the same policy by this library, by p-retry, cockatiel and async-retry, and by hand.
 */
import { RetryBudget, Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Result } from "./kit/result.ts"
import { sampleAsync, sampleColumns, sampleRatio, sampleRows } from "./kit/sampling.ts"
import { type Body, byHand, byHandUntimed, networkError, type Way } from "./promiseSubjects.ts"
import * as subjects from "./promiseSubjects.ts"
import { silent } from "./subjects.ts"

const one = { initial: 100, max: 5000, jitter: 1000 }
const none = { initial: 0, max: 0, jitter: 0 }

/** Makes a call many times over, one after the other. */
const run = (calls: number, call: () => Promise<number>) => async () => {
  for (let i = 0; i < calls; i++) await call()
}

let made = 0
const succeeding: Body = async () => ++made

const success = async (): Promise<Result> => {
  const calls = 1000
  const signal = new AbortController().signal
  const samples = await sampleAsync({
    bare: run(calls, succeeding),
    untimed: run(calls, byHandUntimed(one)(succeeding)),
    byHand: run(calls, byHand(one)(succeeding)),
    pRetry: run(calls, subjects.withPRetry(one)(succeeding)),
    cockatiel: run(calls, subjects.withCockatiel(one)(succeeding)),
    asyncRetry: run(calls, subjects.withAsyncRetry(one)(succeeding)),
    retried: run(calls, subjects.withRetried(one)(succeeding)),
    budget: run(calls, subjects.withRetried(one, { budget: RetryBudget.makeUnsafe() })(succeeding)),
    retryFew: run(calls, subjects.withFewOptions(succeeding)),
    retry: run(calls, subjects.withRetry(one)(succeeding)),
    signal: run(calls, subjects.withSignal(one, signal)(succeeding)),
    pRetrySignal: run(calls, subjects.withPRetry(one, signal)(succeeding)),
    effect: run(calls, () => Effect.runPromise(overEffect))
  }, { calls })
  const fastest = (round: Readonly<Record<"untimed" | "pRetry" | "cockatiel" | "asyncRetry", number>>) =>
    Math.min(round.untimed, round.pRetry, round.cockatiel, round.asyncRetry)
  return {
    title: "A promise that resolves at once",
    about: "Nanoseconds per call, the `await` around it included.",
    columns: sampleColumns,
    rows: sampleRows(samples, {
      bare: "the bare `async` function",
      untimed: "a loop by hand without a limit in time",
      byHand: "a loop by hand with the limit of 45 s",
      pRetry: "p-retry 9",
      cockatiel: "cockatiel 4, a policy made once",
      asyncRetry: "async-retry 1.3",
      retried: "`RetryPromise.retried`",
      budget: "`RetryPromise.retried` with a budget",
      retryFew: "`RetryPromise.retry`, one option, checked for each call",
      retry: "`RetryPromise.retry`, four options, checked for each call",
      signal: "`RetryPromise.retried` with a signal",
      pRetrySignal: "p-retry 9 with a signal",
      effect: "`Effect.runPromise` of `Stamina.retry`"
    }),
    ratios: [
      sampleRatio(
        samples,
        "`RetryPromise.retried` / the fastest of p-retry, cockatiel, async-retry and both loops",
        (round) => round.retried / fastest(round),
        1.5
      ),
      sampleRatio(samples, "`RetryPromise.retried` / cockatiel", (round) => round.retried / round.cockatiel, 1),
      sampleRatio(samples, "`RetryPromise.retried` / the loop with a limit", (round) => round.retried / round.byHand),
      sampleRatio(samples, "`RetryPromise.retry`, four options / p-retry", (round) => round.retry / round.pRetry),
      sampleRatio(samples, "nanoseconds that a budget adds", (round) => round.budget - round.retried, 30)
    ]
  }
}

const overEffect = Effect.tryPromise({ try: succeeding, catch: (error) => error as { readonly message: string } }).pipe(
  Stamina.retry({ on: () => true })
)

const retries = async (): Promise<Result> => {
  const calls = 100
  const off = RetryPromise.make({ layer: Layer.mergeAll(silent, Stamina.layerHooks([])) })
  const observed = RetryPromise.make({ layer: silent })
  /** Fails nine times and succeeds the tenth, over and over. */
  const flaky = (): Body => {
    let attempts = 0
    return async () => {
      if (++attempts % 10 !== 0) throw networkError
      return attempts
    }
  }
  const nine = (way: Way) => run(calls, way(flaky()))
  const samples = await sampleAsync({
    byHand: nine(byHand(none)),
    pRetry: nine(subjects.withPRetry(none)),
    cockatiel: nine(subjects.withCockatiel(none)),
    asyncRetry: nine(subjects.withAsyncRetry(none)),
    off: nine(subjects.withRetried(none, {}, off)),
    observed: nine(subjects.withRetried(none, {}, observed))
  }, { calls: calls * 9, rounds: 20, runs: 3 })
  await Promise.all([off.dispose(), observed.dispose()])
  return {
    title: "A promise that rejects nine times, zero waits",
    about: "Nanoseconds per retry, the failed attempt included. The logger writes nothing.",
    columns: sampleColumns,
    rows: sampleRows(samples, {
      byHand: "a loop by hand with the limit of 45 s",
      pRetry: "p-retry 9",
      cockatiel: "cockatiel 4",
      asyncRetry: "async-retry 1.3",
      off: "`RetryPromise.retried`, hooks off",
      observed: "`RetryPromise.retried`, default hooks"
    }),
    ratios: [
      sampleRatio(samples, "`RetryPromise.retried`, hooks off / cockatiel", (round) => round.off / round.cockatiel),
      sampleRatio(samples, "`RetryPromise.retried`, hooks off / p-retry", (round) => round.off / round.pRetry),
      sampleRatio(samples, "`RetryPromise.retried`, hooks off / by hand", (round) => round.off / round.byHand)
    ]
  }
}

console.log(JSON.stringify([await success(), await retries()]))
