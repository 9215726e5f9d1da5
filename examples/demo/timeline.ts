/**
 * What happened in a call, measured and printed as it happens.
 */
import { Clock, Console, Duration, Effect, Exit } from "effect"
import type { RetryPolicy } from "effect-stamina"
import { styleText } from "node:util"
import { type CallError, describe } from "./client.ts"

/** An attempt that was made. Times are milliseconds since the timeline began. */
export interface Made {
  readonly began: number
  readonly ended: number
  /** `"ok"`, or the failure in one word. */
  readonly word: string
  readonly error: CallError | undefined
}

/** What a call leaves behind. */
export interface Watched {
  readonly attempts: ReadonlyArray<Made>
  /** The waits that the library announced, in milliseconds. */
  readonly waits: ReadonlyArray<number>
}

/** Watches one call: wrap each attempt, and report each wait before it begins. */
export interface Watch extends Watched {
  readonly attempt: <A, R>(self: Effect.Effect<A, CallError, R>) => Effect.Effect<A, CallError, R>
  readonly wait: (wait: { readonly retryNum: number; readonly waitFor: Duration.Duration }) => Effect.Effect<void>
}

export interface Timeline {
  readonly watch: (title: string, subtitle: string, policy: RetryPolicy.RetryPolicy) => Effect.Effect<Watch>
  /** Something else that happened. */
  readonly note: (text: string) => Effect.Effect<void>
  /** Milliseconds since the timeline began. */
  readonly now: Effect.Effect<number>
}

/** Begins a timeline. */
export const make: Effect.Effect<Timeline> = Effect.gen(function*() {
  const zero = yield* Clock.monotonicTimeNanos
  const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos - zero) / 1_000_000)
  return {
    now,
    note: (text) => Effect.flatMap(now, (at) => Console.log(`${stamp(at)}  ${paint("cyan", text)}`)),
    watch: Effect.fnUntraced(function*(title, subtitle, policy) {
      yield* Console.log(`\n${paint("bold", title)}\n${paint("dim", subtitle)}`)
      const attempts: Array<Made> = []
      const waits: Array<number> = []
      return {
        attempts,
        waits,
        attempt: (self) =>
          Effect.gen(function*() {
            const began = yield* now
            const exit = yield* Effect.exit(self)
            const ended = yield* now
            const error = failureOf(exit)
            const { line, word } = error === undefined ? { word: "ok", line: "200 OK" } : describe(error)
            attempts.push({ began, ended, word, error })
            const verdict = error === undefined ? paint("green", `✓ ${line}`) : paint("red", `✗ ${line}`)
            yield* Console.log(`${stamp(began)}  attempt ${attempts.length}  ${verdict}  ${millis(ended - began)}`)
            return yield* exit
          }),
        wait: ({ retryNum, waitFor }) => {
          const wait = Duration.toMillis(waitFor)
          waits.push(wait)
          return Console.log(
            `${" ".repeat(9)}  wait ${retryNum}     ${bar(wait, bounds(policy, retryNum)[0])}  ${millis(wait)}`
          )
        }
      }
    })
  }
})

/** The shortest and the longest wait before a retry, by the formula in the README and not by the library's own code. */
export const bounds = (policy: RetryPolicy.RetryPolicy, retryNum: number): readonly [number, number] => {
  const { waitJitter } = policy
  const max = Duration.toMillis(policy.waitMax)
  const exponential = Math.min(max, Duration.toMillis(policy.waitInitial) * policy.waitExpBase ** (retryNum - 1))
  if (typeof waitJitter !== "string") return [exponential, Math.min(max, exponential + Duration.toMillis(waitJitter))]
  const part = Number.parseFloat(waitJitter) / 100
  return [exponential * (1 - part), Math.min(max, exponential * (1 + part))]
}

/** Colours the text, but only where a person looks at it. */
export const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  styleText(style, text, { stream: process.stdout })

export const millis = (ms: number): string => paint("dim", `${Math.round(ms)} ms`)

const millisPerColumn = 12
const solid = (columns: number): string => paint("yellow", "█".repeat(columns))
const light = (columns: number): string => paint("yellow", "░".repeat(Math.max(0, columns)))

/** How to read the bars. */
export const legend = `${solid(1)} exponential wait, ${light(1)} its jitter; one column is ${millisPerColumn} ms`

/** A bar as long as the wait: solid what the formula asks for, light what jitter added. */
const bar = (wait: number, withoutJitter: number): string => {
  const columns = Math.round(withoutJitter / millisPerColumn)
  return solid(columns) + light(Math.round(wait / millisPerColumn) - columns)
}

const stamp = (ms: number): string => `${(ms / 1000).toFixed(3).padStart(7)} s`

const failureOf = <A>(exit: Exit.Exit<A, CallError>): CallError | undefined => {
  const reason = Exit.isFailure(exit) ? exit.cause.reasons[0] : undefined
  return reason?._tag === "Fail" ? reason.error : undefined
}
