/**
 * Did everything go as told? Each check compares what was measured with what was promised.
 */
import { Exit } from "effect"
import type { Call } from "./calls.ts"
import type { CallError } from "./client.ts"
import type { Server } from "./server.ts"
import { bounds, type Watched } from "./timeline.ts"

/** A call, and what came of it. */
export interface Done extends Watched {
  readonly call: Call
  readonly exit: Exit.Exit<string, CallError>
}

export interface Check {
  readonly what: string
  readonly passed: boolean
  /** What was measured. */
  readonly got: unknown
}

/** A timer may fire a little early, and on a busy machine a good deal late. */
const early = 2
const late = 1_000
/** Durations are kept in whole nanoseconds. */
const rounding = 0.001

export const checks = (done: ReadonlyArray<Done>, server: Server): ReadonlyArray<Check> => {
  const arrivals = done.flatMap(({ call }) =>
    call.expected.filter((word) => word !== "refused").map((mood) => `${call.path} ${mood}`)
  )
  const seen = server.seen.map(({ mood, path }) => `${path} ${mood}`)
  const waits = done.flatMap((one) =>
    one.waits.map((wait, i) => {
      const [shortest, longest] = bounds(one.call.policy, i + 1)
      return { wait, shortest, longest, slept: (one.attempts[i + 1]?.began ?? NaN) - (one.attempts[i]?.ended ?? NaN) }
    })
  )
  const hangs = done.flatMap(({ call }) => call.expected).filter((word) => word === "hang").length
  const headers = server.seen.flatMap(({ attempt }) => attempt === undefined ? [] : [attempt])
  return [
    equal(`the server saw exactly ${arrivals.length} requests, in the order told`, seen, arrivals),
    ...done.map(({ attempts, call }) =>
      equal(`${call.path}: ${call.expected.join(", ")}`, attempts.map(({ word }) => word), call.expected)
    ),
    equal(
      "one wait between every two attempts",
      done.map((one) => one.waits.length),
      done.map((one) => one.call.expected.length - 1)
    ),
    {
      what: "every wait lies within the formula's bounds",
      passed: waits.every(({ longest, shortest, wait }) => wait >= shortest - rounding && wait <= longest + rounding),
      got: waits
    },
    {
      what: "every wait was really waited",
      passed: waits.every(({ slept, wait }) => slept >= wait - early && slept <= wait + late),
      got: waits
    },
    equal(
      "jitter made the waits of equal calls differ",
      new Set(waits.map(({ wait }) => wait)).size > waits.length / 2,
      true
    ),
    {
      what: "a call that recovers succeeds, and one that does not fails with its last error, the very object",
      passed: done.every(({ attempts, call, exit }) =>
        call.expected.at(-1) === "ok" ? Exit.isSuccess(exit) : lastError(exit) === attempts.at(-1)?.error
      ),
      got: done.map(({ exit }) => exit)
    },
    equal("retryContext told the server its attempts: 1, 2, 3", headers, ["1", "2", "3"]),
    equal(`${hangs} hanging requests were broken off by the client`, server.hungUp(), hangs),
    equal("sockets left open: 0", server.openSockets(), 0)
  ]
}

export const equal = (what: string, got: unknown, wanted: unknown): Check => ({
  what,
  passed: JSON.stringify(got) === JSON.stringify(wanted),
  got
})

const lastError = (exit: Exit.Exit<string, CallError>): unknown =>
  Exit.isFailure(exit) && exit.cause.reasons[0]?._tag === "Fail" ? exit.cause.reasons[0].error : "no failure"
