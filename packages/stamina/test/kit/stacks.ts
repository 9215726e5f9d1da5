/**
 * Whether the stack of an error shows who called, from each attempt and in each way: as a loop by hand shows it in the same
 * runtime. `test/promise/stacks.test.ts` looks in Node.js, and `scripts/runtimes.ts` in each runtime.
 */
import { Context, Logger } from "effect"
import * as RetryPromise from "effect-stamina/RetryPromise"

const functions = RetryPromise.fromContext(Context.make(Logger.CurrentLoggers, new Set<never>()))
const managed = RetryPromise.make({ layer: Logger.layer([]) })
const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 1))
const options = { on: "Error", attempts: 3, waitInitial: 1, waitJitter: 0 } as const
const { signal } = new AbortController()

type Attempt = () => Promise<never>

const byHand = async (attempt: Attempt) => {
  for (let num = 1;; num++) {
    try {
      return await attempt()
    } catch (error) {
      if (num === 3) throw error
      await tick()
    }
  }
}

const ways: Readonly<Record<string, (attempt: Attempt) => Promise<unknown>>> = {
  retry: (attempt) => RetryPromise.retry(attempt, { ...options, hooks: [] }),
  "retry without waits": (attempt) => RetryPromise.retry(attempt, { ...options, hooks: [], waitInitial: 0 }),
  "the default hooks": (attempt) => functions.retry(attempt, options),
  retried: (attempt) => functions.retried(options)(attempt)(),
  attemptTimeout: (attempt) => functions.retry(attempt, { ...options, attemptTimeout: "1 minute" }),
  "a signal": (attempt) => functions.retry(attempt, { ...options, signal }),
  spans: (attempt) => functions.retry(attempt, { ...options, spans: true }),
  "a runtime": (attempt) => managed.retry(attempt, options)
}

/** Which of the functions around a failing attempt its stack shows. */
const shown = async (way: (attempt: Attempt) => Promise<unknown>, failing: number, isLate: boolean) => {
  let calls = 0
  const attempt = async (): Promise<never> => {
    calls++
    if (isLate) await tick()
    // the last one is not retried, whatever is left
    throw calls === failing ? Object.assign(new Error("boom"), { name: "Boom" }) : new Error("boom")
  }
  async function userHandlerFunction() {
    return await way(attempt)
  }
  async function outerHandlerFunction() {
    await userHandlerFunction()
  }
  const { stack }: { stack: string } = await outerHandlerFunction().catch((error) => error)
  return (stack.match(/(?:userHandler|outerHandler)Function/g) ?? []).join(", ")
}

/** The ways whose stacks show less than those of a loop by hand. */
export const problems = async (): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  for (const isLate of [false, true]) {
    // by hand every error is retried: what is shown of the third attempt is shown of the others
    const expected = await shown(byHand, 4, isLate)
    if (expected === "") found.push("a loop by hand shows nothing")
    for (const [name, way] of Object.entries(ways)) {
      for (const failing of [1, 2, 3]) {
        const actual = await shown(way, failing, isLate)
        if (actual !== expected) found.push(`${name}, attempt ${failing}, ${isLate ? "late" : "at once"}: "${actual}"`)
      }
    }
  }
  await managed.dispose()
  return found
}
