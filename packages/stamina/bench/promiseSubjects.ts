/**
 * Retries of promises, as this library and others have them, each with the same policy: ten calls in all, waits from 100 ms
 * that double up to 5 s, with up to a second of jitter where the library can, no later than 45 s after the start where it
 * can, and only network errors.
 */
import retryAsync from "async-retry"
import { ExponentialBackoff, handleWhen, retry as cockatielRetry } from "cockatiel"
import * as RetryPromise from "effect-stamina/RetryPromise"
import pRetry from "p-retry"

/** One error for all, since the stack trace of a new one would outweigh everything else. */
export const networkError: Error = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })

const isNetworkError = (error: unknown): boolean => error === networkError

/** A function that is to be retried. */
export type Body = () => Promise<number>

/** A way to retry: it is made once for a function, and then called. */
export type Way = (body: Body) => () => Promise<number>

interface Waits {
  readonly initial: number
  readonly max: number
  readonly jitter: number
}

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** What people write who want no library. */
export const byHand = ({ initial, jitter, max }: Waits, start = () => performance.now()): Way => (body) => async () => {
  const began = start()
  for (let attempt = 1;; attempt++) {
    try {
      return await body()
    } catch (error) {
      if (!isNetworkError(error) || attempt >= 10 || start() - began >= 45_000) throw error
      const wait = Math.min(max, initial * 2 ** (attempt - 1) + Math.random() * jitter)
      if (wait > 0) await sleep(wait)
    }
  }
}

/** The same without a limit in time, and so without a clock. */
export const byHandUntimed = (waits: Waits): Way => byHand(waits, () => 0)

export const withPRetry = ({ initial, max }: Waits, signal?: AbortSignal): Way => (body) => () =>
  pRetry(body, {
    signal,
    retries: 9,
    minTimeout: initial,
    maxTimeout: max,
    maxRetryTime: 45_000,
    randomize: true,
    shouldRetry: ({ error }) => isNetworkError(error)
  })

export const withAsyncRetry = ({ initial, max }: Waits): Way => (body) => () =>
  retryAsync(async (bail) => {
    try {
      return await body()
    } catch (error) {
      if (!isNetworkError(error)) bail(networkError)
      throw error
    }
  }, { retries: 9, minTimeout: initial, maxTimeout: max, maxRetryTime: 45_000, randomize: true })

export const withCockatiel = ({ initial, max }: Waits): Way => {
  const policy = cockatielRetry(handleWhen(isNetworkError), {
    maxAttempts: 9,
    backoff: new ExponentialBackoff({ initialDelay: initial, maxDelay: max })
  })
  return (body) => () => policy.execute(body)
}

const optionsOf = ({ initial, jitter, max }: Waits): RetryPromise.PromiseOptions => ({
  on: "ECONNRESET",
  waitInitial: initial,
  waitMax: max,
  waitJitter: jitter,
  name: "bench"
})

/** Options that are checked once. */
export const withRetried = (
  waits: Waits,
  options: Partial<RetryPromise.PromiseOptions> = {},
  { retried }: RetryPromise.RetryPromise = RetryPromise
): Way =>
(body) => retried(body, { ...optionsOf(waits), ...options })

/** The same with a signal for each call. */
export const withSignal = (waits: Waits, signal: AbortSignal): Way => (body) =>
  RetryPromise.retried(body, { ...optionsOf(waits), signal: () => signal })

/** Options that are made and checked for each call. */
export const withRetry = ({ initial, jitter, max }: Waits): Way => (body) => () =>
  RetryPromise.retry(body, { on: "ECONNRESET", waitInitial: initial, waitMax: max, waitJitter: jitter })

/** One option, made and checked for each call. */
export const withFewOptions: Way = (body) => () => RetryPromise.retry(body, { on: "ECONNRESET" })
