/**
 * What users of p-retry find otherwise here, each row of the table "What moves with you" in docs/promises.md: what p-retry
 * does, and the way to do it here.
 */
import { describe, expect, it } from "@effect/vitest"
import { Option } from "effect"
import { Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import pRetry from "p-retry"

const quick = { waitInitial: 0, waitJitter: 0, hooks: [] } as const

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => expect.fail("it resolved"), (error: unknown) => error)

const down = () => Promise.reject(new Error("down"))

class Stop extends Error {}

describe("moving from p-retry", () => {
  it("finds `retriesLeft` as `attemptsLeft`, in the attempt and in hooks", async () => {
    const theirs: Array<number> = []
    await rejection(
      pRetry(down, { retries: 2, minTimeout: 0, onFailedAttempt: ({ retriesLeft }) => void theirs.push(retriesLeft) })
    )
    const [inAttempts, inHooks]: [Array<number>, Array<number>] = [[], []]
    const hook: Stamina.RetryHook = { onRetryScheduled: ({ attemptsLeft }) => void inHooks.push(attemptsLeft) }
    await rejection(RetryPromise.retry(({ attemptsLeft }) => {
      inAttempts.push(attemptsLeft)
      return down()
    }, { ...quick, on: "Error", attempts: 3, hooks: [hook] }))
    expect(theirs).toEqual([2, 1, 0])
    expect(inAttempts).toEqual(theirs)
    expect(inHooks).toEqual([2, 1])
  })

  it("has a time of 0 by one attempt, since a `timeout` is longer than 0", async () => {
    let calls = 0
    const counted = () => (calls++, down())
    await rejection(pRetry(counted, { maxRetryTime: 0, minTimeout: 0 }))
    expect(calls).toBe(1)
    await rejection(RetryPromise.retry(counted, { ...quick, on: "Error", attempts: 1 }))
    expect(calls).toBe(2)
    expect(await rejection(RetryPromise.retry(counted, { ...quick, on: "Error", timeout: 0 }))).toBeInstanceOf(
      RangeError
    )
  })

  it("ends a run by `on` in place of a hook that throws", async () => {
    const theirs = pRetry(down, {
      minTimeout: 0,
      onFailedAttempt: ({ attemptNumber }) => {
        if (attemptNumber === 2) throw new Stop("enough")
      }
    })
    expect(await rejection(theirs)).toEqual(new Stop("enough"))
    let calls = 0
    const on = (_: unknown, { num }: { readonly num: number }) => num < 2
    const error = await rejection(RetryPromise.retry(() => (calls++, down()), { ...quick, on }))
    expect([error, calls]).toEqual([new Error("down"), 2])
    // and with another error
    const other = RetryPromise.retry(down, { ...quick, on }).catch((error) => {
      throw new Stop("enough", { cause: error })
    })
    expect(await rejection(other)).toEqual(new Stop("enough", { cause: new Error("down") }))
  })

  it("makes an error of what is none inside the function, where that is wanted", async () => {
    const nothing = () => Promise.reject(undefined)
    expect(await rejection(pRetry(nothing, { retries: 1, minTimeout: 0 }))).toBeInstanceOf(TypeError)
    expect(await rejection(RetryPromise.retry(nothing, { ...quick, on: "Error" }))).toBeUndefined()
    const made = () => nothing().catch((cause: unknown) => Promise.reject(new Error("no error", { cause })))
    expect(await rejection(RetryPromise.retry(made, { ...quick, attempts: 2, on: "Error" }))).toEqual(
      new Error("no error")
    )
  })

  it("awaits a verdict inside the function, and throws an error that has a name", async () => {
    const isWorthIt = async (calls: number) => calls < 3
    let theirs = 0
    await rejection(pRetry(() => (theirs++, down()), { minTimeout: 0, shouldRetry: () => isWorthIt(theirs) }))
    let calls = 0
    await rejection(RetryPromise.retry(async () => {
      calls++
      try {
        return await down()
      } catch (error) {
        if (await isWorthIt(calls)) throw Object.assign(new Error("again", { cause: error }), { code: "WORTH_IT" })
        throw error
      }
    }, { ...quick, on: "WORTH_IT" }))
    expect([theirs, calls]).toEqual([3, 3])
  })

  it("leaves a process without waiting by a signal, in place of `unref`", async () => {
    const leaving = new AbortController()
    const before = process.getActiveResourcesInfo().length
    const promise = rejection(
      RetryPromise.retry(down, {
        on: "Error",
        waitInitial: "1 hour",
        waitMax: "1 hour",
        hooks: [],
        signal: leaving.signal
      })
    )
    await new Promise((resolve) => setImmediate(resolve))
    leaving.abort("leaving")
    expect(process.getActiveResourcesInfo()).toHaveLength(before)
    expect(await promise).toBe("leaving")
  })

  it("counts in `on` what counts, in place of `shouldConsumeRetry`", async () => {
    let calls = 0
    // what does not count is retried until the time is over, what counts stops at its third
    let counted = 0
    const on = (error: unknown) => error instanceof Stop ? ++counted < 3 : true
    const error = await rejection(
      RetryPromise.retry(() => Promise.reject(++calls % 2 === 0 ? new Stop("counts") : new Error("does not")), {
        ...quick,
        attempts: Infinity,
        on
      })
    )
    expect([error, calls]).toEqual([new Stop("counts"), 6])
  })
})

describe("the signal's reason", () => {
  const aborted = async (waitInitial: number) => {
    const controller = new AbortController()
    const error = new Error("down")
    const promise = rejection(RetryPromise.retry(({ num }) => {
      if (num === 3) return new Promise(() => setImmediate(() => controller.abort()))
      if (waitInitial > 0) setImmediate(() => controller.abort())
      return Promise.reject(error)
    }, { ...quick, waitInitial, waitMax: waitInitial, timeout: "2 days", on: "Error", signal: controller.signal }))
    return { error, reason: await promise, signal: controller.signal }
  }

  it.each([["in an attempt", 0, 3], ["in a wait", 86_400_000, 1]])(
    "leads to the last error, %s",
    async (_, wait, attempts) => {
      const { error, reason, signal } = await aborted(wait)
      expect(reason).toBe(signal.reason)
      const report = Option.getOrThrow(Stamina.report(reason))
      expect([report.reason, report.attempts, report.history.at(-1)?.error]).toEqual(["Interrupted", attempts, error])
    }
  )
})
